# SPDX-License-Identifier: ISC
#
# For tests of sged alone, without smtpd: a spool, a database and a
# configuration of its own in $W.  As root it is run as root, with
# users that exist for it alone; otherwise as whoever runs the test.

. "${TOP:=$(cd "$(dirname "$0")/../.." && pwd)}/regress/bed/tap.sh"
: "${REGRESS_BIN:=$TOP/regress/bin}"
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
export PATH

# Short: the path of a socket must not be longer than 100 bytes.
W=$(mktemp -d "${TMPDIR:-/tmp}/sged-t.XXXXXXXX") || exit 1
SGED=
SESSIONS=$W/spool/sessions

daemon_cleanup()
{
	[ -z "$SGED" ] || kill -9 "$SGED" 2>/dev/null
	rm -rf "$W"
}
trap daemon_cleanup EXIT
trap 'exit 1' HUP INT TERM

# daemon_conf [LINE...]: writes $W/conf with these lines added.
daemon_conf()
{
	{
		cat <<CONF
organization "Minties"
contact "tls-reports@minties.govt.nz"
hostname "mail.minties.govt.nz"
local { "minties.govt.nz" }
class government { ".govt.nz" }
flow from government to government require tls
flow from any to any prefer tls
spool "$W/spool"
database sqlite "$W/db/sged.db"
socket "$W/sock"
report from "tlsrpt-noreply@minties.govt.nz"
report sendmail "$W/sendmail"
resolver 127.0.0.1 port 9
ca "$W/ca.pem"
CONF
		for line in "$@"; do
			printf '%s\n' "$line"
		done
	} >"$W/conf"
}

# A sendmail that takes what comes, and certificates that nothing hangs on.
daemon_world()
{
	mkdir -p "$SESSIONS" "$W/db"
	printf '#!/bin/sh\nexec cat >/dev/null\n' >"$W/sendmail"
	chmod 755 "$W" "$W/sendmail"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -keyout "$W/key.pem" -out "$W/ca.pem" -subj /CN=test \
	    -days 2 >/dev/null 2>&1 || bail "openssl"
	daemon_conf
	if [ "$(id -u)" -eq 0 ]; then
		grep -v '^_sge' /etc/passwd >"$W/passwd"
		grep -v '^_sge' /etc/group >"$W/group"
		for user in _sged:x:871:871 _sgenet:x:874:874 \
		    _sgefilter:x:875:875; do
			echo "$user::/var/empty:/usr/sbin/nologin" \
			    >>"$W/passwd"
			echo "${user%:*}:" >>"$W/group"
		done
		chmod 644 "$W/passwd" "$W/group"
		chown -R 871:871 "$W/spool" "$W/db"
		# In a mount namespace: nobody else sees that user.
		unshare -m true 2>/dev/null || {
			echo "1..0 # SKIP root without unshare -m"
			exit 0
		}
		daemon_private=yes
	fi
}

# daemon_exec COMMAND...: replaces this shell, with its users known.
daemon_exec()
{
	if [ "${daemon_private:-no}" = yes ]; then
		exec unshare -m sh -c 'mount --bind "$1/passwd" /etc/passwd &&
		    mount --bind "$1/group" /etc/group && shift && exec "$@"' \
		    sh "$W" "$@"
	fi
	exec "$@"
}

# daemon_start: sged -d in the background, $SGED its pid; log in $W/log.
daemon_start()
{
	# Now, not when the shell below gets to it.
	: >"$W/log"
	( daemon_exec "$TOP/reporter/sged" -dv -f "$W/conf" ) \
	    >>"$W/log" 2>&1 </dev/null &
	SGED=$!
}

daemon_ready()
{
	grep -q 'engine: ready' "$W/log"
}

# The processes of this test's sged: they alone name its configuration.
daemon_pids()
{
	ps -eo pid,args | awk -v conf="$W/conf" \
	    '$2 ~ /sged$/ && $NF == conf { print $1 }'
}

daemon_gone()
{
	[ -z "$(daemon_pids)" ]
}

# query SQL: over the database, which may be in use.
query()
{
	sqlite3 -cmd '.timeout 20000' "$W/db/sged.db" "$1"
}
