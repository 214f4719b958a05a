#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make install and uninstall under another prefix; what the packager says of
# the compiler is heard; the programs tell their version.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
I=$(mktemp -d "${TMPDIR:-/tmp}/sge-install.XXXXXX") || exit 1
trap 'rm -rf "$I"' EXIT
trap 'exit 1' HUP INT TERM
cd "$TOP" || exit 1

set -- DESTDIR="$I/root" PREFIX=/opt/sge LIBEXEC=/opt/sge/libexec
check "make install" ${MAKE:-make} -s install "$@"
got=$(cd "$I/root" && find . -type f | LC_ALL=C sort)
is "$got" "./opt/sge/libexec/filter-keep
./opt/sge/libexec/filter-sge
./opt/sge/libexec/table-sge
./opt/sge/man/man5/sge.conf.5
./opt/sge/man/man7/sge.7
./opt/sge/man/man7/sgectl-examples.7
./opt/sge/man/man8/filter-keep.8
./opt/sge/man/man8/filter-sge.8
./opt/sge/man/man8/sgectl.8
./opt/sge/man/man8/sged.8
./opt/sge/man/man8/table-sge.8
./opt/sge/sbin/sgectl
./opt/sge/sbin/sged
./opt/sge/share/examples/sge/crontab.example
./opt/sge/share/examples/sge/sge.conf.example
./opt/sge/share/examples/sge/sged.rc.example
./opt/sge/share/examples/sge/sged.service.example
./opt/sge/share/examples/sge/smtpd.conf.example" "all of it, where it was said"
is "$(grep -rl /usr/local "$I/root/opt/sge/man" "$I/root/opt/sge/share")" "" \
    "nothing there names /usr/local"
[ "$(uname)" = OpenBSD ] ||
    is "$(grep -rlE 'rcctl|maillog|daily\.local|/etc/mail/(aliases|smtpd)' \
    "$I/root/opt/sge/man" "$I/root/opt/sge/share/examples/sge/smtpd.conf.example")" \
    "" "nor what only OpenBSD has"
check "the examples name the new places" \
    grep -q '/opt/sge/sbin/sgectl deliver' \
    "$I/root/opt/sge/share/examples/sge/smtpd.conf.example"

want=$(sed -n 's/^#define SGE_VERSION "\(.*\)"/\1/p' filter/base/version.h)
for p in sbin/sged sbin/sgectl libexec/filter-keep libexec/filter-sge \
    libexec/table-sge; do
	is "$("$I/root/opt/sge/$p" -V)" "${p##*/} $want" "${p##*/} -V"
done
is "$(sed -n 's/^\([0-9][0-9.]*\)$/\1/p' CHANGES | head -n 1)" "$want" \
    "CHANGES begins with that version"

is "$(${MAKE:-make} -s uninstall "$@" 2>&1)" "" \
    "make uninstall, where nothing else was set up"
is "$(find "$I/root" -type f)" "" "nothing is left"
mkdir -p "$I/root/etc/mail" "$I/root/var/db/sged"
echo '#filter "sge" proc-exec "filter-sge"' >"$I/root/etc/smtpd.conf"
echo >"$I/root/etc/mail/sge.conf"
is "$(${MAKE:-make} -s uninstall "$@" 2>&1)" "left: /etc/mail/sge.conf
left: /var/db/sged" "what is left is said, and nothing else"
mkdir -p "$I/root/etc/cron.d"
echo >"$I/root/etc/cron.d/sge"
echo 'filter "sge" proc-exec "filter-sge"' >"$I/root/etc/smtpd.conf"
like "$(${MAKE:-make} -s uninstall "$@" 2>&1)" '*left: /etc/cron.d/sge
/etc/smtpd.conf still names filter-sge*' "and that smtpd still needs it"

# What the port of OpenBSD packs is what is installed, without the examples
# that its post-install removes; "make" is told the places as it tells them.
places='PREFIX=/usr/local LIBEXEC=/usr/local/libexec/smtpd'
# shellcheck disable=SC2086
check "make install as the port does" ${MAKE:-make} -s install \
    DESTDIR="$I/port" $places
for f in $(sed -n '/^post-install:/,/^$/s,.*${PREFIX}/\([^ ]*\).*,\1,p' \
    etc/openbsd/Makefile); do
	check "post-install's $f is there" rm "$I/port/usr/local/$f"
done
got=$(cd "$I/port/usr/local" && find . -type f | sed 's,^\./,,' |
    LC_ALL=C sort)
want=$(sed -n -e 's/^@bin //' -e 's/^@man //' \
    -e '/^share.doc.pkg-readmes/d' -e '/^[a-z].*[^/]$/p' \
    etc/openbsd/pkg/PLIST | LC_ALL=C sort)
is "$got" "$want" "PLIST has what is installed"
is "$(sed -e 's,${TRUEPREFIX},/usr/local,' etc/openbsd/pkg/sged.rc |
    grep -v '^#')" "$(grep -v '^#' etc/sged.rc.example)" \
    "its rc script is the example's"
is "$(sed -n 's/^V =[[:blank:]]*//p' etc/openbsd/Makefile)" \
    "$(sed -n 's/^#define SGE_VERSION "\(.*\)"/\1/p' filter/base/version.h)" \
    "and its version this one"

# What the package gives to cron runs with a PATH of /usr/bin and /bin.
is "$(grep -E '[ (](sgectl|sged) ' etc/debian/opensmtpd-filter-sge.cron.d)" "" \
    "the package's jobs name programs by their paths"

# Of a copy, so that nobody's objects are made anew.
mkdir "$I/copy"
tar -cf - Makefile filter reporter regress/harden |
    tar -xf - -C "$I/copy" --exclude='*.o' --exclude='*.d'
out=$(${MAKE:-make} -C "$I/copy" -n filter/table-sge CFLAGS=-O1 \
    CPPFLAGS=-DPACKAGER LDFLAGS=-Wl,-O1 ETCDIR=/opt/etc 2>&1)
like "$out" '*-DPACKAGER -O1 *-c -o*' "CPPFLAGS and CFLAGS reach the compiler"
like "$out" '*-Wl,-O1*-o filter/table-sge*' "LDFLAGS reach the linker"
like "$out" '*SGE_ETC=*/opt/etc*' "and ETCDIR the programs"

# What this compiler can do against mistakes of ours is done.
if command -v readelf >/dev/null; then
	for p in filter/filter-keep filter/filter-sge filter/table-sge \
	    reporter/sged reporter/sgectl; do
		like "$(readelf -hlWd "$p")" \
		    '*Type: *DYN*GNU_RELRO*BIND_NOW*' "$p: PIE, RELRO, BIND_NOW"
		like "$(readelf -sW "$p")" '*__stack_chk_fail*' \
		    "$p: stack protector"
	done
fi
finish
