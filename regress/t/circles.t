#!/bin/sh
# SPDX-License-Identifier: ISC
#
# No object file of ours is in a circle with others; and circles.sh would say
# so if one were.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
CIRCLES=$TOP/regress/circles.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# build NAME TEXT: an object of that C text, below the folder.
build()
{
	printf '%s\n' "$2" >"$dir/$1.c"
	cc -c -o "$dir/$1.o" "$dir/$1.c"
}

check "no object of ours is in a circle" sh "$CIRCLES" "$TOP"

mkdir -p "$dir/filter/base" "$dir/reporter/lib"
out=$(sh "$CIRCLES" "$dir" 2>&1)
is $? 1 "a tree without objects fails"
like "$out" "*is not built*" "and says why"

build filter/main "int up(void); int main(void) { return up(); }"
build filter/base/up "int down(void); int up(void) { return down(); }"
build reporter/sged "int up(void); int main(void) { return up(); }"
build reporter/lib/down "int down(void) { return 1; }"
out=$(sh "$CIRCLES" "$dir" 2>&1)
is "$? $out" "0 " "objects that stand on each other pass"

build reporter/lib/down "int up(void); int down(void) { return up(); }"
out=$(sh "$CIRCLES" "$dir" 2>&1)
is $? 1 "two that need each other do not"
like "$out" "*filter/base/up.o*" "the one is named"
like "$out" "*reporter/lib/down.o*" "and the other"

rm "$dir/reporter/lib/down.o"
out=$(sh "$CIRCLES" "$dir" 2>&1)
is $? 1 "nor a tree that is half built"
finish
