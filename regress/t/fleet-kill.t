#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet's senders are killed at random, between building a report and sending
# it, and between sendmail's taking it and the note of that: each report once,
# and one more copy, under its id, only of what was handed over and not noted
# when its sender was killed.
#
#	FLEET_KILLS=50 sh regress/run regress/t/fleet-kill.t	(some minutes)
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/fleet.sh"
fleet_up
kills=${FLEET_KILLS:-4}
batch=8
domains=$((kills * batch))
fleet_mails $domains
echo 'report spread 24h' >>"$W/conf"
echo 'fleet wait 5d' >>"$W/conf"

# chance N: a number below.
chance()
{
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

held()
{
	pg_sql "SELECT report_id || '@minties.govt.nz' FROM sge.report
	    WHERE state = 'claimed'
	    AND member LIKE '${1:-%}'" | sort
}

some_held()
{
	[ -n "$(held "$@")" ]
}

# between N: what host N handed over, and the fleet does not know of it.
between()
{
	held "m$1.test" >"$W/held"
	fleet_ids | uniq | comm -12 - "$W/held"
}

some_between()
{
	[ -n "$(between "$1")" ]
}

# All that descends from a process; grandchildren wait for sendmail.
kin()
{
	for kin_pid in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		echo "$kin_pid"
		[ "${2:-}" = children ] || kin "$kin_pid"
	done
}

no_mailing()
{
	! pgrep -f "$W/sendmail" >/dev/null
}

# strike N all|daemon
strike()
{
	pid=$(cat "$W/$1.pid")
	if [ "$2" = all ]; then
		list=$(kin "$pid")
	else
		list=$(kin "$pid" children)
	fi
	# shellcheck disable=SC2086
	kill -KILL "$pid" $list 2>/dev/null
	wait "$pid" 2>/dev/null
	rm -f "$W/hold"
	wait_for 30 no_mailing
	sqlite3 -cmd '.timeout 20000' "$W/$1/db/sged.db" "SELECT count(*)
	    FROM report JOIN claimed ON id = report WHERE state = 'due' OR
	    id IN (SELECT report FROM delivery WHERE state = 'due')" \
	    >>"$W/unsent"
	between "$1" | tee -a "$W/between" | wc -l >>"$W/handed"
}

for n in 1 2 3; do
	fleet_conf $n
	i=0
	while [ $((i += 1)) -le $domains ]; do
		sessions $n "$first" $((i % 7 + n)) "d$i.example"
	done
done
fleet_join
for n in 1 2 3; do
	fleet_start $n
done
opened()
{
	[ "$(pg_sql 'SELECT count(*) FROM sge.report')" = $domains ]
}
check "each domain is to have a report" wait_for 90 opened || {
	tail -n 5 "$W"/?.log
	bail "no fleet"
}

: >"$W/between"
down=
k=0
while [ $k -lt "$kills" ]; do
	[ $((k % 2)) -eq 1 ] || touch "$W/hold"
	pg_sql "UPDATE sge.report SET next = 0 WHERE domain IN (SELECT domain
	    FROM sge.report WHERE state = 'due' AND next > 0 LIMIT $batch)"
	wait_for 60 some_held || break
	sleep "0.$(chance 10)"
	victim=$(pg_sql "SELECT member FROM sge.report WHERE state = 'claimed'
	    ORDER BY random() LIMIT 1" | tr -dc 0-9)
	: "${victim:=$(($(chance 3) + 1))}"
	[ "$victim" = "$down" ] && victim=$((down % 3 + 1))
	[ ! -e "$W/hold" ] || wait_for 20 some_between "$victim"
	how=all
	[ "$(chance 3)" -gt 0 ] || how=daemon
	strike "$victim" "$how"
	[ -z "$down" ] || fleet_start "$down"
	down=
	if [ "$(chance 2)" -eq 0 ]; then
		fleet_start "$victim"
	else
		# As if a minute had passed for it, and two for the others.
		down=$victim
		pg_sql "UPDATE sge.member SET up = 1, seen = CASE member
		    WHEN 'm$down.test' THEN 1 ELSE seen END"
	fi
	k=$((k + 1))
done
rm -f "$W/hold"
[ -z "$down" ] || fleet_start "$down"
pg_sql "UPDATE sge.report SET next = 0; UPDATE sge.member SET up = 1"
is "$k" "$kills" "hosts are killed"

# What a killed sendmail left waits for its turn: that comes now.
ended()
{
	for ended_n in 1 2 3; do
		sqlite3 -cmd '.timeout 20000' "$W/$ended_n/db/sged.db" \
		    "UPDATE delivery SET next = 0 WHERE state = 'due'"
	done
	[ "$(pg_sql "SELECT count(*) FROM sge.report
	    WHERE state = 'sent'")" = $domains ]
}
check "all reports are sent" wait_for 180 ended || {
	tail -n 5 "$W"/?.log
	pg_sql "SELECT * FROM sge.report WHERE state <> 'sent';
	    SELECT * FROM sge.member"
}
for n in 1 2 3; do
	fleet_stop $n
done
dns_stop
fleet_ids >"$W/ids"
is "$(uniq "$W/ids" | wc -l)" $domains "each domain has got one"
sort -u "$W/between" >"$W/may"
is "$(uniq -d "$W/ids" | comm -23 - "$W/may")" "" \
    "twice only what was handed over and not noted"
for n in 1 2 3; do
	sqlite3 "$W/$n/db/sged.db" "SELECT report_id, ok + fail FROM report
	    WHERE state = 'sent'"
done | sort -u >"$W/told"
all=$(awk -v n=$domains 'BEGIN {
	for (i = 1; i <= n; i++)
		sum += 3 * (i % 7) + 6
	print sum
}')
is "$(wc -l <"$W/told") $(awk -F'|' '{ n += $2 } END { print n }' "$W/told")" \
    "$domains $all" "and their totals are exact"
is "$(total true)" "$all" "as those of the fleet's database are"
ok "$([ "$(awk '{ n += $1 } END { print n }' "$W/handed")" -gt 0 ]; echo $?)" \
    "some were killed between handing over and noting"
echo "# $k kills: built and not sent at the time" \
    "$(awk '{ n += $1 } END { print n }' "$W/unsent"), handed over and not" \
    "noted $(wc -l <"$W/may"), of these sent twice $(uniq -d "$W/ids" | wc -l)"
finish
