# SPDX-License-Identifier: ISC
#
# Hosts of a fleet: each a sged with a spool and a database of its own in $W/N,
# all of one PostgreSQL.
#
#	TOP=...; . bed/fleet.sh	the script again, in a network of its own
#	fleet_up		the PostgreSQL; $day: two days ago

. "$TOP/regress/bed/pg.sh"
pg_network "$0" "$@"
. "$TOP/regress/bed/daemon.sh"
. "$TOP/regress/bed/dns.sh"
. "$TOP/regress/bed/fleet_members.sh"

fleet_up()
{
	pg_find
	"$TOP/reporter/sged" -n -f /dev/null 2>&1 |
	    grep -q 'without PostgreSQL' && bail "built without libpq"
	daemon_world
	chmod 755 "$W"
	pg_up "$W/pg"
	cp "$W/pg/ca.pem" "$W/dbca.pem"
	day=$(date -u -d '2 days ago' +%Y-%m-%d)
	daynumber=$(($(date -u -d "$day" +%s) / 86400))
	first=$(echo "$day" | tr -d -)T03Z.jsonl
	echo '127.0.0.1:*:sge:sge:secret' >"$W/pgpass"
	sed -n '$s/^127.0.0.1/db.test/p' "$W/pgpass" >>"$W/pgpass"
	chmod 600 "$W/pgpass"
	chown 874 "$W/pgpass"
}

# fleet_mails N: d1 to dN.example ask for mail, which gets into $W/mails; while
# there is $W/hold, sendmail has taken it and says nothing yet.
fleet_mails()
{
	dns_unbound || {
		echo "1..0 # SKIP needs unbound"
		exit 0
	}
	mkdir "$W/dns" "$W/mails"
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "local-data: %c_smtp._tls.d%d.example. 1 IN " \
			    "TXT \"v=TLSRPTv1; rua=mailto:tls@d%d.example" \
			    "\"%c\n", 39, i, i, 39
	}' >"$W/names"
	dns_start "$W/dns" <"$W/names" || bail "no name server"
	chown 871 "$W/mails"
	cat >"$W/sendmail" <<-EOT
	#!/bin/sh
	f=\$(mktemp "$W/mails/.XXXXXXXX") && cat >"\$f" &&
	    mv "\$f" "$W/mails/\${f##*.}" || exit 75
	sleep 0.\$((\$\$ % 4))
	while [ -e "$W/hold" ]; do
		sleep 0.1
	done
	EOT
	sed -i "s/port 9\$/port $dns_port/" "$W/conf"
}

# fleet_ids: each report is a mail with its id in the subject.
fleet_ids()
{
	sed -n 's/.*Report-ID: *<\([^>]*\)>.*/\1/p' "$W"/mails/* | sort
}

# fleet_join: hosts 1 to 3 are.
fleet_join()
{
	fleet_conf 9
	fleet_start 9
	check "the tables are made" wait_for 60 grep -q 'in touch' "$W/9.log"
	fleet_stop 9
	fleet_members $daynumber m1.test m2.test m3.test
}

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

# fleet_start N [COMMAND...]: its log in $W/N.log, its pid in $W/N.pid; run by
# that command.
fleet_start()
{
	start_n=$1
	shift
	: >"$W/$start_n.log"
	( daemon_exec "$@" "$TOP/reporter/sged" -dv -f "$W/$start_n.conf" ) \
	    >>"$W/$start_n.log" 2>&1 </dev/null &
	echo $! >"$W/$start_n.pid"
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

# sessions N FILE COUNT DOMAIN [clear]: that many more of host N with that
# domain, by TLS or in clear.
sessions()
{
	awk -v n="$3" -v domain="$4" -v day="$day" -v host="m$1.test" \
	    -v clear="${5:-}" '
	BEGIN {
		tls = "\"offered\",\"tls\":\"TLSv1.3\",\"cipher\":" \
		    "\"TLS_AES_256_GCM_SHA384\",\"failure\":null"
		if (clear != "")
			tls = "\"absent\",\"tls\":null,\"cipher\":null," \
			    "\"failure\":\"starttls-not-supported\""
		for (i = 0; i < n; i++)
			printf "{\"v\":1,\"time\":\"%sT03:04:05Z\"," \
			    "\"host\":\"%s\",\"dir\":\"out\"," \
			    "\"session\":\"%016x\",\"local\":\"192.0.2.1\"," \
			    "\"remote\":\"198.51.100.7\"," \
			    "\"rdns\":\"mx.%s\",\"helo\":\"mx.%s\"," \
			    "\"starttls\":%s,\"tx\":[{\"from\":" \
			    "\"minties.govt.nz\",\"to\":\"%s\",\"flow\":" \
			    "\"government>public\",\"verdict\":\"pass\"," \
			    "\"messages\":1,\"rcpts\":1}]}\n", day, host, \
			    i, domain, domain, tls, domain
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

# sgectl N WORD...: of host N, with the users known that read its password.
sgectl()
{
	n=$1
	shift
	( daemon_exec "$TOP/reporter/sgectl" -f "$W/$n.conf" "$@" )
}
