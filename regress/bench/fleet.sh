#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet's database as HOSTS hosts fill it with a day of DOMAINS domains each:
# rows and bytes; then one, two and four real senders that share it, with a
# sendmail that takes all: reports a second, and the database's CPU for one.
# Each has a fifth of a processor, as if on a host of its own, where Linux has
# cgroups for that (SHARE=100: a whole one).  As root.
#
#	fleet.sh [hosts [domains [reports]]]
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/fleet.sh"
hosts=${1:-20}
domains=${2:-50000}
reports=${3:-6000}
dns_unbound || exit 1
fleet_up
mkdir "$W/dns"
dns_start "$W/dns" <<'EOT' || exit 1
	local-zone: "bench.example." redirect
	local-data: 'bench.example. 60 IN TXT "v=TLSRPTv1; rua=mailto:tls@rcpt.example"'
EOT
sed -i "s/port 9\$/port $dns_port/; s,$W/sendmail,/bin/true," "$W/conf"
cat >>"$W/conf" <<'EOT'
report spread 0s
report limit 1000000
fleet wait 1h
EOT

# Its tables, by a host that then is none.
fleet_conf 9
fleet_start 9
wait_for 60 grep -q 'in touch' "$W/9.log" || bail "no fleet"
fleet_stop 9

# One of 50 domains has a policy, one of 20 a kind of failure.
pg_sql "DELETE FROM sge.member;
    INSERT INTO sge.member_day (member, day, copied, closed)
	SELECT 'host' || h, $daynumber, 0, 1 FROM generate_series(1, $hosts) h;
    INSERT INTO sge.tally (member, day, domain, policy, ok, fail)
	SELECT 'host' || h, $daynumber, substr(md5(d::text), 1, 12) ||
	'.bench.example', CASE WHEN d % 50 = 0 THEN d ELSE 0 END, d % 9 + 1,
	(d % 20 = 0)::int FROM generate_series(1, $hosts) h,
	generate_series(1, $domains) d;
    INSERT INTO sge.policy (member, day, id, domain, type, mode, strings, mx)
	SELECT 'host' || h, $daynumber, d, substr(md5(d::text), 1, 12) ||
	'.bench.example', 'sts', 'enforce', '[\"version: STSv1\",\"mode: ' ||
	'enforce\",\"mx: *.bench.example\",\"max_age: 604800\"]',
	'[\"*.bench.example\"]' FROM generate_series(1, $hosts) h,
	generate_series(50, $domains, 50) d;
    INSERT INTO sge.detail (member, day, domain, policy, type, sip, rip, mx,
	helo, reason, info, pending, count) SELECT 'host' || h, $daynumber,
	substr(md5(d::text), 1, 12) || '.bench.example', 0,
	'starttls-not-supported', '192.0.2.1', '198.51.100.7',
	'mx.bench.example', '', '', '', 0, 1
	FROM generate_series(1, $hosts) h, generate_series(20, $domains, 20) d;
    INSERT INTO sge.correspondent (member, day, dir, domain, class, tls13,
	tls12, older, clear, refused, legacy, testing, messages, rcpts, first,
	last) SELECT 'host' || h, $daynumber, 0, substr(md5(d::text), 1, 12) ||
	'.bench.example', 'public', d % 9, 1, 0, 0, 0, 0, 0, d % 9, d % 9,
	1795000000, 1795080000 FROM generate_series(1, $hosts) h,
	generate_series(1, $domains) d" || exit 1
pg_sql ANALYZE
pg_sql "SELECT relname, n_live_tup || ' rows', pg_relation_size(relid) ||
    ' bytes', pg_indexes_size(relid) || ' of indexes', round((
    pg_total_relation_size(relid)::numeric) / greatest(n_live_tup, 1)) ||
    ' a row' FROM pg_stat_user_tables WHERE relname IN ('tally', 'detail',
    'policy', 'correspondent') ORDER BY relname" | tr '|' '\t'

