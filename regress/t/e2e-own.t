#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Section 5.1 is between two members.  One organisation that writes to itself
# from outside, its monitors, its mailers, its two domains, needs TLS and no
# connector; a member's bounce comes by its connector.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
# Another of our domains is a member too, and a list holds a member's hosts.
sed -i -e 's/^local {/local { "tec.govt.nz" /' \
    -e 's/^class restricted {/class police { "mx.dia.govt.nz" }\
class restricted { "tec.govt.nz" "gate.moe.govt.nz" /' \
    -e '/^flow from restricted to restricted/i\
flow from police to any require tls "1.3"' "$A/etc/mail/sge.conf"
mail_host_up
bed_stop smtpd.A
sed -i 's/^table domains { /&"tec.govt.nz", /' "$A/etc/smtpd.conf"
smtpd_up
host mx.dia.govt.nz 11
host mail.out.example 160

# try N WANT TEXT OPTION... RCPT: the reply to RCPT.
try()
{
	try_n=$1 try_want=$2 try_text=$3
	shift 3
	try_out=$(client "$try_n" "$@" 2>&1)
	like "$(printf '%s\n' "$try_out" | sed -n '/^C: RCPT/{n;p;}')" \
	    "S: $try_want*" "$try_text" || note "$try_out"
}
me=$A4
try 150 250 "4.3: our UPS, a legacy system, to our staff without TLS" \
    -f ups@minties.govt.nz $me staff@minties.govt.nz
try 160 250 "a LAN application of ours to our staff, with TLS" \
    -t -f app@minties.govt.nz $me staff@minties.govt.nz
try 161 250 "4.2: our mass mailer outside, as our own domain, with TLS" \
    -t -f news@minties.govt.nz $me staff@minties.govt.nz
try 160 250 "from one of our members to the other" \
    -t -f app@tec.govt.nz $me staff@minties.govt.nz
try 160 250 "the same in a government domain that is no member" \
    -t -f app@library.govt.nz $me staff@library.govt.nz
try 160 '530 5.7.0 Must issue a STARTTLS' "all of it with TLS" \
    -f app@minties.govt.nz $me staff@minties.govt.nz
try 150 250 "4.3: a legacy system from one of our members to the other" \
    -f ups@tec.govt.nz $me staff@minties.govt.nz
try 160 '550 5.7.1 ' "another member is refused as before" \
    -t -f a@dia.govt.nz $me staff@minties.govt.nz
try 160 '550 5.7.1 restricted>restricted: mail of minties.govt.nz is not' \
    "and who writes to one in our name from outside is told so" \
    -t -f a@minties.govt.nz $me a@dia.govt.nz
try 11 250 "a member's bounce by TLS 1.2, its host on a list that asks 1.3" \
    -t -v 1.2 -h mx.dia.govt.nz -f "" $me staff@minties.govt.nz
try 11 '530 5.7.0 ' "and not without TLS" \
    -h mx.dia.govt.nz -f "" $me staff@minties.govt.nz
dns_ptr $NET4.11 gate.moe.govt.nz
dns "gate.moe.govt.nz A $NET4.11"
try 11 250 "by another name of the list, that has no connector" \
    -t -h gate.moe.govt.nz -f "" $me staff@minties.govt.nz

check "on record: legacy, for want of TLS" wait_for 20 record_seen \
    '"from":"minties.govt.nz","to":"minties.govt.nz","flow":"restricted>restricted","verdict":"legacy","why":"no-tls"'
is "$(bed_log smtpd.A 'Exiting')" 0 "smtpd goes on"
finish
