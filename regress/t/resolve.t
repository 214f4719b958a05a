#!/bin/sh
# The DNS process against unbound with known data.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/dns.sh"
if ! dns_unbound; then
	echo "1..0 # SKIP no unbound"
	exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-resolve.XXXXXX") || exit 1
pid=
trap 'test -n "$pid" && kill $pid; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

start() {
	cat >"$dir/unbound.conf" <<-EOF
	server:
		interface: 127.0.0.1
		port: $1
		chroot: ""
		directory: "$dir"
		username: ""
		pidfile: ""
		use-syslog: no
		do-daemonize: no
		do-not-query-localhost: no
		outbound-msg-retry: 1
		module-config: "iterator"
		local-zone: "test." static
		local-zone: "wild.test." redirect
		local-zone: "broken.test." transparent
		local-data: "wild.test. TXT x"
		local-data: '_mta-sts.good.test. TXT "v=STSv1; id=20261122"'
		local-data: "_mta-sts.alias.test. CNAME _mta-sts.good.test."
		local-data: 'split.test. TXT "v=STSv1" "; id=" "ab"'
		local-data: 'odd.test. TXT "a\001b \"\255\\\"'
		local-data: "dangling.test. CNAME nothing.test."
		local-data: "good.test. 77 MX 20 mx2.good.test."
		local-data: "good.test. 77 MX 5 MX0.Good.test."
		local-data: "good.test. 77 MX 10 mx1.good.test."
		local-data: "mx1.good.test. A 192.0.2.1"
		local-data: "mx1.good.test. AAAA 2001:db8::1"
		local-data: "cname.test. CNAME mx1.good.test."
		local-data: "null.test. MX 0 ."
		local-data: "plain.test. A 192.0.2.2"
		local-data: "six.test. AAAA 2001:db8::6"
		local-data: "txtonly.test. TXT x"
		local-data: "badname.test. MX 5 a\032b.test."
		local-data: "badname.test. MX 10 mx1.good.test."
	forward-zone:
		name: "broken.test."
		forward-addr: 127.0.0.1@1
	EOF
	# shellcheck disable=SC2086
	$UNBOUND -d -c "$dir/unbound.conf" >"$dir/log" 2>&1 &
	pid=$!
}

# Until one is up on a port of its own.
for try in 1 2 3 4 5; do
	port=$((20000 + ($$ * 7 + try * 1009) % 20000))
	start $port
	n=0
	while kill -0 $pid 2>/dev/null && [ $n -lt 50 ]; do
		grep -q 'start of service' "$dir/log" && break 2
		n=$((n + 1))
		sleep 0.1
	done
	kill $pid 2>/dev/null
	pid=
done
if [ -z "$pid" ]; then
	sed 's/^/# /' "$dir/log"
	echo "1..1"
	echo "not ok 1 - unbound starts"
	exit 1
fi
"${BIN:-regress/bin}/unit-resolve" $port
