#!/bin/sh
# SPDX-License-Identifier: ISC
#
# circles.sh [DIR]: which object files of a built tree need each other in a
# circle, so that none of them can be read, or tested, without the others.
# Prints their names and exits 1; also where there is nothing to look at.
cd "${1:-$(dirname "$0")/..}" || exit 1

objects=
for c in filter/*.c filter/*/*.c reporter/*.c reporter/*/*.c; do
	if ! test -f "${c%.c}.o"; then
		echo "circles: $c is not built" >&2
		exit 1
	fi
	objects="$objects ${c%.c}.o"
done

# Pairs: an object, and one that defines what it uses.
pairs=$(nm -A -P -g $objects | awk '
{ sub(/:$/, "", $1) }
$3 == "U" { n++; user[n] = $1; name[n] = $2 }
$3 != "U" && $2 != "main" { home[$2] = $1 }
END {
	for (i = 1; i <= n; i++)
		if (name[i] in home && home[name[i]] != user[i] &&
		    !seen[user[i], home[name[i]]]++)
			print user[i], home[name[i]]
}')
if [ -z "$pairs" ]; then
	echo "circles: no object uses another: is this a built tree?" >&2
	exit 1
fi
# What goes round is said on standard error; not every tsort(1) fails then.
round=$(printf '%s\n' "$pairs" | tsort 2>&1 >/dev/null | sed 's/^tsort: //')
if [ -n "$round" ]; then
	printf '%s\n' "$round"
	exit 1
fi
