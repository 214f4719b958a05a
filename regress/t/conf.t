#!/bin/sh
# SPDX-License-Identifier: ISC
#
# -n and -nn of the programs that read sge.conf: what they print, where, and
# how they exit.
cd "$(dirname "$0")/../.." || exit 1
. regress/bed/tap.sh
filter=$PWD/filter/filter-sge
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cp etc/sge.conf.example "$dir/example.conf"
"$filter" -n -f "$dir/example.conf" >"$dir/out" 2>"$dir/err"
is "$? $(cat "$dir/out" "$dir/err")" "0 configuration OK" "-n: it is right"
"$filter" -nn -f "$dir/example.conf" >"$dir/1" 2>"$dir/err"
is "$? $(cat "$dir/err")" "0 " "-nn: it is printed"
"$filter" -nn -f "$dir/1" >"$dir/2" 2>"$dir/err"
is "$? $(cat "$dir/err")" "0 " "-nn: what is printed is right"
check "-nn: and printed the same again" cmp "$dir/1" "$dir/2"
check "-nn: with the defaults" grep -q '^learn timeout 5s$' "$dir/1"

# All that the example has, also what stands there as a comment.
sed 's/^#\([a-z]\)/\1/' etc/sge.conf.example >"$dir/all"
# One that was built without libpq says so.
"$filter" -n -f "$dir/all" 2>&1 | grep -q 'built without PostgreSQL' && {
	grep -v '^fleet postgresql' "$dir/all" >"$dir/some"
	mv "$dir/some" "$dir/all"
}
"$filter" -nn -f "$dir/all" >"$dir/1" 2>"$dir/err"
is "$? $(grep -v 'warning: ' "$dir/err")" "0 " "all that the example shows"
for words in 'mta-sts except' smarthost 'report limit' 'dkim verified by' \
    'forward unread to' 'letters reply-to' 'report https verify' resolver; do
	check "-nn: $words" grep -q "^$words" "$dir/1"
done
# The manual has an entry for each that can be printed.
missing=$(awk -F'[ ]*["{0-9]' '/^[a-z]/ { print $1 }' "$dir/1" |
    sed 's/^mode .*/mode/; s/^class .*/class/; s/^flow .*/flow/' | sort -u |
    while read -r words; do
	grep -q "^\.It Ic $words" man/sge.conf.5 || echo "$words"
    done)
is "$missing" "" "-nn: each directive is in sge.conf(5)"

cat >"$dir/ten.conf" <<'CONF'
organization "Minties"
contact "minties.govt.nz"
mode strict
local { "minties..govt.nz" }
class restricted { "dia.govt.nz"
flow from restricted to goverment require tls
connector "dia.govt.nz" to "smtp://mx.dia.govt.nz" from { 203.0.113.0/24 }
legacy { 10.1.2.0/40 } until 2027-03-31 "UPS"
legacy { 10.1.2.3 } until 2027-02-31 "UPS"
spool "sged"
learn timeout 5 s
keep session 14d
CONF
"$filter" -n -f "$dir/ten.conf" >"$dir/out" 2>"$dir/err"
is "$?" 1 "mistakes: exit 1"
is "$(cat "$dir/out")" "" "mistakes: nothing on stdout"
is "$(grep -v ': warning: ' "$dir/err" | sed "s,^$dir/\\([^:]*:[0-9]*\\):.*,\\1," |
    sort -t: -k2n | tr '\n' ' ')" "ten.conf:2 ten.conf:3 ten.conf:4 \
ten.conf:5 ten.conf:6 ten.conf:7 ten.conf:8 ten.conf:9 ten.conf:10 \
ten.conf:11 ten.conf:12 " "mistakes: each with its line, in one run"
"$filter" -n -f "$dir/none.conf" >"$dir/out" 2>"$dir/err"
is "$? $(cat "$dir/err")" \
    "1 $dir/none.conf: can't be read: No such file or directory; write one as sge.conf(5) shows, or name the file that is" "no file"
finish
