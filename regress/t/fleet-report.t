#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet's reports: one for each domain, of what all hosts saw; whoever sends
# it; once, also where the host that was to send it died; and one more of a
# host that was late.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/fleet.sh"
fleet_up
fleet_mails 12
echo 'report spread 0s' >>"$W/conf"
echo 'fleet wait 5d' >>"$W/conf"

# ended DOMAIN-PATTERN N: the fleet knows of so many that were sent.
ended()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.report WHERE state = 'sent'
	    AND domain LIKE '$1'")" = "$2" ]
}

# told: sessions that all hosts' reports tell of.
told()
{
	for told_n in 1 2 3 4; do
		[ ! -f "$W/$told_n/db/sged.db" ] ||
		    sqlite3 -cmd '.timeout 20000' "$W/$told_n/db/sged.db" \
		    "SELECT coalesce(sum(ok + fail), 0) FROM report
		    WHERE state = 'sent'"
	done | awk '{ n += $1 } END { print n }'
}

fleet_join

# --- claimed, and the host dies --------------------------------------------

# While the name server is still, nothing is sent.
kill -STOP "$dns_pid"
for n in 1 2 3; do
	fleet_conf $n
	i=0
	while [ $((i += 1)) -le 6 ]; do
		sessions $n "$first" $((n * i)) "d$i.example"
	done
	sessions $n "$first" 1 "silent.example"
	sessions $n "$first" $n "silent.example" clear
done
fleet_start 1
fleet_start 2
closed_by_two()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.member_day WHERE closed > 0 AND
	    day = $daynumber")" = 2 ]
}
check "two hosts close the day" wait_for 60 closed_by_two
is "$(pg_sql 'SELECT count(*) FROM sge.report')" 0 \
    "which waits for the third"
fleet_start 3
held()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.report WHERE state = 'claimed'
	    AND domain LIKE 'd%'")" = 6 ]
}
check "then each domain has a report, and a host has each" wait_for 90 held ||
    tail -n 5 "$W"/?.log
