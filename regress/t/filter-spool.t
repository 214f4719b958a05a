#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The spool: segments by the hour, a disk that fills up and has room again, an
# end of a line that is missing, a directory that goes away.
. "$(dirname "$0")/../bed/filter.sh"

small=
trap 'filter_kill; [ -z "$small" ] || umount "$small"; rm -rf "$T"' EXIT

# sessions FIRST LAST: so many that came and went.
sessions()
{
	awk -v i="$1" -v n="$2" -v now="$now" 'BEGIN { for (; i <= n; i++) {
	    s = sprintf("%016x", i); h = "report|0.7|" now ".1|smtp-in|"
	    print h "link-connect|" s "|c.example.org|pass|198.51.100.5:1|192.0.2.25:25"
	    print h "link-identify|" s "|EHLO|c.example.org"
	    print h "link-disconnect|" s } }'
}

ids()
{
	filter_records | sed -n 's/.*"session":"\([^"]*\)".*/\1/p'
}

# --- ordinary -------------------------------------------------------------

filter_conf
sessions 1 3 >"$T/lines"
hour=$(date -u +%Y%m%dT%HZ)
filter_run "$T/lines"
is $? 0 "runs"
case $(ls "$T/spool/sessions") in
"$hour.jsonl" | "$(date -u +%Y%m%dT%HZ).jsonl")
	ok 0 "one segment, named for the hour" ;;
*)
	ok 1 "one segment, named for the hour: $(ls "$T/spool/sessions")" ;;
esac
segment=$(echo "$T/spool/sessions/"*.jsonl)
is "$(ls -l "$segment" | cut -c1-10)" "-rw-r-----" "mode 0640"
is "$(ids | tr '\n' ' ')" \
    "0000000000000001 0000000000000002 0000000000000003 " "in order"
if command -v strace >/dev/null 2>&1; then
	rm -rf "$T/spool/sessions"
	{ echo 'config|ready'; cat "$T/lines"; } |
	    strace -f -o "$T/trace" -e trace=write "$FILTER" -f "$T/sge.conf" \
	    >/dev/null 2>&1
	is "$(grep -c 'write(.*"{\\"v\\":1' "$T/trace")" 1 \
	    "one write(2) for what a turn brought"
else
	ok 0 "one write(2) for what a turn brought # SKIP no strace"
fi

# A limit on the size of files, as a login class may have one.
rm -rf "$T/spool/sessions"
(
	ulimit -f 0
	{ echo 'config|ready'; cat "$T/lines"; } |
	    exec "$FILTER" -f "$T/sge.conf" >/dev/null 2>&1
)
is $? 0 "a file at its limit does not end it"
filter_run "$T/lines"
is "$(ids | wc -l | tr -d ' ')" 3 "  and without one, records are written"
segment=$(echo "$T/spool/sessions/"*.jsonl)

# The writer before died within a line.
printf '{"v":1,"ti' >>"$segment"
"$FILTER" -f "$T/sge.conf" >/dev/null 2>&1 <<LINES
config|ready
$(sessions 9 9)
LINES
is "$(sed -n '$p' "$segment" | cut -c1-7)" '{"v":1,' \
    "a record does not begin in the line of another"
is "$(grep -c . "$segment")" "$(($(ids | wc -l) + 1))" \
    "and only the broken line is lost"

# The directory goes away and comes back.
filter_start
filter_say "$(sessions 1 1)"
check "a record" wait_for 10 grep -q 0000000000000001 \
    "$T/spool/sessions/"*.jsonl
rm -rf "$T/spool"
wrote()
{
	filter_say "$(sessions 17 17)"
	grep -q "can't write to" "$T/err"
}
check "the spool is gone: it is said" wait_for 20 wrote
mkdir "$T/spool"
check "back again: it is said" wait_for 20 grep -q "can be written again" \
    "$T/err"
check "what was kept is there" grep -q 0000000000000011 \
    "$T/spool/sessions/"*.jsonl
filter_end
is $? 0 "ends well"

# --- a disk that hangs: its writer is stopped -----------------------------

rm -rf "$T/spool/sessions"
filter_start
writer=$(ps -eo pid,ppid | awk -v p="$filter_pid" '$2 == p { print $1 }')
check "a process writes" test -n "$writer"
kill -STOP "$writer"
filter_say "$(sessions 1 3000)" "$(connect aa00000000000000 127.0.0.1
    mail aa00000000000000 a@kiwi.org
    rcpt aa00000000000000 b@minties.govt.nz)"
check "smtpd has its answers all the time" \
    wait_for 60 answered aa00000000000000 proceed
written()
{
	ids | grep -q "$1"
}
said()
{
	filter_say "$(sessions 3001 3001)"
	grep -q "$1" "$T/err"
}
check "it is said" wait_for 60 said "can't write to .*does not answer"
check "nothing is on disk" test -z "$(ids)"
kill -CONT "$writer"
check "and that it goes on" wait_for 60 said "can be written again.* 0 were"
filter_end
is $? 0 "ends well"
gone()
{
	! kill -0 "$writer" 2>/dev/null
}
check "and its writer" wait_for 60 gone
is "$(ids | sort -u | wc -l | tr -d ' ')" 3002 "every record is there"
is "$(ids | grep -vc 0000000000000bb9)" 3001 "and none twice"

