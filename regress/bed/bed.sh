# SPDX-License-Identifier: ISC
#
# The test bed, for a test that needs a real mail host:
#
#	. "$(dirname "$0")/../bed/bed.sh"
#	bed_enter "$0" "$@"
#	bed_up
#
# bed_enter starts the script again in mount, process and network namespaces
# of its own, with everything it makes on a tmpfs that only it sees.  When the
# script ends, however it ends, the kernel takes all of that away: nothing has
# to be cleaned up, and any number of beds can run at once.
#
# Two hosts' networks with a cable between them:
#   A, the mail host: 203.0.113.1, 2001:db8:7::1; smtpd, sged and the name
#      server (127.0.0.1) live in $BED/A, a Debian folder of their own.
#   B, the world outside: 203.0.113.2 to .250, 2001:db8:7::2 to ::fa; other
#      mail hosts, policy hosts and clients.
#
# Every wait is a poll with a deadline.

TOP=$(cd "$(dirname "$0")" && until [ -d filter ] || [ "$PWD" = / ]; do
    cd ..; done && pwd)
BIN=$TOP/regress/bin
BED=/var/tmp/opensmtpd-filter-sge/bed
A=$BED/A
B=$BED/B
A4=203.0.113.1
A6=2001:db8:7::1
NET4=203.0.113
NET6=2001:db8:7:
BED_ROOT=$(sh "$TOP/regress/setup.sh" -p)
# Where our own programs are in A, whatever the caller's is.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
export PATH

. "$TOP/regress/bed/tap.sh"
. "$TOP/regress/bed/host.sh"

# --- namespaces --------------------------------------------------------

bed_skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

bed_enter()
{
	[ "${BED_INSIDE:-}" = yes ] && return 0
	[ "$(id -u)" -eq 0 ] || bed_skip "needs root for network namespaces"
	[ -x "$BED_ROOT/usr/sbin/smtpd" ] ||
	    bed_skip "needs the Debian folder of regress/setup.sh"
	unshare --mount --pid --fork --net true 2>/dev/null ||
	    bed_skip "needs namespaces, which this host does not give"
	mkdir -p "$BED" /run/netns
	BED_INSIDE=yes
	export BED_INSIDE
	# unshare itself ignores signals; its end is the end of all inside.
	unshare --mount --pid --fork --kill-child --mount-proc \
	    --propagation private sh "$@" &
	bed_outer=$!
	trap 'kill -KILL $bed_outer; exit 143' HUP INT TERM
	wait $bed_outer
	exit
}

# in_folder NAME COMMAND...: on host NAME's network and in its folder; A or B.
# BED_EXEC: "exec" where bed_start wants the command's own process.
in_folder()
{
	in_name=$1
	shift
	${BED_EXEC:-} nsenter --net="/run/netns/$in_name" \
	    chroot "$BED/$in_name" "$@"
}

in_a()
{
	in_folder A "$@"
}

# On host A's network, or B's, with our own files.
at_a()
{
	${BED_EXEC:-} nsenter --net=/run/netns/A "$@"
}

at_b()
{
	${BED_EXEC:-} nsenter --net=/run/netns/B "$@"
}

bed_network()
{
	mount -t tmpfs none /run/netns
	ip netns add A
	ip netns add B
	ip -n A link add mail0 type veth peer name world0 netns B
	ip -n A link set lo up
	ip -n B link set lo up
	ip -n A addr add $A4/24 dev mail0
	ip -n A addr add $A6/64 dev mail0 nodad
	# Link-local addresses would only be tentative for a while.
	ip -n A link set mail0 addrgenmode none
	ip -n B link set world0 addrgenmode none
	ip -n A link set mail0 up
	ip -n B link set world0 up
	bed_n=2
	while [ $bed_n -le 250 ]; do
		echo "addr add $NET4.$bed_n/24 dev world0"
		echo "addr add $NET6:$(printf %x $bed_n)/64 dev world0 nodad"
		bed_n=$((bed_n + 1))
	done | ip -n B -batch -
}

# bed_folder NAME: a Debian folder of its own at $BED/NAME.
bed_folder()
{
	mkdir -p "$BED/$1" "$BED/$1.upper" "$BED/$1.work"
	mount -t overlay -o \
	    "lowerdir=$BED_ROOT,upperdir=$BED/$1.upper,workdir=$BED/$1.work" \
	    overlay "$BED/$1" || return 1
	mount -t proc proc "$BED/$1/proc"
	mount --rbind /dev "$BED/$1/dev"
	mkdir -p "$BED/$1/etc/mail"
	rm -f "$BED/$1/etc/resolv.conf"
}