victim=$(pg_sql "SELECT member FROM sge.report WHERE state = 'claimed'
    ORDER BY domain LIMIT 1" | sed 's/^m\(.\).*/\1/')
built()
{
	[ "$(sqlite3 "$W/$victim/db/sged.db" 'SELECT count(*) FROM claimed')" \
	    = "$(pg_sql "SELECT count(*) FROM sge.report WHERE
	    member = 'm$victim.test'")" ]
}
check "one has built its own" wait_for 60 built
fleet_stop "$victim" KILL
# As if a minute had passed for it, and two for the others.
pg_sql "UPDATE sge.member SET up = 1, seen = CASE member
    WHEN 'm$victim.test' THEN 1 ELSE seen END"
kill -CONT "$dns_pid"
check "others send those of a host that died" wait_for 120 ended 'd%' 6 || {
	tail -n 5 "$W"/?.log
	pg_sql 'SELECT * FROM sge.report; SELECT * FROM sge.member'
}
is "$(fleet_ids | wc -l) $(fleet_ids | uniq | wc -l)" "6 6" "one for each domain"
fleet_start "$victim"
check "which lets go of them when it is back" wait_for 60 grep -q \
    'fleet: [1-7] reports are sent by other hosts' "$W/$victim.log"
is "$(fleet_ids | wc -l)" 6 "and sends none of them"
is "$(told)" 126 "they tell of all sessions of all hosts"
is "$(pg_sql "SELECT state FROM sge.report WHERE domain = 'silent.example'")" \
    no-rua "there is none for who asks for none"
one=$(grep -l 'Report-ID: *<[^>]*d4.example' "$W"/mails/*)
like "$(sgectl 1 read "$one" 2>&1)" '*d4.example*24*' \
    "what is sent has the sum"
# by OPTION...: of show sent's rows, domain, state and failed sessions.
by()
{
	sgectl 1 -p show sent -n 0 -d "$day" "$@" | cut -d'|' -f 4,6,14,15
}
is "$(by -H all | sort)" "$(pg_sql "SELECT domain, state, 0, member
    FROM sge.report ORDER BY domain COLLATE \"C\"" |
    sed 's/^\(silent.*|\)0|/\16|/')" "show sent -H all has all of them"
for n in 1 2 3; do
	by -H m$n.test
done | sort >"$W/each"
is "$(cat "$W/each")" "$(by -H all | sort)" "  and -H host what that one sent"
is "$(wc -l <"$W/each" | tr -d " ")" 7 "  each of them once"
out=$(sgectl 1 show sent -H all -d "$day" | tr -s '\n ' ' ')
like "$out" '*all 3 hosts of the fleet *d1.example m[1-3].test 0 sent *' \
    "  which says who sent it"
like "$(sgectl 1 show sent -H all 1 2>&1; echo $?)" \
    '*only with the host that made it*1' "  but not what is in it"
like "$(sgectl 1 -H all show metrics -d "$day")" \
    '*sge_reports{host="all",state="sent"} 6*' "show metrics -H all too"
like "$(sgectl 1 send -d "$day" d1.example 2>&1)" '*is in a fleet*' \
    "sgectl send says who sends"

# --- a late host -------------------------------------------------------------

# Nobody is at that address; d2 has as long a policy as there may be, of what
# JSON and then JSON once more has to quote.
fleet_conf 4 hostaddr=127.0.0.9
sessions 4 "$first" 11 d1.example
sessions 4 "$first" 13 d2.example
fleet_start 4
tallied()
{
	grep -q 'engine: ready' "$W/4.log" &&
	[ "$(sqlite3 "$W/4/db/sged.db" "SELECT sum(ok) FROM tally
	    WHERE domain LIKE 'd_.example'")" = 24 ]
}
check "a host counts alone" wait_for 60 tallied || bail "no fourth host"
fleet_stop 4
sqlite3 "$W/4/db/sged.db" "INSERT INTO policy (id, domain, type, mode,
    strings, mx) VALUES (77, 'd2.example', 'sts', 'enforce', '[\"x: ' ||
    replace(hex(zeroblob(16000)), '0', '\\\"') || '\"]', '[\"d2.example\"]');
    UPDATE tally SET policy = 77 WHERE domain = 'd2.example'"
fleet_conf 4
fleet_start 4
check "a late host's sessions make a report of their own" \
    wait_for 90 ended 'd1.%' 2
check "one of a policy as long as may be too" wait_for 30 ended 'd2.%' 2
is "$(pg_sql "SELECT length(strings) FROM sge.policy WHERE
    domain = 'd2.example'")" 64007 "  which is whole"
is "$(fleet_ids | grep -c 'd1\.example')" 2 "under its own id"
is "$(fleet_ids | uniq | wc -l)" 8 "  that no other has"
is "$(by -H all -D d1.example | cut -d'|' -f 1,2)" "d1.example|sent
d1.example|sent" "  and a row of its own in show sent -H all"
is "$(told)" $((126 + 24)) "and every session was told once"

# --- told, and killed before it heard that ------------------------------------

claims()
{
	sqlite3 -cmd '.timeout 20000' "$W/$1/db/sged.db" \
	    "SELECT count(*) FROM claimed ${2:-}"
}
n=0
while [ $((n += 1)) -lt 4 ] && [ "$(claims $n)" = 0 ]; do
	continue
done
sent=$(claims $n)
ok "$([ "$sent" -gt 0 ]; echo $?)" "a host sent some"
fleet_stop $n KILL
sqlite3 "$W/$n/db/sged.db" 'UPDATE claimed SET noted = 0'
fleet_start $n
heard()
{
	[ "$(claims $n 'WHERE noted = 0')" = 0 ]
}
check "hears that the fleet knows" wait_for 90 heard || tail -n 5 "$W/$n.log"
is "$(claims $n)" "$sent" "and still has what it sent"
is "$(told)" $((126 + 24)) "every session was told once"
is "$(fleet_ids | wc -l)" 8 "by one mail each"
for n in 1 2 3 4; do
	fleet_stop $n
done
dns_stop
finish