# The writer is killed, and another filter with its writer stopped.
rm -rf "$T/spool/sessions"
filter_start
writer=$(ps -eo pid,ppid | awk -v p="$filter_pid" '$2 == p { print $1 }')
filter_say "$(sessions 1 10)"
check "ten records" wait_for 60 written 000000000000000a
kill -KILL "$writer"
filter_say "$(sessions 11 20)"
check "the filter writes itself" wait_for 60 written 0000000000000014
check "and says so" grep -q "writes session records ended" "$T/err"
check "nothing is left of it" gone
filter_end
is $? 0 "ends well"
is "$(ids | wc -l | tr -d ' ')" 20 "each record once"

# Killed when its write is done, but not told of.
if command -v strace >/dev/null 2>&1; then
	rm -rf "$T/spool/sessions"
	filter_start
	writer=$(ps -eo pid,ppid |
	    awk -v p="$filter_pid" '$2 == p { print $1 }')
	strace -o "$T/trace" -p "$writer" -e trace=write \
	    -e inject=write:delay_exit=600000000 2>"$T/strace" &
	tracer=$!
	check "held at its write" wait_for 60 grep -q attached "$T/strace"
	filter_say "$(sessions 1 10)"
	check "ten records" wait_for 60 written 000000000000000a
	kill -KILL "$writer" "$tracer"
	filter_say "$(sessions 11 20)"
	check "the filter writes itself" wait_for 60 written 0000000000000014
	filter_end
	is $? 0 "ends well"
	is "$(ids | wc -l | tr -d ' ')" 20 "each record once"
else
	ok 0 "killed within a write # SKIP no strace"
fi

rm -rf "$T/spool/sessions"
filter_start
writer=$(ps -eo pid,ppid | awk -v p="$filter_pid" '$2 == p { print $1 }')
kill -STOP "$writer"
filter_say "$(sessions 1 10)"
filter_end
is $? 0 "smtpd's end is the filter's, whatever the disk does"
kill -CONT "$writer"
check "what was handed over is written then" wait_for 60 written \
    0000000000000001

# --- a disk that fills up -------------------------------------------------

small=$T/small
mkdir "$small"
if [ "$(id -u)" -ne 0 ] ||
    ! mount -t tmpfs -o size=256k tmpfs "$small" 2>/dev/null; then
	small=
	ok 0 "a full disk # SKIP needs root and tmpfs"
	finish
fi
rm -rf "$T/spool"
ln -s "$small" "$T/spool"
filter_start
# One record is some 290 bytes: 20,000 are more than 256 kB, less than 8 MB.
sessions 1 20000 >&9
check "a full disk: it is said" wait_for 30 grep -q \
    "can't write to .*No space left on device" "$T/err"
filter_say "$(connect aa00000000000000 127.0.0.1
    mail aa00000000000000 a@kiwi.org
    rcpt aa00000000000000 b@minties.govt.nz)"
check "smtpd has its answers all the time" \
    wait_for 30 answered aa00000000000000 proceed
is "$(grep -c "can't write" "$T/err")" 1 "it is not said again and again"
mount -o remount,size=64m "$small"
check "room again: it is said" wait_for 30 \
    grep -q "can be written again.* 0 were lost" "$T/err"
filter_end
is $? 0 "ends well"
ids | sort -u >"$T/ids"
is "$(wc -l <"$T/ids" | tr -d ' ')" 20001 "every record is there"
is "$(ids | wc -l | tr -d ' ')" 20001 "and none twice"
is "$(filter_records | grep -vc '^{"v":1,.*}$')" 0 "and none is broken"

# More than memory is used for.
rm -rf "$small/sessions"
mount -o remount,size=256k "$small"
filter_start
sessions 1 60000 >&9
filter_say "$(connect aa00000000000000 127.0.0.1
    mail aa00000000000000 a@kiwi.org
    rcpt aa00000000000000 b@minties.govt.nz)"
check "60,000 sessions on a full disk" \
    wait_for 60 answered aa00000000000000 proceed
hwm=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
    "/proc/$filter_pid/status" 2>/dev/null)
if [ -n "$hwm" ]; then
	[ "$hwm" -lt 20000 ]
	ok $? "memory stays bounded ($hwm kB)"
fi
mount -o remount,size=64m "$small"
check "room again: how many were lost is said" wait_for 30 \
    grep -q "can be written again.* [1-9][0-9]* were lost" "$T/err"
filter_say "$(sessions 100001 100001)"
filter_end
lost=$(sed -n 's/.*, \([0-9]*\) were lost$/\1/p' "$T/err")
is "$(filter_records | sed -n 's/.*"lost":\([0-9]*\).*/\1/p')" "$lost" \
    "the next record says it too"
is "$(($(ids | sort -u | wc -l) + lost))" 60002 \
    "written and lost are all there were"
is "$(filter_records | grep -vc '^{"v":1,.*}$')" 0 "none is broken"
finish
