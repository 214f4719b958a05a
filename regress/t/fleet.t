#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet: three sged, each with a spool and a database of its own, and one
# PostgreSQL that has all they counted, to the session, whatever ends when.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/pg.sh"
pg_network "$0" "$@"
pg_find
. "$TOP/regress/bed/daemon.sh"
"$TOP/reporter/sged" -n -f /dev/null 2>&1 | grep -q 'without PostgreSQL' &&
    bail "built without libpq"
daemon_world
chmod 755 "$W"
pg_up "$W/pg"
cp "$W/pg/ca.pem" "$W/dbca.pem"
day=$(date -u -d '2 days ago' +%Y-%m-%d)
daynumber=$(($(date -u -d "$day" +%s) / 86400))
echo '127.0.0.1:*:sge:sge:secret' >"$W/pgpass"
sed -n '$s/^127.0.0.1/db.test/p' "$W/pgpass" >>"$W/pgpass"
chmod 600 "$W/pgpass"
chown 874 "$W/pgpass"

# fleet_conf N [WORD...]: host N's configuration, in $W/N.
fleet_conf()
{
	n=$1
	shift
	mkdir -p "$W/$n/spool/sessions" "$W/$n/db"
	chown -R 871:871 "$W/$n"
	chown 875:875 "$W/$n/spool/sessions"
	chmod 770 "$W/$n/spool/sessions"
	sed -e "s,$W/spool,$W/$n/spool,; s,$W/db,$W/$n/db,
	    s,$W/sock,$W/$n.sock,; s,^hostname .*,hostname \"m$n.test\"," \
	    "$W/conf" >"$W/$n.conf"
	echo "fleet postgresql \"host=db.test hostaddr=127.0.0.1 dbname=sge" \
	    "user=sge passfile=$W/pgpass sslrootcert=$W/dbca.pem $*\"" \
	    >>"$W/$n.conf"
}

# fleet_start N: its log in $W/N.log, its pid in $W/N.pid.
fleet_start()
{
	: >"$W/$1.log"
	( daemon_exec "$TOP/reporter/sged" -dv -f "$W/$1.conf" ) \
	    >>"$W/$1.log" 2>&1 </dev/null &
	echo $! >"$W/$1.pid"
}

fleet_gone()
{
	! kill -0 "$(cat "$W/$1.pid")" 2>/dev/null
}

# fleet_stop N [SIGNAL]
fleet_stop()
{
	kill -"${2:-TERM}" "$(cat "$W/$1.pid")"
	wait "$(cat "$W/$1.pid")" 2>/dev/null
}

# sessions N FILE COUNT DOMAIN: that many more of host N with that domain.
sessions()
{
	awk -v n="$3" -v domain="$4" -v day="$day" -v host="m$1.test" '
	BEGIN {
		for (i = 0; i < n; i++)
			printf "{\"v\":1,\"time\":\"%sT03:04:05Z\"," \
			    "\"host\":\"%s\",\"dir\":\"out\"," \
			    "\"session\":\"%016x\",\"local\":\"192.0.2.1\"," \
			    "\"remote\":\"198.51.100.7\"," \
			    "\"rdns\":\"mx.%s\",\"helo\":\"mx.%s\"," \
			    "\"starttls\":\"offered\",\"tls\":\"TLSv1.3\"," \
			    "\"cipher\":\"TLS_AES_256_GCM_SHA384\"," \
			    "\"failure\":null,\"tx\":[{\"from\":" \
			    "\"minties.govt.nz\",\"to\":\"%s\",\"flow\":" \
			    "\"government>public\",\"verdict\":\"pass\"," \
			    "\"messages\":1,\"rcpts\":1}]}\n", day, host, \
			    i, domain, domain, domain
	}' >>"$W/$1/spool/sessions/$2"
}

# total SQL-CONDITION: sessions that the fleet's database has.
total()
{
	pg_sql "SELECT coalesce(sum(ok + fail), 0) FROM sge.tally WHERE $1"
}

total_is()
{
	[ "$(total "$1")" = "$2" ]
}

closed_is()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.member_day WHERE day = $daynumber
	    AND closed IS NOT NULL")" = "$1" ]
}

sgectl()
{
	n=$1
	shift
	"$TOP/reporter/sgectl" -f "$W/$n.conf" "$@"
}

first=$(echo "$day" | tr -d -)T03Z.jsonl
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
is "$(total "domain = 'shared.example'")" 60 "with the sum of their sessions"
is "$(total true)" 66 "and of all"
is "$(pg_sql "SELECT member, sum(tls13) FROM sge.flow WHERE class = '*'
    GROUP BY member ORDER BY member" | tr '\n' ' ')" \
    "m1.test|11 m2.test|22 m3.test|33 " "each host's flows under its name"
is "$(pg_sql "SELECT count(*) FROM sge.member")" 3 "all three are members"
is "$(pg_sql "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity
    USING (pid) WHERE application_name = 'sged'")" t "by TLS"
known()
{
	sgectl 1 show status 2>&1 | grep -q 'fleet  *3 hosts; all was copied'
}
check "show status tells" wait_for 30 known
out=$(sgectl 1 -j show status)
like "$out" '*"host":"m3.test"*' "of each host with -j"
like "$(sgectl 1 check config /nonexistent 2>&1)" \
    '*fleet*this host is in it, one of 3; 0*silent*' "check config too"

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
is "$(total true)" 81 "what was copied is as it was"
finish
