#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The spool on a file system that fills up: smtpd goes on, the records come
# when there is room again, and how many were lost is said.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
[ -x "$BIN/smtp-load" ] || make -s -C "$TOP" bench-tools >"$BED/log/make" 2>&1 ||
    bail "smtp-load: $(tail -n 3 "$BED/log/make")"
bed_install
mount -t tmpfs -o size=32m,mode=755 none "$A/var/spool/sged"
mkdir "$A/var/spool/sged/sessions"
chown 871:871 "$A/var/spool/sged"
chown 875:875 "$A/var/spool/sged/sessions"
chmod 770 "$A/var/spool/sged/sessions"
sge_conf_usual
mail_host_up
# It would look at this host itself once: a session more than those counted.
bed_stop sged

sessions=0
load()
{
	at_b "$BIN/smtp-load" -t 7200 -n "$1" -r 1 -u staff -d library.govt.nz "$A4" 25 \
	    >"$BED/load" 2>&1 || return 1
	sessions=$((sessions + $1))
	grep -q 'rejects=0 ' "$BED/load"
}

load 100
is $? 0 "smtpd serves"
check "and all is on record" wait_for 60 record_count 100
cat /dev/zero >"$A/var/spool/sged/filler" 2>/dev/null
load 500
is $? 0 "smtpd goes on when the spool is full"
check "that is said" wait_log 90 smtpd.A 'spool.*[Nn]o space'
full=$(records)
rm "$A/var/spool/sged/filler"
load 1
check "the records come when there is room" wait_for 90 record_count 601
note "$full records while it was full"

# More than the memory for it holds.
cat /dev/zero >"$A/var/spool/sged/filler" 2>/dev/null
load 40000
is $? 0 "smtpd goes on when the filter's memory for records is full too" ||
    note "$(cat "$BED/load")"
rm "$A/var/spool/sged/filler"
load 1
# As the first record written after a loss says it.
lost()
{
	cat "$A"/var/spool/sged/sessions/* |
	    sed -n 's/.*"lost":\([0-9]*\).*/\1/p' |
	    awk '{ n += $1 } END { print n + 0 }'
}
balance()
{
	[ "$(($(records) + $(lost)))" -eq "$sessions" ]
}
check "what was written and what is said to be lost is all there was" \
    wait_for 90 balance
note "$sessions sessions, $(records) on record, $(lost) lost"
[ "$(lost)" -gt 0 ]
ok $? "some were lost"
check "and the log says how many" wait_log 90 smtpd.A " $(lost) were lost"
finish
