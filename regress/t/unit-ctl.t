#!/bin/sh
d=$(dirname "$0")/..
clock=$(mktemp "${TMPDIR:-/tmp}/sge-clock.XXXXXX") || exit 1
trap 'rm -f "$clock"' EXIT
${CC:-cc} -shared -fPIC -o "$clock" "$d/tool/clock.c" || exit 1
SGE_HURRY=1 SGE_CLOCK_AHEAD=0 LD_PRELOAD="$clock" \
    "${REGRESS_BIN:-$d/bin}/unit-ctl"
