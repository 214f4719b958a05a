#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet: three sged, each with a spool and a database of its own, and one
# PostgreSQL that has all they counted, to the session, whatever ends when.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/fleet.sh"
. "$TOP/regress/bed/clock.sh"
fleet_up

closed_is()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.member_day WHERE day = $daynumber
	    AND closed IS NOT NULL")" = "$1" ]
}

# A host that is silent: no day has its reports, so each may still change.
echo 'fleet wait 5d' >>"$W/conf"
fleet_conf 9
fleet_start 9
check "the tables are made" wait_for 60 grep -q 'in touch' "$W/9.log"
fleet_stop 9
# As the first format was, which the three find at once.
pg_sql "UPDATE sge.member SET seen = seen - 1000;
    DROP TABLE sge.report; DELETE FROM sge.fleet WHERE key = 'key';
    ALTER TABLE sge.member DROP COLUMN since, DROP COLUMN up;
    UPDATE sge.fleet SET value = '1' WHERE key = 'format'"
for n in 1 2 3; do
	fleet_conf $n
	sessions $n "$first" $((n * 10)) shared.example
	sessions $n "$first" $n "only$n.example"
	fleet_start $n
done

# --- what is copied ------------------------------------------------------

check "three hosts close a day" wait_for 60 closed_is 3 || {
	tail -n 5 "$W"/?.log
	bail "no fleet"
}
is "$(pg_sql "SELECT value FROM sge.fleet WHERE key = 'format'")" 2 \
    "tables of an older format are made new"
is "$(total "domain = 'shared.example'")" 60 "with the sum of their sessions"
is "$(total true)" 66 "and of all"
is "$(pg_sql "SELECT member, sum(tls13) FROM sge.flow WHERE class = '*'
    GROUP BY member ORDER BY member" | tr '\n' ' ')" \
    "m1.test|11 m2.test|22 m3.test|33 " "each host's flows under its name"
is "$(pg_sql "SELECT count(*) FROM sge.member")" 4 "all are members"
is "$(pg_sql "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity
    USING (pid) WHERE application_name = 'sged'")" t "by TLS"
known()
{
	sgectl 1 show status 2>&1 | grep -q 'fleet  *4 hosts; all was copied'
}
check "show status tells" wait_for 30 known
like "$(sgectl 1 show status)" '*m9.test IS SILENT since *' "  who is silent"
out=$(sgectl 1 -j show status)
like "$out" '*"host":"m3.test"*' "of each host with -j"
like "$(sgectl 1 check config /nonexistent 2>&1)" \
    '*m9.test is silent*this host is in it, one of 4; 1*silent*' "check config too"

# --- PostgreSQL is away ----------------------------------------------------

pg_stop immediate
sessions 1 "$first" 5 late.example
counted()
{
	[ "$(sqlite3 "$W/1/db/sged.db" "SELECT sum(ok + fail) FROM tally
	    WHERE domain = 'late.example'")" = "$1" ]
}
check "a host counts on without it" wait_for 30 counted 5
away()
{
	sgectl 1 show status 2>&1 | grep -q "fleet .*ITS DATABASE IS AWAY"
}
check "show status says that it is away" wait_for 60 away
like "$(sgectl 1 show flow -H all 2>&1; echo $?)" \
    "*the fleet's database is away: *1" "show flow -H all that it can't be read"
like "$(sgectl 1 check config /nonexistent 2>&1)" \
    '*fleet*the database is away:*' "check config too"
fleet_stop 1 KILL
fleet_start 1
check "one that starts meanwhile counts as well" wait_for 30 grep -q \
    'engine: ready' "$W/1.log"
sessions 1 "$first" 3 late.example
check "  and goes on" wait_for 30 counted 8
pg_start
check "what was counted meanwhile is caught up with" \
    wait_for 90 total_is "domain = 'late.example'" 8
is "$(total true)" 74 "and nothing is there twice"