bed_up()
{
	umask 022
	mount -t tmpfs -o mode=755 none "$BED" || bed_skip "needs tmpfs"
	mkdir "$BED/log" "$BED/pid" "$BED/certs" "$BED/mail" "$BED/answers" \
	    "$BED/posts"
	bed_network || bed_skip "needs network namespaces and veth"
	bed_folder A || bed_skip "needs an overlay file system"
	echo "nameserver 127.0.0.1" >"$A/etc/resolv.conf"
	echo "mail.minties.govt.nz" >"$A/etc/mailname"
	dns_up
	ca_up
}

# bed_install: our programs and the users they run as into A.
bed_install()
{
	make -s -C "$TOP" install DESTDIR="$A" \
	    LIBEXEC=/usr/libexec/opensmtpd >"$BED/log/install" 2>&1 ||
	    bail "make install failed: $(tail -n 3 "$BED/log/install")"
	while read -r name id; do
		grep -q "^$name:" "$A/etc/passwd" && continue
		echo "$name:x:$id:$id::/var/empty:/usr/sbin/nologin" \
		    >>"$A/etc/passwd"
		echo "$name:x:$id:" >>"$A/etc/group"
	done <<-USERS
	_sged 871
	_sgenet 874
	_sgefilter 875
	USERS
	# Somebody who gets mail.
	grep -q '^staff:x:873' "$A/etc/passwd" || {
		echo 'staff:x:873:873::/home/staff:/bin/sh' >>"$A/etc/passwd"
		mkdir -p "$A/home/staff"
		chown 873:873 "$A/home/staff"
	}
	mkdir -p "$A/var/empty" "$A/etc/mail" "$A/var/db/sged" \
	    "$A/var/spool/sged/sessions"
	chown 871:871 "$A/var/db/sged" "$A/var/spool/sged"
	chown 875:875 "$A/var/spool/sged/sessions"
	chmod 770 "$A/var/spool/sged/sessions"
	bed_libraries
}

