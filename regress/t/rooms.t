#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Every file includes only what its room may, and rooms.sh sees what does not.
cd "$(dirname "$0")/../.." || exit 1
. regress/bed/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# rooms [DIR]: what it prints, and how it exits.
rooms()
{
	out=$(sh regress/rooms.sh "$@" 2>&1)
	echo "$out $?"
}

is "$(rooms)" " 0" "this tree"

# A small one, of the same table.
mkdir -p "$dir/filter/base" "$dir/reporter/net" "$dir/reporter/store"
cp reporter/HACKING "$dir/reporter"
echo '#include "base/log.h"' >"$dir/reporter/net/good.c"
is "$(rooms "$dir")" " 0" "one that is right"
echo '#include "store/store.h"' >"$dir/reporter/net/wall.c"
is "$(rooms "$dir")" \
    "reporter/net/wall.c:1: reporter/net may not include store/store.h 1" \
    "an include against the rule"
rm "$dir/reporter/net/wall.c"
echo '#include "good.h"' >"$dir/reporter/net/bare.c"
is "$(rooms "$dir")" \
    "reporter/net/bare.c:1: name the room of good.h 1" \
    "an include that names no room"
rm "$dir/reporter/net/bare.c"
echo 'const char *q = "SELECT 1";' >"$dir/reporter/net/sql.c"
echo 'const char *q = "SELECT 1";' >"$dir/reporter/store/sql.c"
is "$(rooms "$dir")" \
    "reporter/net/sql.c:1: SQL outside reporter/store and fleet 1" \
    "SQL outside the store"
rm "$dir/reporter/net/sql.c"
mkdir "$dir/reporter/attic"
echo >"$dir/reporter/attic/x.c"
is "$(rooms "$dir")" \
    "reporter/attic/x.c: no room of the table 1" "a room of no table"
rm -r "$dir/reporter/attic" "$dir/reporter/net/good.c"
is "$(rooms "$dir")" "rooms: nothing to look at 1" \
    "no include at all"
rm "$dir/reporter/HACKING"
is "$(rooms "$dir")" \
    "rooms: no reporter/HACKING here 1" "no table"
finish