# A reload, and a stop while something may be under way.
kill -HUP "$(cat "$W/2.pid")"
check "a reload" wait_for 30 grep -q 'reloaded' "$W/2.log"
sessions 2 "$first" 7 more.example
check "copies on" wait_for 60 total_is "domain = 'more.example'" 7
is "$(total true)" 81 "all of it once"

# --- one host's numbers, and all ------------------------------------------

sessions 1 "$first" 2 clear.example clear
sessions 2 "$first" 3 clear.example clear
check "sessions in clear are copied" \
    wait_for 90 total_is "domain = 'clear.example'" 5
# Of another host and on its own: alike to the row.
for words in "show flow" "show flow -h" "show flow -D clear.example" \
    "show cleartext" "show failures"; do
	own=$(sgectl 2 -p $words -d "$day")
	like "$own" '*|*|*' "$words shows a host"
	is "$(sgectl 1 -H m2.test -p $words -d "$day")" "$own" \
	    "  -H shows the same of it"
done
# added WORD...: the sums of the numbers of each row, over what it is of.
added()
{
	awk -F'|' -v names="$1" '{
		key = ""
		for (i = 1; i <= names; i++)
			key = key $i "|"
		seen[key]
		for (i = names + 1; i <= NF; i++)
			sum[key, i] += $i
		n = NF
	} END {
		for (key in seen) {
			printf "%s", key
			for (i = names + 1; i <= n; i++)
				printf "%d|", sum[key, i]
			print ""
		}
	}' | sort
}
each()
{
	for n in 1 2 3; do
		sgectl $n -p "$@" -d "$day"
	done
}
# Behind the names: sessions by version; how many are in clear.
is "$(sgectl 3 -H all -p show flow -d "$day" | cut -d'|' -f 1-10 | added 4)" \
    "$(each show flow | cut -d'|' -f 1-10 | added 4)" \
    "-H all: show flow is the sum of all hosts"
like "$(sgectl 3 -H all -p show flow -d "$day")" '*|out|86|81|0|0|5|0|*' \
    "  to the session"
is "$(sgectl 3 -H all -p show cleartext -d "$day" | cut -d'|' -f 1-5)" \
    "$(each show cleartext | cut -d'|' -f 1-5 | added 4 | sed 's/|$//')" \
    "  show cleartext as well"
is "$(sgectl 3 -H all -p show failures -d "$day" | cut -d'|' -f 1-6 |
    added 4)" "$(each show failures | cut -d'|' -f 1-6 | added 4)" \
    "  and show failures"
like "$(sgectl 3 show flow -H all -d "$day" | tr '\n' ' ')" \
    '*all 4 hosts of the fleet*what m9.test saw (it has copied nothing)*' \
    "which says of whom it has nothing"
like "$(sgectl 3 show flow -H m8.test 2>&1)" \
    '*no host of that name; it has m1.test m2.test m3.test m9.test' \
    "of no host which there are"
like "$(sgectl 3 show cleartext -H all -m clear.example -d "$day")" \
    '*5 SMTP sessions between*' "a letter tells of all"
# counts FILE: sessions of metrics, whosever they are, added up.
counts()
{
	grep '^sge_sessions\|^sge_policy_sessions\|^sge_unknown_sessions' "$1" |
	    sed 's/host="[^"]*",//; s/,host="[^"]*"//; s/{host="[^"]*"}//' |
	    awk '{ n[$1] += $2 } END { for (k in n) print k, n[k] }' | sort
}
for n in 1 2 3; do
	sgectl $n show metrics -d "$day"
done >"$W/each"
sgectl 3 -H all show metrics -d "$day" >"$W/all"
is "$(counts "$W/all")" "$(counts "$W/each")" \
    "show metrics -H all is the sum of all hosts"
like "$(cat "$W/all")" '*sge_sessions_all{host="all",direction="out"} 86*' \
    "  to the session, under a label"
like "$(grep fleet_hosts{ "$W/all" | tr '\n' ' ')" \
    '*{host="all",state="whole"} 3 *{host="all",state="missing"} 1 *' \
    "  which tells of a silent host"
