#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What the fuzzers begin with, and what they found, read under the address and
# undefined behaviour sanitizers by every target of regress/fuzz.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
cd "$TOP" || exit 1
out=$(sh regress/fuzz/run -r 2>&1)
is $? 0 "every corpus is read without a finding" ||
    printf '%s\n' "$out" | tail -n 40 | sed 's/^/# /'
is "$(printf '%s\n' "$out" | grep -c '^[1-9][0-9]* inputs$')" \
    "$(find regress/fuzz -name 'target-*.c' | wc -l | tr -d ' ')" \
    "of each target"
finish
