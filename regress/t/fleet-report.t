#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet's reports: one for each domain, of what all hosts saw; whoever sends
# it; once, also where the host that was to send it died; and one more of a
# host that was late.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/pg.sh"
pg_network "$0" "$@"
. "$TOP/regress/bed/daemon.sh"
. "$TOP/regress/bed/dns.sh"
. "$TOP/regress/bed/fleet.sh"
dns_unbound || {
	echo "1..0 # SKIP needs unbound"
	exit 0
}
fleet_up
n=0
while [ $((n += 1)) -le 12 ]; do
	echo "local-data: '_smtp._tls.d$n.example. 1 IN TXT" \
	    "\"v=TLSRPTv1; rua=mailto:tls@d$n.example\"'"
done >"$W/names"
mkdir "$W/dns" "$W/mails"
dns_start "$W/dns" <"$W/names" || bail "no name server"
chown 871 "$W/mails"
# A sendmail that takes each mail whole, or none while there is $W/full.
cat >"$W/sendmail" <<EOT
#!/bin/sh
[ ! -e "$W/full" ] || exit 75
f=\$(mktemp "$W/mails/.XXXXXXXX") && cat >"\$f" && mv "\$f" "$W/mails/\${f##*.}"
EOT
sed -i "s/port 9\$/port $dns_port/" "$W/conf"
echo 'report spread 0s' >>"$W/conf"
echo 'report retry 10m' >>"$W/conf"
echo 'fleet wait 5d' >>"$W/conf"

# Each report is a mail with its id in the subject.
ids()
{
	sed -n 's/.*Report-ID: *<\([^>]*\)>.*/\1/p' "$W"/mails/* | sort
}

mails_are()
{
	[ "$(ls "$W/mails" | wc -l)" -ge "$1" ]
}

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

# Nobody is to open the day before the others are known: one makes the tables.
fleet_conf 9
fleet_start 9
check "the tables are made" wait_for 60 grep -q 'in touch' "$W/9.log"
fleet_stop 9
pg_sql "DELETE FROM sge.member; INSERT INTO sge.member (member, instance,
    version, joined, seen, since) SELECT 'm' || n || '.test', '', '', 0,
    extract(epoch FROM now())::bigint - 100, $daynumber
    FROM generate_series(1, 3) n"

# --- claimed, and the host dies --------------------------------------------

touch "$W/full"
for n in 1 2 3; do
	fleet_conf $n
	i=0
	while [ $((i += 1)) -le 6 ]; do
		sessions $n "$first" $((n * i)) "d$i.example"
	done
	sessions $n "$first" 1 "silent.example"
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
fleet_stop "$victim" KILL
rm "$W/full"
# As if a minute had passed for it.
pg_sql "UPDATE sge.report SET lease = 1 WHERE state = 'claimed'
    AND member = 'm$victim.test'"
check "others send those of a host that died" wait_for 300 ended 'd%' 6 ||
    tail -n 5 "$W"/?.log
is "$(ids | wc -l) $(ids | uniq | wc -l)" "6 6" "one for each domain"
fleet_start "$victim"
check "which lets go of them when it is back" wait_for 60 grep -q \
    'fleet: [1-6] reports are sent by other hosts' "$W/$victim.log"
is "$(ids | wc -l)" 6 "and sends none of them"
is "$(told)" 126 "they tell of all sessions of all hosts"
is "$(pg_sql "SELECT state FROM sge.report WHERE domain = 'silent.example'")" \
    no-rua "there is none for who asks for none"
one=$(grep -l 'Report-ID: *<[^>]*d4.example' "$W"/mails/*)
like "$(sgectl 1 read "$one" 2>&1)" '*d4.example*24*' \
    "what is sent has the sum"
like "$(sgectl 1 send -d "$day" d1.example 2>&1)" '*is in a fleet*' \
    "sgectl send says who sends"

# --- a late host -------------------------------------------------------------

fleet_conf 4
sessions 4 "$first" 11 d1.example
fleet_start 4
check "a late host's sessions make a report of their own" \
    wait_for 90 ended 'd1.%' 2
is "$(ids | grep -c 'd1\.example')" 2 "under its own id"
is "$(ids | uniq | wc -l)" 7 "  that no other has"
is "$(told)" $((126 + 11)) "and every session was told once"
for n in 1 2 3 4; do
	fleet_stop $n
done
dns_stop
finish
