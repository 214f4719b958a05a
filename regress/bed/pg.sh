# SPDX-License-Identifier: ISC
#
# A PostgreSQL of the test's own: in a folder of its own, as a user who is not
# root, at 127.0.0.1 of the test's own network and by TLS.
#
#	pg_network "$0" "$@"	the script again, in a network of its own
#	pg_up DIR		a new one; DIR/ca.pem signed it for db.test;
#				its tables in $PG_SPACE, if that is set
#	pg_standby DIR PORT	one that has all that it has committed
#	pg_fail_over		the first one dies, and that one is it
#
# Wants tap.sh.  $PG_BIN: its programs.  $PG_AT: nsenter and its options, where
# it is to run in another network, $PG_LISTEN: its address there.

pg_network()
{
	[ "${PG_INSIDE:-}" = yes ] && return 0
	[ "$(id -u)" -eq 0 ] || {
		echo "1..0 # SKIP needs root for a network of its own"
		exit 0
	}
	unshare --mount --pid --fork --net true 2>/dev/null || {
		echo "1..0 # SKIP needs namespaces"
		exit 0
	}
	PG_INSIDE=yes
	export PG_INSIDE
	# When the script ends, so does all that it started.
	unshare --mount --pid --fork --kill-child --mount-proc --net sh "$@" &
	pg_outer=$!
	trap 'kill -KILL $pg_outer; exit 143' HUP INT TERM
	wait $pg_outer
	exit
}

pg_find()
{
	for PG_BIN in /usr/lib/postgresql/*/bin /usr/local/bin; do
		[ -x "$PG_BIN/initdb" ] && return
	done
	echo "1..0 # SKIP needs postgresql"
	exit 0
}

# As nobody, who owns the folder.
pg_as()
{
	# shellcheck disable=SC2086
	${PG_AT:-} setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# pg_tls DIR: an authority, and the server's certificate for db.test.
pg_tls()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -keyout "$1/ca.key" -out "$1/ca.pem" -subj /CN=ca \
	    -days 3650 >/dev/null 2>&1 &&
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -keyout "$1/server.key" -out "$1/server.csr" -subj /CN=db.test \
	    >/dev/null 2>&1 &&
	echo "subjectAltName = DNS:db.test" >"$1/ext" &&
	openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" \
	    -CAkey "$1/ca.key" -CAcreateserial -extfile "$1/ext" -days 3650 \
	    -out "$1/server.crt" >/dev/null 2>&1 || bail "openssl"
	chmod 600 "$1/server.key"
	chmod 644 "$1/ca.pem"
}

# The password is "secret"; its superuser, with the right of the socket, sge.
pg_up()
{
	pg_find
	ip link set lo up
	PG=$1
	mkdir -p "$PG"
	chmod 755 "$PG"
	pg_tls "$PG"
	echo secret >"$PG/password"
	chown -R 65534:65534 "$PG"
	pg_as "$PG_BIN/initdb" -D "$PG/data" -U sge -E UTF8 --locale=C \
	    --auth-local=trust --auth-host=scram-sha-256 \
	    --pwfile="$PG/password" --no-sync >"$PG/initdb.log" 2>&1 ||
	    bail "initdb: $(tail -n 3 "$PG/initdb.log")"
	cat >>"$PG/data/postgresql.conf" <<-CONF
	listen_addresses = '${PG_LISTEN:-127.0.0.1}'
	unix_socket_directories = '$PG'
	fsync = off
	shared_buffers = 16MB
	ssl = on
	ssl_cert_file = '$PG/server.crt'
	ssl_key_file = '$PG/server.key'
	CONF
	sed -i 's/^host /hostssl /' "$PG/data/pg_hba.conf"
	[ -z "${PG_LISTEN:-}" ] ||
	    echo 'hostssl all all all scram-sha-256' >>"$PG/data/pg_hba.conf"
	pg_start
	pg_sql "${PG_SPACE:+CREATE TABLESPACE space LOCATION '$PG_SPACE'}" &&
	    pg_sql "CREATE DATABASE sge ${PG_SPACE:+TABLESPACE space}" ||
	    bail "no database"
	PG_DB=sge
}

pg_streaming()
{
	[ "$(pg_sql "SELECT count(*) FROM pg_stat_replication
	    WHERE state = 'streaming'")" = 1 ]
}

pg_standby()
{
	mkdir -p "$1/space"
	chown -R 65534:65534 "$1"
	pg_as "$PG_BIN/pg_basebackup" -h "$PG" -U sge -D "$1/data" -R \
	    -X stream -c fast --no-sync \
	    ${PG_SPACE:+--tablespace-mapping="$PG_SPACE=$1/space"} \
	    >"$1/backup.log" 2>&1 || bail "standby: $(cat "$1/backup.log")"
	cat >>"$1/data/postgresql.conf" <<-CONF
	port = $2
	unix_socket_directories = '$1'
	CONF
	(PG=$1 && pg_start) || exit 1
	wait_for 60 pg_streaming || bail "no standby"
	pg_sql "ALTER SYSTEM SET synchronous_standby_names = '*'"
	pg_sql "SELECT pg_reload_conf()" >/dev/null
	PG_NEXT=$1
	PG_NEXT_PORT=$2
}

pg_fail_over()
{
	pg_stop immediate
	PG=$PG_NEXT
	PG_PORT=$PG_NEXT_PORT
	pg_as "$PG_BIN/pg_ctl" -D "$PG/data" -w -t 120 promote \
	    >>"$PG/ctl.log" 2>&1 || bail "promote: $(tail -n 3 "$PG/log")"
}

pg_start()
{
	pg_as "$PG_BIN/pg_ctl" -D "$PG/data" -l "$PG/log" -w -t 120 start \
	    >"$PG/ctl.log" 2>&1 || bail "pg_ctl: $(tail -n 3 "$PG/log")"
}

# pg_stop [MODE]
pg_stop()
{
	pg_as "$PG_BIN/pg_ctl" -D "$PG/data" -m "${1:-fast}" -w stop \
	    >>"$PG/ctl.log" 2>&1
}

# pg_sql SQL: what it finds, '|' between columns.
pg_sql()
{
	"$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$PG" \
	    -p "${PG_PORT:-5432}" -U sge \
	    -d "${PG_DB:-postgres}" -c "$1" 2>&1
}