out=$(sgectl 3 digest -H all -d "$day" | tr -s '\n ' ' ')
like "$out" "*all 4 hosts of the fleet sge: 1 to fix, 1 to watch*" \
    "digest -H all"
like "$out" "*FIX 1 not in these numbers: what m9.test saw (it has copied \
nothing)*" "  has a silent host to fix"
like "$out" "*public domain, 5 sessions sgectl show cleartext -H all -d $day*" \
    "  and all hosts' sessions to watch, with the command that shows them"
like "$(sgectl 1 digest -a -H m2.test -d "$day" | tr -s '\n ' ' ')" \
    "*m2.test sge: 0 to fix, *public domain, 3 sessions*" "digest -H host"
is "$(sqlite3 "$W/3/db/sged.db" "SELECT count(*) FROM meta
    WHERE key = 'digest_day'")" 0 "  which notes nothing"
check "html -H all" sgectl 3 html -H all -d "$day" "$W/page"
out=$(cat "$W/page/index.html")
like "$out" '*<h1>Mail and TLS: all 4 hosts of the fleet</h1>*' \
    "  says whose numbers these are"
like "$out" '*<b>86</b><span>sessions out*in clear, out (5)*' \
    "  and has those of all"
like "$out" '*m9.test saw (it has copied nothing)*' "  but of a silent host"
like "$("$TOP/reporter/sgectl" -f "$W/conf" show flow -H all 2>&1)" \
    '*this host is in no fleet' "without a fleet there is none"

# --- mistakes --------------------------------------------------------------

fleet_stop 3
check "one that stops says goodbye" wait_for 10 grep -q 'stopped' "$W/3.log"
fleet_conf 4
sed -i 's/^hostname .*/hostname "m1.test"/' "$W/4.conf"
fleet_start 4
check "a second host of one name is refused" wait_for 60 grep -q \
    "can't be used: another host that runs has this hostname" "$W/4.log"
fleet_stop 4
fleet_conf 5
sed -i 's/^contact .*/contact "x@other.example"/; /^report from/d' \
    "$W/5.conf"
fleet_start 5
check "one that reports for another domain, too" wait_for 60 grep -q \
    "can't be used: this fleet reports for another domain" "$W/5.log"
fleet_stop 5
fleet_conf 6 "sslrootcert=$W/ca.pem"
fleet_start 6
check "a server that cannot be verified is not told the password" \
    wait_for 60 grep -q 'away: .*certificate verify failed' "$W/6.log"
fleet_stop 6
fleet_conf 7
sed -i 's/host=db.test/host=other.test/' "$W/7.conf"
fleet_start 7
check "nor one with another's certificate" wait_for 60 grep -q \
    'away: .*does not match host name' "$W/7.log"
fleet_stop 7

# One that does not know that its clock is far ahead, as it joins.
clock_make "$W/clock.so" "$W/clock"
clock_set $((200 * 86400))
before=$(total "member <> 'old'")
pg_sql "INSERT INTO sge.tally (member, day, domain, policy, ok, fail)
    VALUES ('old', $((daynumber - 200)), 'old.example', 0, 1, 0)"
fleet_conf 8
# shellcheck disable=SC2086
fleet_start 8 env $CLOCK_ENV
check "a host whose clock is ahead lets go of what is old" wait_for 60 \
    total_is "member = 'old'" 0
is "$(total "member <> 'old'")" "$before" "  by the database's clock"
fleet_stop 8
chmod 644 "$W/pgpass"
like "$(sgectl 2 check config /nonexistent 2>&1)" \
    '*fleet*passfile*can*be read by*others*' \
    "check config: a password that others can read"
chmod 600 "$W/pgpass"
pg_sql "UPDATE sge.fleet SET value = '99' WHERE key = 'format'"
fleet_start 3
check "tables of a newer version are left alone" wait_for 60 grep -q \
    "can't be used: its tables are of a newer version" "$W/3.log"
for n in 1 2 3; do
	fleet_stop $n
done
is "$(total true)" 86 "what was copied is as it was"
finish
