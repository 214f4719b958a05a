#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Each record counts exactly once: 200,000 records, part of them written while
# sged reads, and sged (all its processes, or any one of them) killed ten times
# at random moments.
. "$(dirname "$0")/../bed/daemon.sh"
daemon_world

"$REGRESS_BIN/records" 200000 3000 >"$W/records" 2>"$W/sums" ||
    bail "records"
size=$(wc -c <"$W/records")
# A third is there from the beginning, in two segments; the rest comes in
# pieces that do not end where lines end.
lines=30000
head -n $lines "$W/records" >"$SESSIONS/20261101T00Z.jsonl"
tail -n +$((lines + 1)) "$W/records" | head -n $lines \
    >"$SESSIONS/20261101T01Z.jsonl"
tail -n +$((2 * lines + 1)) "$W/records" >"$W/rest"
piece=$(($(wc -c <"$W/rest") / 10 + 1))
split -b $piece "$W/rest" "$W/piece."
growing=$SESSIONS/20261101T02Z.jsonl
: >"$growing"
[ "$(id -u)" -ne 0 ] || chmod 755 "$SESSIONS"

below()
{
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

settled()
{
	[ "$(query 'SELECT coalesce(sum(offset), 0) FROM segment')" = "$size" ]
}

counted()
{
	query 'SELECT coalesce(sum(lines), 0) FROM segment'
}

progress()
{
	[ "$(counted)" -gt "$before" ]
}

again()
{
	grep -q 'started again$' "$W/log" || daemon_gone
}

round=0
moments=
before=0
while [ $round -lt 10 ]; do
	round=$((round + 1))
	daemon_start
	wait_for 20 daemon_ready || { cat "$W/log"; bail "sged starts"; }
	set -- "$W"/piece.*
	cat "$1" >>"$growing"
	rm "$1"
	# On a slow machine none might get to a commit otherwise.
	if [ $((round % 3)) -eq 0 ]; then
		check "round $round: some are counted" wait_for 60 progress
	fi
	ms=$(below 150)
	sleep "$(printf '0.%03d' "$ms")"
	# shellcheck disable=SC2046
	set -- $(daemon_pids)
	if [ $((round % 2)) -eq 0 ]; then
		shift "$(below $#)"
		set -- "$1"
	fi
	kill -9 "$@" 2>/dev/null
	if [ $# -eq 1 ]; then
		# The others end, and all are started again by the parent.
		wait_for 60 again || bail "all go on when one is killed"
		# shellcheck disable=SC2046
		kill -9 $(daemon_pids) 2>/dev/null
	fi
	wait_for 20 daemon_gone || bail "sged ends"
	SGED=
	before=$(counted)
	moments="$moments $ms/$#/$before"
done
note "killed (after ms/processes/records counted by then):$moments"
ok 0 "killed ten times, and nothing was left running"

daemon_start
check "starts once more" wait_for 20 daemon_ready
check "all is read in the end" wait_for 60 settled
kill "$SGED"
check "SIGTERM ends all processes" wait_for 20 daemon_gone
wait "$SGED"
is $? 0 "with status 0"
SGED=

. "$W/sums"
is "$(query 'PRAGMA integrity_check')" ok "the database is whole"
is "$(query 'SELECT sum(lines), sum(bad), sum(newer) FROM segment')" \
    "200000|0|0" "each line once"
flow="sum(tls13), sum(tls12), sum(older), sum(clear), sum(refused)"
want="$tls13|$tls12|$older|$clear|$refused"
is "$(query "SELECT $flow FROM flow WHERE class = '*'")" "$want" \
    "connections by TLS version"
is "$(query "SELECT sum(tls13 + tls12 + older + clear + refused) FROM flow
    WHERE class = '*' GROUP BY dir ORDER BY dir" | tr '\n' ' ')" \
    "$in $out " "connections by direction"
is "$(query "SELECT $flow FROM flow WHERE class = 'public'")" \
    "$tls13|$tls12|$older|$clear|$((refused - unknown))" \
    "connections of the one class"
is "$(query 'SELECT sum(messages) FROM correspondent')" "$messages" \
    "messages by correspondent"
is "$(query "SELECT sum(sessions) FROM incident WHERE why IN ('not-offered',
    'refused', 'handshake', 'not-asked')")" "$clear" \
    "each connection in clear has a reason"
is "$(query 'SELECT sum(ok), sum(fail) FROM tally')" "$ok|$fail" \
    "sessions that RFC 8460 counts"
is "$(query 'SELECT sum(count) FROM detail')" "$fail" "failures in detail"
is "$(query 'SELECT sum(sessions) FROM unknown')" "$unknown" \
    "failures whose domain is not known"
finish
