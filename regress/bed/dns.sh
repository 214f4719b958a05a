# SPDX-License-Identifier: ISC
#
# A DNS server of the test's own: dns_start DIR reads unbound's local-data
# lines from standard input, sets dns_port; dns_stop ends it.  Wants $TOP.

dns_pid=
dns_port=

# Sets UNBOUND: this host's unbound, or that of the test bed's Debian folder,
# which brings its own libraries: nobody wants a name server installed and
# started for a test.
dns_unbound()
{
	UNBOUND=unbound
	[ -z "${NO_UNBOUND:-}" ] && command -v unbound >/dev/null && return
	dns_root=$(sh "$TOP/regress/setup.sh" -p)
	for dns_ld in "$dns_root"/lib*/ld-linux*.so.*; do
		[ -x "$dns_ld" ] && [ -x "$dns_root/usr/sbin/unbound" ] ||
		    continue
		dns_libs=$(echo "$dns_root"/usr/lib/*-linux-gnu*)
		UNBOUND="$dns_ld --library-path $dns_libs"
		UNBOUND="$UNBOUND $dns_root/usr/sbin/unbound"
		return
	done
	return 1
}

dns_write()
{
	cat <<-EOT
	server:
		interface: 127.0.0.1
		port: $2
		chroot: ""
		directory: "$1"
		username: ""
		pidfile: ""
		use-syslog: no
		do-daemonize: no
		do-not-query-localhost: no
		module-config: "iterator"
		local-zone: "." static
		local-zone: "broken.test." transparent
	EOT
	cat "$1/local-data"
	cat <<-EOT
	forward-zone:
		name: "broken.test."
		forward-addr: 127.0.0.1@1
	EOT
}

dns_start()
{
	cat >"$1/local-data"
	for try in 1 2 3 4 5; do
		dns_port=$((20000 + ($$ * 7 + try * 1009) % 20000))
		dns_write "$1" $dns_port >"$1/unbound.conf"
		# shellcheck disable=SC2086
		$UNBOUND -d -c "$1/unbound.conf" >"$1/unbound.log" 2>&1 &
		dns_pid=$!
		n=0
		while kill -0 $dns_pid 2>/dev/null && [ $n -lt 50 ]; do
			grep -q 'start of service' "$1/unbound.log" && return 0
			n=$((n + 1))
			sleep 0.1
		done
		kill $dns_pid 2>/dev/null
		dns_pid=
	done
	return 1
}

dns_stop()
{
	[ -z "$dns_pid" ] || kill "$dns_pid" 2>/dev/null
	dns_pid=
}
