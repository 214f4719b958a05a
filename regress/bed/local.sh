# SPDX-License-Identifier: ISC
#
# A sged of its own on this host, for tests that need no mail host and no
# root: a name server and HTTPS hosts on loopback addresses that nobody else
# has, and a sendmail that keeps what it gets.
#
#	. "$(dirname "$0")/../bed/local.sh"
#	local_up

TOP=$(cd "$(dirname "$0")" && until [ -d filter ] || [ "$PWD" = / ]; do
    cd ..; done && pwd)
BIN=$TOP/regress/bin

. "$TOP/regress/bed/tap.sh"
. "$TOP/regress/bed/dns.sh"

local_skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

local_up()
{
	dns_unbound || local_skip "needs unbound"
	command -v openssl >/dev/null || local_skip "needs openssl"
	# shellcheck disable=SC2009
	NET=127.$((16 + $$ / 62500 % 200)).$((1 + $$ / 250 % 250))
	NET=$NET.$(($$ % 250 / 2 * 2 + 1))
	DNS_IP=$NET
	WEB_IP=${NET%.*}.$((${NET##*.} + 1))
	# As root sged would become _sged, who need not exist here.
	AS=
	if [ "$(id -u)" -eq 0 ]; then
		command -v setpriv >/dev/null || local_skip "needs setpriv"
		AS="setpriv --reuid 65534 --regid 65534 --clear-groups"
	fi
	L=$(mktemp -d "${TMPDIR:-/tmp}/sge-local.XXXXXX") || exit 1
	mkdir "$L/log" "$L/certs" "$L/answers" "$L/posts" "$L/mails" \
	    "$L/spool" "$L/spool/sessions" "$L/db" "$L/bin"
	# Below /root nobody else could run them.
	cp "$TOP/reporter/sged" "$TOP/reporter/sgectl" "$L/bin/" ||
	    bail "no sged, no sgectl"
	trap local_down EXIT
	trap 'exit 143' HUP INT TERM
}

local_down()
{
	for p in "$L"/*.pid; do
		[ -f "$p" ] || continue
		p=${p##*/}
		# shellcheck disable=SC2046
		kill "$(cat "$L/$p")" $(local_children "${p%.pid}") 2>/dev/null
	done
	[ -n "${KEEP:-}" ] && cp -R "$L" "$KEEP"
	rm -rf "$L"
}

# local_start NAME COMMAND...
local_start()
{
	local_name=$1
	shift
	"$@" >>"$L/log/$local_name" 2>&1 &
	echo $! >"$L/$local_name.pid"
}

local_alive()
{
	kill -0 "$(cat "$L/$1.pid")" 2>/dev/null
}

# local_children NAME: their numbers.
local_children()
{
	local_pid=$(cat "$L/$1.pid")
	if [ -r "/proc/$local_pid/task/$local_pid/children" ]; then
		cat "/proc/$local_pid/task/$local_pid/children"
	else
		pgrep -P "$local_pid"
	fi
}

# local_stop NAME [SIGNAL]: and waits for its end.
local_stop()
{
	local_pid=$(cat "$L/$1.pid")
	kill "-${2:-TERM}" "$local_pid" 2>/dev/null
	wait "$local_pid" 2>/dev/null
	rm -f "$L/$1.pid"
}

# local_dns: lines "NAME TYPE DATA" on standard input are all there is.
# A name that begins with '!' gets no answer that helps; of '+NAME' all names
# below are the same.
local_dns()
{
	{
		cat <<-CONF
		server:
			chroot: ""
			username: ""
			directory: "$L"
			pidfile: ""
			use-syslog: no
			do-daemonize: no
			interface: $DNS_IP@5300
			access-control: 127.0.0.0/8 allow
			do-not-query-localhost: no
			outgoing-range: 64
			num-threads: 1
			module-config: "iterator"
			local-zone: "." static
		CONF
		awk '{
			name = $1; type = $2
			sub(/^[^ ]+ +[^ ]+ +/, "")
			if (sub(/^!/, "", name)) {
				print "\tlocal-zone: \"" name "\" refuse"
				next
			}
			if (sub(/^[+]/, "", name))
				print "\tlocal-zone: \"" name "\" redirect"
			if (type == "TXT")
				$0 = "\\\"" $0 "\\\""
			gsub(/\\"/, "\"")
			print "\tlocal-data: '\''" name " 1 IN " type " " $0 \
			    "'\''"
		}'
		printf 'remote-control:\n\tcontrol-enable: no\n'
	} >"$L/unbound.conf"
	# shellcheck disable=SC2086
	local_start unbound $UNBOUND -d -c "$L/unbound.conf"
	wait_for 20 grep -q 'start of service' "$L/log/unbound" ||
	    bail "unbound did not start: $(tail -n 3 "$L/log/unbound")"
}

# local_cert [-e] FILE NAME: signed by ca.crt; -e: expired.
local_cert()
{
	local_end=20991231235959Z
	[ "$1" != -e ] || { local_end=20201231235959Z; shift; }
	echo "subjectAltName = DNS:$2" >"$L/ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$2" -keyout "$L/certs/$1.key" -out "$L/csr" \
	    2>>"$L/log/openssl" &&
	openssl ca -batch -notext -config "$L/ca.conf" \
	    -startdate 20200101000000Z -enddate "$local_end" \
	    -extfile "$L/ext" -in "$L/csr" -out "$L/certs/$1.crt" \
	    2>>"$L/log/openssl" || bail "no certificate"
}

# Hosts NAME.w.test, all with a good certificate, at $WEB_IP port 8443.
local_https()
{
	: >"$L/ca.index"
	cat >"$L/ca.conf" <<-CONF
	[ca]
	default_ca = this
	[this]
	database = $L/ca.index
	new_certs_dir = $L
	rand_serial = yes
	certificate = $L/ca.crt
	private_key = $L/ca.key
	default_md = sha256
	unique_subject = no
	policy = any
	[any]
	commonName = supplied
	CONF
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=local authority" -days 30 -keyout "$L/ca.key" \
	    -out "$L/ca.crt" 2>>"$L/log/openssl" || bail "no authority"
	local_cert default "*.w.test"
	local_start httpd "$BIN/httpd" -a "$WEB_IP" -p 8443 -c "$L/certs" \
	    -d "$L/answers" -o "$L/posts"
	wait_for 10 grep -q 'listening$' "$L/log/httpd" ||
	    bail "httpd does not listen"
}

# A sendmail that writes what it gets to mails/ADDRESS.N, then ends as
# mails/.exit says, with the arguments in the first line.
local_sendmail()
{
	cat >"$L/sendmail" <<-EOF
	#!/bin/sh
	for to; do :; done
	f=\$(mktemp "$L/mails/.in.XXXXXX") || exit 75
	{ echo "\$*"; cat; } >"\$f"
	mv "\$f" "$L/mails/\$to.\${f##*.}"
	exit \$(cat "$L/exit.\$to" 2>/dev/null || echo 0)
	EOF
	chmod 755 "$L/sendmail"
}

# local_conf [LINE...]
local_conf()
{
	cat >"$L/sge.conf" <<-EOF
	organization "Minties"
	contact "tls-reports@minties.govt.nz"
	hostname "mail.minties.govt.nz"
	local { "minties.govt.nz" }
	spool "$L/spool"
	database sqlite "$L/db/sged.db"
	socket "$L/sged.sock"
	report from "tlsrpt-noreply@minties.govt.nz"
	report sendmail "$L/sendmail"
	resolver $DNS_IP port 5300
	network allow { $WEB_IP }
	EOF
	[ -f "$L/ca.crt" ] && echo "ca \"$L/ca.crt\"" >>"$L/sge.conf"
	printf '%s\n' "$@" >>"$L/sge.conf"
}

# With SGED_ENV, NAME=VALUE ..., in its environment.
local_sged()
{
	[ -z "$AS" ] || chown -R 65534:65534 "$L"
	# shellcheck disable=SC2086
	local_start sged $AS ${SGED_ENV:+env $SGED_ENV} "$L/bin/sged" -d \
	    -f "$L/sge.conf"
}

# sgectl ARGUMENT...
sgectl()
{
	# shellcheck disable=SC2086
	$AS "$L/bin/sgectl" -f "$L/sge.conf" "$@"
}

# utc_day N: N days ago.
utc_day()
{
	awk -v n="$1" -v now="$(date +%s)" 'BEGIN {
		z = int(now / 86400) - n + 719468
		era = int(z / 146097); doe = z - era * 146097
		yoe = int((doe - int(doe / 1460) + int(doe / 36524) - \
		    int(doe / 146096)) / 365)
		doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
		mp = int((5 * doy + 2) / 153)
		m = mp < 10 ? mp + 3 : mp - 9
		y = yoe + era * 400 + (m <= 2)
		printf "%04d-%02d-%02d", y, m, doy - int((153 * mp + 2) / 5) + 1
	}'
}

# session DAY DOMAIN [,"report":true]: one that failed and one with TLS.
session()
{
	for session_end in \
	    '"starttls":"absent","tls":null,"cipher":null,"failure":'"$(
	    )"'"starttls-not-supported"' \
	    '"starttls":"offered","tls":"TLSv1.3","cipher":"X",'"$(
	    )"'"failure":null'; do
		printf '%s' '{"v":1,"time":"'"$1"'T12:00:00Z",' \
		    '"host":"mail.minties.govt.nz","dir":"out",' \
		    '"session":"0123456789abcdef","local":"192.0.2.1",' \
		    '"remote":"198.51.100.7","rdns":null,' \
		    '"helo":"mx.'"$2"'",' "$session_end," \
		    '"tx":[{"from":"minties.govt.nz","to":"'"$2"'",' \
		    '"flow":"public>public","verdict":"pass","why":null,"messages":1,' \
		    '"rcpts":1'"${3:-}"'}]}'
		echo
	done >>"$L/spool/sessions/$(echo "$1" | tr -d -)T12Z.jsonl"
}

# sent: show sent -p of day $DAY, all of it.
sent()
{
	sgectl -p show sent -n 0 \
	    -d "${DAY:?}" 2>>"$L/log/sgectl"
}
