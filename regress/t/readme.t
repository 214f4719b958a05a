#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What README has people paste: its sge.conf is right and begins as the example
# does, and the set-up makes of the examples, for other names, configurations
# that name nobody else's.  It can be read on a terminal.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
T=$(mktemp -d "${TMPDIR:-/tmp}/sge-readme.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

is "$(awk 'length > 80' "$TOP/README")" "" "README fits into 80 columns"

mkdir "$T/etc"
sed -n '/^    organization /,/^    report from/p' "$TOP/README" >"$T/sge.conf"
is "$("$TOP/filter/filter-sge" -n -f "$T/sge.conf" 2>&1)" \
    "configuration OK" \
    "README's sge.conf is right"
for f in "$T/sge.conf" "$TOP/etc/sge.conf.example"; do
	is "$(grep '^ *mode' "$f" | tr -d ' ')" modetesting \
	    "${f##*/} begins with mode testing"
done

# The lines that make the configuration, as they stand.
sed -n '/^    names=/,/^    sed .*smtpd.conf/p' "$TOP/README" |
    sed "s,/etc/mail,$T/etc," >"$T/lines"
is "$(wc -l <"$T/lines" | tr -d ' ')" 6 "six lines make the two files"
echo 'of before' >"$T/etc/smtpd.conf"
M=mx.library.org.nz D=library.org.nz NIC=eth0 EXAMPLES="$TOP/etc" \
    SMTPD_CONF="$T/etc/smtpd.conf" sh -e "$T/lines"
is $? 0 "they run"
M=mx.library.org.nz D=library.org.nz NIC=eth0 EXAMPLES="$TOP/etc" \
    SMTPD_CONF="$T/etc/smtpd.conf" sh -e "$T/lines"
is $? 0 "and once more"
is "$("$TOP/filter/filter-sge" -n -f "$T/etc/sge.conf" 2>&1)" \
    "configuration OK" \
    "the sge.conf they make is right"
is "$(cat "$T/etc/smtpd.conf.before")" "of before" \
    "what was in the second is kept"
is "$(grep -h 'minties\|library.govt\|egress' "$T/etc/sge.conf" "$T/etc/smtpd.conf" |
    grep -v '^#')" "" "neither names another's domain, or egress"
finish
