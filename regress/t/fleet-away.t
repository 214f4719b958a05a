#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet's PostgreSQL restarts under load, has a full disk, dies and is
# replaced by its standby; a host is cut off while a day is reported, by a
# network that swallows all.  Each host counts and learns on meanwhile, nothing
# is lost and nothing is there twice.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/fleet.sh"
PG_SPACE=$W/space
mkdir "$PG_SPACE"
mount -t tmpfs -o size=32m none "$PG_SPACE"
chown 65534:65534 "$PG_SPACE"
chmod 700 "$PG_SPACE"
trap 'umount -l "$PG_SPACE"; daemon_cleanup' EXIT
chmod 755 "$W"
fleet_up
pg_standby "$W/pg2" 5433
fleet_mails 10
echo 'report spread 0s' >>"$W/conf"
echo 'fleet wait 5d' >>"$W/conf"
# Where packets go, and no answer comes from.
ip link add hole type veth peer name nowhere
ip address add 192.0.2.1/24 dev hole
ip link set hole up
ip link set nowhere up
ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev hole

second=${first%T*}T04Z.jsonl

both="host=db.test,db.test hostaddr=127.0.0.1,127.0.0.1 port=5432,5433"
both="$both target_session_attrs=read-write"
fleet_join
fleet_conf 1 "$both"
fleet_conf 2 "$both"
fleet_conf 3 hostaddr=192.0.2.9
sessions 3 "$first" 20 d3.example
for n in 1 2 3; do
	sessions $n "$first" $((n * 5)) "d$n.example"
	fleet_start $n
done

# Sessions all along, counted in $W/load.
load()
{
	load_n=0
	while [ ! -e "$W/quiet" ]; do
		sessions 1 "$first" 3 "d$((load_n % 10 + 1)).example"
		sessions 2 "$first" 4 "d$((load_n % 7 + 1)).example"
		sessions 3 "$first" 2 "d$((load_n % 3 + 1)).example"
		load_n=$((load_n + 1))
		echo $load_n >"$W/load"
		sleep 0.3
	done
}

counts_on()
{
	[ "$(counted "$1")" -gt "$2" ]
}

# counted N: sessions in that host's own database.
counted()
{
	sqlite3 -cmd '.timeout 20000' "$W/$1/db/sged.db" \
	    'SELECT coalesce(sum(ok + fail), 0) FROM tally'
}

# untouched N TEXT: it goes on counting, and learns what nobody asked before.
untouched()
{
	check "$2: it counts on" wait_for 60 counts_on "$1" "$(counted "$1")"
	asked=$((${asked:-0} + 1))
	like "$(perl -e '
	use Socket;
	socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die;
	connect($s, pack_sockaddr_un($ARGV[0])) or die "connect: $!";
	send($s, qq({"learn":"$ARGV[1]"}), 0) or die;
	recv($s, my $answer, 8192, 0);
	print $answer' "$W/$1.sock" "new$asked.example" 2>&1)" \
	    '{"learned":"new*' "  and learns"
}

all_there()
{
	total_is "member < 'm3'" "$(($(counted 1) + $(counted 2)))"
}

away()
{
	sgectl "$1" show status 2>&1 | grep -q 'ITS DATABASE IS AWAY'
}

check "two hosts are in the fleet" wait_for 90 total_is "domain =
    'd2.example' AND member = 'm2.test'" 10 || bail "no fleet"
load &
loader=$!
untouched 3 "one that is cut off"

# --- restarted -------------------------------------------------------------

for n in 1 2 3; do
	pg_stop immediate
	pg_start
done
pg_stop immediate
check "a host notices that it is away" wait_for 60 away 1
untouched 1 "without a database"
pg_start

# --- its disk is full --------------------------------------------------------

in_touch()
{
	! away 1 && ! away 2
}
check "both are back" wait_for 90 in_touch
dd if=/dev/zero of="$PG_SPACE/fill" bs=64k >/dev/null 2>&1
pg_sql "CREATE TABLE filler AS SELECT generate_series(1, 100000)" >/dev/null
full()
{
	sessions 1 "$second" 200 "more$((load_full += 1)).example"
	sgectl 1 show status 2>&1 | tr '\n' ' ' | grep -q 'No space left'
}
check "its disk is full, which show status says" wait_for 120 full
untouched 1 "with a full disk"
rm "$PG_SPACE/fill"
check "both go on once it is not" wait_for 90 in_touch

# --- dies, and a standby takes its place -----------------------------------

pg_fail_over
check "both find the one that took its place" wait_for 120 in_touch
touch "$W/quiet"
wait $loader
check "all is there, to the session" wait_for 120 all_there || {
	tail -n 5 "$W"/?.log
	pg_sql "SELECT member, sum(ok + fail) FROM sge.tally GROUP BY member"
}

# --- the day that one host missed --------------------------------------------

ended()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.report WHERE state = 'sent'
	    AND part = $1 AND domain LIKE 'd%'")" = "$2" ]
}
is "$(pg_sql 'SELECT count(*) FROM sge.report')" 0 "the day waits for the third"
# As if a week had passed for it.
pg_sql "UPDATE sge.member SET seen = 1 WHERE member = 'm3.test'"
check "it is reported without" wait_for 120 ended 0 10
fleet_stop 3
fleet_conf 3 "$both"
fleet_start 3
check "once that is back its sessions are, too" wait_for 120 ended 1 3 ||
    tail -n 5 "$W"/3.log
for n in 1 2 3; do
	fleet_stop $n
done
dns_stop
is "$(fleet_ids | uniq -d)" "" "no report was sent twice"
is "$(fleet_ids | wc -l)" 13 "  and each once"
is "$(for n in 1 2 3; do
	sqlite3 "$W/$n/db/sged.db" "SELECT report_id, ok + fail FROM report
	    WHERE state IN ('sent', 'no-rua')"
    done | awk -F'|' '{ n += $2 } END { print n }')" \
    $(($(counted 1) + $(counted 2) + $(counted 3))) \
    "with all sessions of all hosts, once"
finish
