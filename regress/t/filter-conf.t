#!/bin/sh
# SPDX-License-Identifier: ISC
#
# filter-sge's options, and sge.conf changing while it runs.
. "$(dirname "$0")/../bed/filter.sh"

said()
{
	grep -q "$@" "$T/err"
}

recorded()
{
	filter_records | grep -q "$1"
}

# ask ID: whether a government host may send without TLS.
ask()
{
	filter_say "$(connect "$1" 198.51.100.5
	    mail "$1" a@ird.govt.nz
	    rcpt "$1" b@mbie.govt.nz)"
	wait_for 10 answered "$1" ""
}

filter_conf
check "-n: a good configuration" "$FILTER" -n -f "$T/sge.conf"
"$FILTER" -nn -f "$T/sge.conf" >"$T/printed" 2>/dev/null
is $? 0 "-nn"
"$FILTER" -nn -f "$T/printed" 2>/dev/null | cmp -s - "$T/printed"
is $? 0 "-nn prints what parses back to the same"
filter_conf 'nonsense' 'mode perhaps'
"$FILTER" -n -f "$T/sge.conf" >/dev/null 2>"$T/err"
is $? 1 "-n: a bad one"
is "$(grep -c "^.*sge.conf:[0-9]*: " "$T/err")" 2 "each mistake with its line"
"$FILTER" -f "$T/sge.conf" </dev/null >"$T/all" 2>"$T/err"
is $? 1 "a bad configuration: does not start"
is "$(cat "$T/all")" "" "and says nothing to smtpd"
check "but to the log" said "sge.conf:[0-9]*: "
filter_conf
chmod g+w "$T/sge.conf"
"$FILTER" -n -f "$T/sge.conf" >/dev/null 2>"$T/err"
is $? 1 "-n: one that others can write to"
check "by name, and what to do" \
    said "sge.conf: can't be read: others can write to it: chmod go-w"
"$FILTER" -f "$T/sge.conf" </dev/null >"$T/all" 2>"$T/err"
is $? 1 "with it filter-sge does not start"
rm -f "$T/sge.conf"
if [ "$(id -u)" -eq 0 ]; then
	filter_conf
	chown 1 "$T/sge.conf"
	"$FILTER" -n -f "$T/sge.conf" >/dev/null 2>"$T/err"
	is $? 1 "nor with one of another user"
	rm -f "$T/sge.conf"
fi
"$FILTER" -x >/dev/null 2>"$T/err"
is $? 1 "unknown option"
check "usage" said '^usage: filter-sge \[-nVv\] \[-f file\]$'
"$FILTER" -f "$T/none.conf" </dev/null >/dev/null 2>&1
is $? 1 "no such file"

filter_conf
"$FILTER" -f "$T/sge.conf" </dev/null >"$T/all" 2>&1
is $? 0 "smtpd goes before the handshake is over"

# --- while it runs --------------------------------------------------------

filter_conf
filter_start
ask 00000000000000a1
check "at first: refused" answered 00000000000000a1 "reject|530"
filter_conf 'mode perhaps'
kill -HUP "$filter_pid"
check "a mistake is logged" wait_for 20 said "sge.conf:[0-9]*: "
check "and the old one stays" wait_for 10 said "the old configuration stays"
ask 00000000000000a2
check "still refused" answered 00000000000000a2 "reject|530"
chmod o+w "$T/sge.conf"
filter_conf 'mode testing'
kill -HUP "$filter_pid"
check "so where others can write to it" wait_for 20 said "others can write"
ask 00000000000000a5
check "refused, for all that" answered 00000000000000a5 "reject|530"
chmod o-w "$T/sge.conf"
kill -HUP "$filter_pid"
check "SIGHUP: read again" wait_for 20 said "read again"
ask 00000000000000a3
check "now it passes" answered 00000000000000a3 proceed
# Sessions that began before the change have their records.
filter_say "$(bye 00000000000000a1)"
check "a session from before" wait_for 10 recorded \
    '00000000000000a1.*"flow":"government>government","verdict":"reject"'
# Without a signal: it looks by itself when smtpd has something to say.
filter_conf
changed()
{
	n=$((n + 1))
	s=$(printf '%016x' $n)
	ask "$s" && answered "$s" "reject|530"
}
n=1000
check "a changed file is seen without a signal" wait_for 30 changed
kill -TERM "$filter_pid"
ask 00000000000000a4
check "SIGTERM: still there while smtpd is" answered 00000000000000a4 reject
filter_end
is $? 0 "ends well"
check "its records are written" recorded 00000000000000a3

# --- a class in a file ----------------------------------------------------

echo ird.govt.nz >"$T/list"
filter_conf
sed "s|^class government .*|class government file \"$T/list\"|" "$T/sge.conf" \
    >"$T/sge.new"
sed -e 's/^class restricted .*/class restricted { "minties.govt.nz" "dia.govt.nz" "moe.govt.nz" "mbie.govt.nz" }/' \
    "$T/sge.new" >"$T/sge.conf"
filter_start
ask 00000000000000a1
check "a class in a file: refused" answered 00000000000000a1 "reject|530"
echo parliament.nz >"$T/list"
passes()
{
	n=$((n + 1))
	s=$(printf '%016x' $n)
	ask "$s" && answered "$s" proceed
}
check "the file has changed: passes" wait_for 30 passes
filter_end
is $? 0 "ends well"

# --- an included file ------------------------------------------------------

: >"$T/more.conf"
filter_conf "include \"$T/more.conf\""
filter_start
ask 00000000000000a1
check "with an include: refused" answered 00000000000000a1 "reject|530"
echo 'mode testing' >"$T/more.conf"
check "the included file has changed: passes" wait_for 30 passes
filter_end
is $? 0 "ends well"
finish