# What PostgreSQL has used, in milliseconds.
pg_cpu()
{
	pg_parent=$(head -n 1 "$PG/data/postmaster.pid")
	for pg_pid in $pg_parent \
	    $(cat "/proc/$pg_parent/task/$pg_parent/children"); do
		sed 's/.*) //' "/proc/$pg_pid/stat"
	done 2>/dev/null | awk 'NR == 1 { n += $14 + $15 }
	    { n += $12 + $13 } END { print n * 10 }'
}

sent()
{
	pg_sql "SELECT count(*) FROM sge.report WHERE state = 'sent'"
}

any_claimed()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.report WHERE state IN
	    ('claimed', 'sent') AND next = 0 AND member IS NOT NULL")" -gt \
	    "$before" ]
}

all_sent()
{
	[ "$(sent)" -ge "$1" ]
}

# Where the processes of a sender are held to their share; "": nowhere.
groups=
for g in /sys/fs/cgroup /sys/fs/cgroup/cpu; do
	[ ! -f $g/cpu.cfs_quota_us ] && [ ! -f $g/cgroup.subtree_control ] ||
	    groups=$g
done
[ -n "$groups" ] || echo "no cgroups here: senders share the processors"

# held_start N: fleet_start, by a shell that is held meanwhile.
held_start()
{
	if [ -n "$groups" ] && mkdir "$groups/sge-$$-$1"; then
		(echo $((${SHARE:-20} * 1000)) \
		    >"$groups/sge-$$-$1/cpu.cfs_quota_us" ||
		echo "$((${SHARE:-20} * 1000)) 100000" \
		    >"$groups/sge-$$-$1/cpu.max") 2>/dev/null ||
		    echo "sender $1 has no share of its own here"
		echo $$ >"$groups/sge-$$-$1/cgroup.procs"
	fi
	fleet_start "$1"
	[ -z "$groups" ] || echo $$ >"$groups/cgroup.procs"
}

held_stop()
{
	fleet_stop "$1"
	[ -z "$groups" ] || wait_for 20 rmdir "$groups/sge-$$-$1"
}

began=$(date +%s%N)
for senders in 1 2 4; do
	n=0
	while [ $((n += 1)) -le $senders ]; do
		rm -rf "$W/$n" "$W/$n.conf"
		fleet_conf $n
		# A host sends reports of days that it has seen.
		sessions $n "$first" 1 "own.bench.example"
		held_start $n
	done
	n=0
	while [ $((n += 1)) -le $senders ]; do
		wait_for 60 grep -q 'in touch' "$W/$n.log"
	done
	# Opened by the first of them; all but some wait for another time.
	until pg_sql "SELECT count(*) FROM sge.report" | grep -qv '^0$'; do
		sleep 0.1
	done
	if [ $senders -eq 1 ]; then
		echo "the day was opened" \
		    "$((($(date +%s%N) - began) / 1000000)) ms after the" \
		    "first sender's start"
	fi
	pg_sql "UPDATE sge.report SET next = 9999999999 WHERE state = 'due'"
	sleep 3
	before=$(sent)
	cpu=$(pg_cpu)
	pg_sql "UPDATE sge.report SET next = 0 WHERE (day, domain, part) IN
	    (SELECT day, domain, part FROM sge.report WHERE state = 'due'
	    AND part = 0 LIMIT $reports)"
	# A host that had nothing to do looks every ten seconds.
	wait_for 30 any_claimed
	t=$(date +%s%N)
	wait_for 600 all_sent $((before + reports))
	t=$((($(date +%s%N) - t) / 1000000))
	echo "$senders senders: $reports reports in $t ms," \
	    "$((reports * 1000 / t)) a second, database CPU" \
	    "$((($(pg_cpu) - cpu) * 1000 / reports)) us a report; load" \
	    "$(cut -d' ' -f1 /proc/loadavg)"
	n=0
	while [ $((n += 1)) -le $senders ]; do
		held_stop $n
	done
	pg_sql "DELETE FROM sge.member"
done
dns_stop
