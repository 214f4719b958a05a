#!/bin/sh
# The examples of sgectl(8) are what sgectl prints of stored data.  To write
# them anew: sh regress/data/sgectl/examples NEW <man/sgectl.8; cp NEW man/sgectl.8
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
out=$(mktemp "${TMPDIR:-/tmp}/sge-man.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
page=$here/../man/sgectl.8

sh "$here/data/sgectl/examples" "$out" <"$page"
is $? 0 "the examples were run"
# "$ sgectl" begins a line only in an example.
n=$(grep -c '^\$ sgectl' "$page")
[ "$n" -ge 18 ]
ok $? "there are $n"
if cmp -s "$out" "$page"; then
	ok 0 "they print what the page shows"
else
	ok 1 "they print what the page shows"
	diff "$page" "$out" | head -n 60 | sed 's/^/#   /'
fi
# Each command of the table has its part in the page.
missing=
for words in $("$here/../reporter/sgectl" 2>&1 |
    sed -n 's/^	\([a-z]*\)\( [a-z]*\)*.*/\1/p' | sort -u); do
	grep -q "^\.It Cm $words" "$page" || missing="$missing $words"
done
is "$missing" "" "no command is missing"
lines=$("$here/../reporter/sgectl" 2>&1 | grep -c '^	')
is "$(grep -c '^\.It Cm' "$page")" "$lines" "each has its item ($lines)"
# JSON has one object a line, and mdoc's own lines are not shown as they are.
is "$(grep -v '^[.{]' "$page" | awk 'length > 80' | head -n 3)" "" "80 columns"
if command -v mandoc >/dev/null; then
	# Whether other pages are installed is no matter of this one.
	is "$(mandoc -T lint "$page" 2>&1 | grep -v -e 'not found: Xr' \
	    -e 'outdated mandoc.db')" "" "mandoc -T lint is silent"
fi
finish
