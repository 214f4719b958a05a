#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Installs what building and testing need (Debian 12 and 13, as root), and
# makes the Debian 13 folder whose smtpd the end-to-end tests run.  The folder
# is kept between runs.  Prints what it does and how long it took.
#
#	setup.sh		do it
#	setup.sh -p		print the folder's path and do nothing
#
# SGE_SUITE=sid: with the smtpd of that Debian.
set -eu

packages="bmake bsdextrautils byacc ca-certificates debian-archive-keyring \
debootstrap gcc iproute2 libbsd-dev libc6-dev libcdb-dev libjansson-dev \
libopensmtpd-dev libpq-dev libsqlite3-dev libssl-dev libtls-dev \
libunbound-dev make mandoc openssl perl pkg-config postgresql procps python3 \
sqlite3 strace util-linux \
zlib1g-dev"
suite=${SGE_SUITE:-trixie}
inside="ca-certificates,libbsd0,libjansson4,libsqlite3-0,libunbound8,\
opendkim-tools,openssl,opensmtpd,opensmtpd-filter-dkimsign,unbound"

cache=/var/tmp/opensmtpd-filter-sge
# Another list of packages is another folder.
stamp=$(echo "1 $inside" | cksum | cut -d ' ' -f 1)
root=$cache/$suite-$stamp

if [ "${1:-}" = -p ]; then
	echo "$root"
	exit 0
fi

say()
{
	echo "setup: $*"
}

installed()
{
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
	    grep -q '^install ok installed$'
}

install_packages()
{
	missing=
	for p in $packages; do
		installed "$p" || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	began=$(date +%s)
	say "installing$missing"
	# Tests make their own: none is to be started for them.
	mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" \
	    >/etc/postgresql-common/createcluster.d/sge.conf
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update
	# shellcheck disable=SC2086
	apt-get -qq -y -o Dpkg::Use-Pty=0 \
	    -o DPkg::Lock::Timeout=300 install --no-install-recommends \
	    $missing >"$cache/apt.log" 2>&1 || {
		tail -20 "$cache/apt.log" >&2
		say "apt-get failed, see $cache/apt.log" >&2
		exit 1
	}
	say "packages installed in $(($(date +%s) - began)) s"
}

# The first Debian mirror in apt's sources that has "main": one-line files,
# then deb822 ones.
mirror()
{
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$f" ] || continue
		sed -n 's/^deb[[:blank:]]\{1,\}\(\[[^]]*\][[:blank:]]*\)\{0,1\}//p' "$f" |
		awk '{
			for (i = 3; i <= NF; i++)
				if ($i == "main" && $2 !~ /security/ &&
				    $1 ~ /debian/)
					print $1
		}'
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		awk '
		function stanza() {
			if (types ~ /deb( |$)/ && suites !~ /security/ &&
			    (" " components " ") ~ / main / && uri ~ /debian/ &&
			    tolower(enabled) != "no")
				print uri
			types = suites = components = uri = enabled = ""
		}
		{ sub(/\r$/, "") }
		/^#/ { next }
		/^[ \t]*$/ { stanza(); next }
		{
			key = tolower($1)
			if (key == "types:") { sub(/^[^:]*:[ \t]*/, ""); types = $0 }
			else if (key == "suites:") { sub(/^[^:]*:[ \t]*/, ""); suites = $0 }
			else if (key == "components:") { sub(/^[^:]*:[ \t]*/, ""); components = $0 }
			else if (key == "enabled:") enabled = $2
			else if (key == "uris:") uri = $2
		}
		END { stanza() }' "$f"
	done
}

make_root()
{
	[ -x "$root/usr/sbin/smtpd" ] && return 0
	began=$(date +%s)
	from=$(mirror | head -n 1)
	: "${from:=http://deb.debian.org/debian}"
	say "making a Debian $suite folder in $root from $from, about a minute"
	rm -rf "$root.new"
	debootstrap --variant=minbase --include="$inside" \
	    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
	    "$suite" "$root.new" "$from" >"$cache/debootstrap.log" 2>&1 || {
		tail -20 "$cache/debootstrap.log" >&2
		say "debootstrap failed, see $cache/debootstrap.log" >&2
		exit 1
	}
	rm -rf "$root.new"/var/cache/apt/archives/*.deb \
	    "$root.new"/var/lib/apt/lists/*
	mv "$root.new" "$root"
	say "folder made in $(($(date +%s) - began)) s"
}

if [ "$(id -u)" -ne 0 ]; then
	say "not root: nothing installed; end-to-end tests will be skipped"
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	say "no apt-get: nothing installed; end-to-end tests need Debian"
	exit 0
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || {
	say "waiting for another run"
	flock 9
}
install_packages
make_root
