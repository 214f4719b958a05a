#!/bin/sh
# SPDX-License-Identifier: ISC
#
# regress/data/faults: each test it names is there, and is run.

TOP=$(cd "$(dirname "$0")" && until [ -d filter ] || [ "$PWD" = / ]; do
    cd ..; done && pwd)
. "$TOP/regress/bed/tap.sh"

tab=$(printf '\t')
grep -v '^#' "$TOP/regress/data/faults" | grep . >"${TMPDIR:-/tmp}/faults.$$"
trap 'rm -f "${TMPDIR:-/tmp}/faults.$$"' EXIT
while IFS="$tab" read -r fault file words; do
	run=$file
	case $file in
	unit/unit-net.c)	run=t/net.t;;
	unit/unit-resolve.c)	run=t/resolve.t;;
	unit/*)			run=t/$(basename "$file" .c).t;;
	tool/report-check.py)	run=t/report-send.t;;
	esac
	if [ -f "$TOP/regress/$run" ] && [ -n "$words" ] &&
	    grep -qF -e "$words" "$TOP/regress/$file"; then
		ok 0 "$fault"
	else
		ok 1 "$fault: '$words' in $file"
	fi
done <"${TMPDIR:-/tmp}/faults.$$"
finish
