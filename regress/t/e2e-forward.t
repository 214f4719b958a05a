#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Domains that no client ever named: smtpd gets to them by an alias, a
# .forward, a virtual table, as a backup MX, or with a bounce.  Each has an
# enforce policy (RFC 8461) and a host without STARTTLS: one mail may leave
# before that is known, no second one.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
bed_install
https_up 200

n=20
for d in alias forward virtual backup bounce; do
	n=$((n + 1))
	dns "$d.co.nz MX 10 mx.$d.co.nz."
	policy "$d.co.nz" 200 enforce 86400 "mx.$d.co.nz"
	peer "mx.$d.co.nz" $n nostarttls
done
dns "reject.co.nz MX 10 mx.reject.co.nz."
peer mx.reject.co.nz 40 reject

smtpd_conf_usual
sed -i -e '/^table aliases /d' -e '/^action "box"/c\
table aliases { "info" = "u@alias.co.nz" }\
table backups { "@backup.co.nz" }\
table virtuals { "sales@library.govt.nz" = "u@virtual.co.nz" }\
action "box" maildir alias <aliases>\
action "virtual" maildir virtual <virtuals>' \
    -e '/^match from any for domain <domains>/i\
match from any for domain "library.govt.nz" action "virtual"\
match from any for domain <sge-verify> rcpt-to <backups> action "verify"\
match from any for domain "backup.co.nz" action "outbound"' \
    "$A/etc/smtpd.conf"
: >"$A/etc/mail/own-smtpd.conf"
echo u@forward.co.nz >"$A/home/staff/.forward"
# Somebody whose mail goes where it is refused.
echo 'desk:x:874:874::/home/desk:/bin/sh' >>"$A/etc/passwd"
mkdir "$A/home/desk"
echo nobody@reject.co.nz >"$A/home/desk/.forward"
chown -R 873:873 "$A/home/staff"
chown -R 874:874 "$A/home/desk"
mail_host_up

# all: a mail by each way.
all()
{
	for to in info@minties.govt.nz staff@minties.govt.nz \
	    sales@library.govt.nz u@backup.co.nz; do
		client 101 -t -f a@elsewhere.nz $A4 "$to" >"$BED/log/$to" 2>&1
		is $? 0 "$to is taken"
	done
	client 101 -t -f u@bounce.co.nz $A4 desk@minties.govt.nz \
	    >"$BED/log/desk" 2>&1
	is $? 0 "desk@minties.govt.nz is taken"
}

knows()
{
	sgectl -p show route "$1.co.nz" | grep -q enforce
}

# Its sessions are tallied once they are over.
reported()
{
	sgectl report -d "$(date -u +%Y-%m-%d)" forward.co.nz |
	    tr -d ' \n' | grep -q '"policy-type":"sts"'
}

all
for d in alias forward virtual backup; do
	check "$d.co.nz: nobody knew: the first mail leaves" \
	    wait_for 40 got_mail "<u@$d.co.nz>"
	check "$d.co.nz: now it is known" wait_for 40 knows "$d"
done
# A bounce comes in as a mail of this host's own: its domain is asked about.
all
n=20
for d in alias forward virtual backup bounce; do
	n=$((n + 1))
	left=1
	[ $d != bounce ] || left=0
	check "$d.co.nz: smtpd asks for TLS now, and hangs up" \
	    wait_for 60 record_seen \
	    "\"remote\":\"$NET4.$n\".*\"starttls\":\"absent\".*\"tx\":\[\]"
	is "$(mails "<u@$d.co.nz>")" $left "$d.co.nz: no more mail leaves"
	is "$(queued "u@$d.co.nz")" $((2 - left)) "what is left waits"
done
check "its report knows the policy" wait_for 60 reported
finish
