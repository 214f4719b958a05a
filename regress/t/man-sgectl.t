#!/bin/sh
# The examples of sgectl-examples(7) are what sgectl prints of stored data.  To write
# them anew: sh regress/data/sgectl/examples NEW <man/sgectl-examples.7, and cp.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
out=$(mktemp "${TMPDIR:-/tmp}/sge-man.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
page=$here/../man/sgectl-examples.7

sh "$here/data/sgectl/examples" "$out" <"$page"
is $? 0 "the examples were run"
# "$ sgectl" and "# sgectl" begin a line only in an example.
n=$(grep -c '^[$#] sgectl' "$page")
[ "$n" -ge 18 ]
ok $? "there are $n"
if cmp -s "$out" "$page"; then
	ok 0 "they print what the page shows"
else
	ok 1 "they print what the page shows"
	diff "$page" "$out" | head -n 60 | sed 's/^/#   /'
fi
# Each command of the table has its part in sgectl(8).
shown=$page
page=$here/../man/sgectl.8
missing=
for words in $("$here/../reporter/sgectl" 2>&1 |
    sed -n 's/^	\([a-z]*\)\( [a-z]*\)*.*/\1/p' | sort -u); do
	grep -q "^\.It Cm $words" "$page" || missing="$missing $words"
done
is "$missing" "" "no command is missing"
lines=$("$here/../reporter/sgectl" 2>&1 | grep -c '^	')
is "$(grep -c '^\.It Cm' "$page")" "$lines" "each has its item ($lines)"
# And its line of help; the shells know them all.
sgectl=$here/../reporter/sgectl
told=0
for words in $("$sgectl" help | sed -n 's/^	\([a-z]*\).*/\1/p' |
    LC_ALL=C sort -u); do
	is "$("$sgectl" help "$words" | awk '/^usage:/ { u++ } /^	/ { w++ }
	    END { print u - w }')" 0 "help $words"
	told=$((told + $("$sgectl" help "$words" | grep -c '^usage:')))
done
is $told "$lines" "each once"
"$sgectl" help nothing >/dev/null 2>&1
is $? 1 "help of no command"
# complete SHELL-WORD...: what bash offers for the last of them.
complete()
{
	"$sgectl" help -s bash >"$out"
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
	    _sgectl; echo "${COMPREPLY[@]}"' bash "$out" "$@"
}
if command -v bash >/dev/null; then
	is "$(complete sgectl sh)" show "bash completes a command"
	is "$(complete sgectl -f x check '')" "record domain config" \
	    "behind options the second word"
	is "$(complete sgectl test from a@b.nz '')" \
	    "-f -j -p -v from to from-address helo tls" "and words of one"
	is "$(complete sgectl show cleartext -m x -)" \
	    "-f -j -p -v -d -D -H -c -n -m" "then the command's options"
fi
"$sgectl" help -s ksh >"$out"
is "$(sed 's/ -- .*//' "$out")" "set -A complete_sgectl_1
set -A complete_sgectl_2" "ksh has both words"
like "$(cat "$out")" "*_1 -- show*digest*_2 -- status flow*config" "and all"
for ksh in oksh loksh mksh; do
	command -v $ksh >/dev/null || continue
	is "$($ksh -c '. "$1"; echo "${complete_sgectl_1[0]}"' $ksh "$out")" \
	    show "$ksh takes it"
done
# JSON has one object a line, and mdoc's own lines are not shown as they are.
is "$(grep -hv '^[.{]' "$page" "$shown" | awk 'length > 80' | head -n 3)" "" "80 columns"
if command -v mandoc >/dev/null; then
	# Whether other pages are installed is no matter of this one.
	is "$(mandoc -T lint "$page" 2>&1 | grep -v -e 'not found: Xr' \
	    -e 'outdated mandoc.db')" "" "mandoc -T lint is silent"
fi
finish