# Libraries that our programs want and the folder lacks come from this host.
bed_libraries()
{
	for f in "$A"/usr/local/sbin/* "$A"/usr/libexec/opensmtpd/*-sge; do
		[ -x "$f" ] || continue
		for l in $(chroot "$A" ldd "${f#"$A"}" 2>/dev/null |
		    awk '/not found/ { print $1 }'); do
			cp -L "$(ldd "$f" | awk -v l="$l" \
			    '$1 == l { print $3 }')" "$A/usr/local/lib/"
		done
	done
	chroot "$A" ldconfig
}

# --- processes ---------------------------------------------------------

# bed_start LABEL COMMAND...: in the background, its output in log/LABEL; the
# command is one of in_folder, in_a, at_a, at_b and what those run.
bed_start()
{
	bed_label=$1
	shift
	(BED_EXEC=exec; "$@") >>"$BED/log/$bed_label" 2>&1 </dev/null &
	echo $! >"$BED/pid/$bed_label"
}

bed_pid()
{
	cat "$BED/pid/$1"
}

bed_alive()
{
	kill -0 "$(bed_pid "$1")" 2>/dev/null &&
	    ! grep -q '^State:.Z' "/proc/$(bed_pid "$1")/status"
}

bed_gone()
{
	! bed_alive "$1"
}

# bed_stop LABEL [SIGNAL]: and waits until it is gone.
bed_stop()
{
	kill -"${2:-TERM}" "$(bed_pid "$1")" 2>/dev/null
	wait_for 20 bed_gone "$1"
}

# bed_log LABEL PATTERN: how many lines of its output match.
bed_log()
{
	grep -c -e "$2" "$BED/log/$1"
}

# wait_log SECONDS LABEL PATTERN
wait_log()
{
	wait_for "$1" grep -q -e "$3" "$BED/log/$2"
}

bed_keep_logs()
{
	keep=${BED%/bed}/failed/$(basename "$0" .t)
	rm -rf "$keep"
	mkdir -p "$keep"
	cp -R "$BED/log" "$BED/mail" "$BED/posts" "$keep/" 2>/dev/null
	cp -R "$A/var/spool/sged" "$A/var/db/sged" "$A/etc/mail" \
	    "$A/etc/smtpd.conf" "$keep/" 2>/dev/null
	note "logs are in $keep"
}

# --- names -------------------------------------------------------------

# The name server: nothing but what dns adds exists, and the zone signed.nz with
# its signatures (data/dns), which hosts of A trust after dns_anchor.
dns_up()
{
	cp "$TOP/regress/data/dns/signed.nz" "$A/etc/unbound/signed.nz"
	cat >"$A/etc/unbound/bed.conf" <<-CONF
	server:
		chroot: ""
		username: ""
		directory: "/etc/unbound"
		pidfile: ""
		use-syslog: no
		interface: 127.0.0.1
		interface: $A4
		access-control: 0.0.0.0/0 allow
		module-config: "iterator"
		local-zone: "." static
		local-data: ". 1 IN SOA ns.test. root.test. 1 1 1 1 1"
		local-zone: "signed.nz." transparent
	auth-zone:
		name: "signed.nz."
		zonefile: "/etc/unbound/signed.nz"
		for-upstream: no
	remote-control:
		control-enable: yes
		control-interface: /run/unbound.sock
		control-use-cert: no
	CONF
	bed_start unbound in_a unbound -d -p -c /etc/unbound/bed.conf
	wait_for 10 in_a unbound-control -c /etc/unbound/bed.conf status ||
	    bail "the name server did not start"
}

dns_anchor()
{
	mkdir -p "$A/var/lib/unbound"
	cp "$TOP/regress/data/dns/signed.nz.anchor" \
	    "$A/var/lib/unbound/root.key"
}

# dns "NAME TYPE DATA"...: adds records, one an argument (or one a line of
# standard input), with a TTL of one second; text of more than 255 characters
# is cut up.
dns()
{
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@"
	else
		cat
	fi | awk '{
		name = $1; type = $2
		sub(/^[^ ]+ +[^ ]+ +/, "")
		if (type == "TXT") {
			text = $0; $0 = ""
			do {
				$0 = $0 " \"" substr(text, 1, 255) "\""
				text = substr(text, 256)
			} while (text != "")
		}
		print name " 1 IN " type " " $0
	}' | in_a unbound-control -c /etc/unbound/bed.conf local_datas \
	    >>"$BED/log/dns" 2>&1
}

# dns_ptr ADDRESS NAME
dns_ptr()
{
	dns "$(echo "$1" | awk -F . '{
		print $4 "." $3 "." $2 "." $1 ".in-addr.arpa" }') PTR $2."
}

# dns_gone NAME...: all its records.
dns_gone()
{
	for rr in "$@"; do
		in_a unbound-control -c /etc/unbound/bed.conf \
		    local_data_remove "$rr" >>"$BED/log/dns" 2>&1
	done
}

# dns_zone NAME TYPE: unbound's zone types: "deny" never answers, "refuse".
dns_zone()
{
	in_a unbound-control -c /etc/unbound/bed.conf local_zone "$1" "$2" \
	    >>"$BED/log/dns" 2>&1
}

# host NAME N: an outside host's address and its reverse.
host()
{
	dns "$1 A $NET4.$2"
	dns_ptr "$NET4.$2" "$1"
}

# --- certificates ------------------------------------------------------

# ca_make NAME: an authority of that name in $BED/ca.NAME.
ca_make()
{
	mkdir "$BED/ca.$1"
	: >"$BED/ca.$1/index"
	echo 01 >"$BED/ca.$1/serial"
	cat >"$BED/ca.$1/conf" <<-CONF
	[ca]
	default_ca = it
	[it]
	database = $BED/ca.$1/index
	serial = $BED/ca.$1/serial
	new_certs_dir = $BED/ca.$1
	certificate = $BED/ca.$1/ca.crt
	private_key = $BED/ca.$1/ca.key
	default_md = sha256
	unique_subject = no
	policy = any
	[any]
	commonName = supplied
	CONF
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$1 authority" -days 3650 -keyout "$BED/ca.$1/ca.key" \
	    -out "$BED/ca.$1/ca.crt" 2>>"$BED/log/openssl"
}

# The one that A trusts, "test", and "unknown", which nobody does.
ca_up()
{
	ca_make test || bail "openssl failed"
	ca_make unknown
	cp "$BED/ca.test/ca.crt" "$A/usr/local/share/ca-certificates/test.crt"
	chroot "$A" update-ca-certificates >"$BED/log/ca" 2>&1 ||
	    bail "update-ca-certificates failed"
}

# cert [-e] [-u] [-k KEY] [-o FILE] NAME...: certs/FILE.crt and .key (FILE: the
# first name) that hold these names; -e: expired, -u: of the unknown authority,
# -k: of a key that is there.
cert()
{
	cert_ca=test cert_end=20991231235959Z cert_out= cert_key=
	OPTIND=1
	while getopts ek:o:u opt; do
		case $opt in
		e) cert_end=20201231235959Z ;;
		k) cert_key=$OPTARG ;;
		o) cert_out=$OPTARG ;;
		u) cert_ca=unknown ;;
		*) return 1 ;;
		esac
	done
	shift $((OPTIND - 1))
	cert_out=$BED/certs/${cert_out:-$1}
	cert_names=
	for bed_n in "$@"; do
		cert_names="$cert_names${cert_names:+,}DNS:$bed_n"
	done
	echo "subjectAltName = $cert_names" >"$cert_out.ext"
	if [ -n "$cert_key" ]; then
		cp "$cert_key" "$cert_out.key"
	else
		openssl ecparam -name prime256v1 -genkey -noout \
		    -out "$cert_out.key" 2>>"$BED/log/openssl"
	fi
	openssl req -new -subj "/CN=$1" -key "$cert_out.key" \
	    -out "$cert_out.csr" 2>>"$BED/log/openssl" &&
	openssl ca -batch -notext -config "$BED/ca.$cert_ca/conf" \
	    -startdate 20200101000000Z -enddate "$cert_end" \
	    -extfile "$cert_out.ext" -in "$cert_out.csr" \
	    -out "$cert_out.crt" 2>>"$BED/log/openssl" ||
	    bail "no certificate for $*"
}

# --- others' hosts -----------------------------------------------------

# peer NAME N MODE [OPTION...]: the mail host NAME at B's address N, with its
# names in the DNS; without a certificate of that name it gets a good one.
# Its mail goes to $BED/mail.
peer()
{
	peer_name=$1 peer_n=$2 peer_mode=$3
	shift 3
	host "$peer_name" "$peer_n"
	[ -f "$BED/certs/$peer_name.crt" ] || cert "$peer_name"
	peer_start "$peer_name" "$peer_n" "$peer_mode" "$@"
}

# The same without new names: once more, or otherwise than before.
peer_start()
{
	peer_name=$1 peer_n=$2 peer_mode=$3
	shift 3
	: >"$BED/log/$peer_name"
	bed_start "$peer_name" at_b "$BIN/peer" -n "$peer_name" \
	    -a "$NET4.$peer_n" -c "$BED/certs/$peer_name.crt" \
	    -k "$BED/certs/$peer_name.key" -o "$BED/mail" -m "$peer_mode" "$@"
	wait_log 10 "$peer_name" ': listening$' ||
	    bail "$peer_name does not listen: $(cat "$BED/log/$peer_name")"
}

# peer_end NAME: stops it, and waits for the end of its sessions, which smtpd
# keeps open for some ten seconds and lends to what comes meanwhile.
peer_end()
{
	bed_stop "$1"
	peer_name=$1
	wait_for 60 peer_idle
}

peer_idle()
{
	! pgrep -f -- "-n $peer_name " >/dev/null
}

# mails [PATTERN]: how many mails B's hosts have taken whose X-Peer- or other
# lines match.
mails()
{
	grep -l -e "${1:-.}" "$BED"/mail/*.*.* 2>/dev/null | wc -l |
	    tr -d ' '
}

# got_mail PATTERN: whether there is one.
got_mail()
{
	[ "$(mails "$1")" -gt 0 ]
}

# https_up N: policy and report hosts, all names, at B's address N.
https_up()
{
	[ -f "$BED/certs/default.crt" ] || cert -o default default.test
	bed_start httpd at_b "$BIN/httpd" -a "$NET4.$1" -c "$BED/certs" \
	    -d "$BED/answers" -o "$BED/posts"
	wait_log 10 httpd 'listening$' || bail "httpd does not listen"
}

# answer HOST PATH: what the HTTPS host answers there, from standard input.
answer()
{
	mkdir -p "$BED/answers/$1"
	cat >"$BED/answers/.new"
	mv "$BED/answers/.new" "$BED/answers/$1/$(echo "$2" | tr / _)"
}

# policy DOMAIN N MODE MAX_AGE MX...: an MTA-STS policy at B's HTTPS host N,
# and its record; a new id each time.
policy()
{
	policy_of=$1 policy_n=$2 policy_mode=$3 policy_age=$4
	shift 4
	{
		printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
		printf 'Connection: close\r\n\r\n'
		printf 'version: STSv1\r\nmode: %s\r\n' "$policy_mode"
		for bed_n in "$@"; do
			printf 'mx: %s\r\n' "$bed_n"
		done
		printf 'max_age: %s\r\n' "$policy_age"
	} | answer "mta-sts.$policy_of" /.well-known/mta-sts.txt
	[ -f "$BED/certs/mta-sts.$policy_of.crt" ] || cert "mta-sts.$policy_of"
	policy_serial=$((${policy_serial:-0} + 1))
	dns_gone "_mta-sts.$policy_of"
	dns "mta-sts.$policy_of A $NET4.$policy_n" \
	    "_mta-sts.$policy_of TXT v=STSv1; id=n$policy_serial;"
}

# client N OPTION... RCPT...: smtpc from B's address N to A; its conversation
# on standard output.
client()
{
	client_n=$1
	shift
	at_b "$BIN/smtpc" -b "$NET4.$client_n" "$@"
}
