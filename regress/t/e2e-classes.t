#!/bin/sh
# SPDX-License-Identifier: ISC
#
# One host has domains of several classes.  What the filter lets pass leaves:
# smtpd's tables, which know no sender, do not hold it for another's rule.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
sed -i -e 's/^class restricted/class partner { "partner.nz" }\
&/' -e '/^flow from restricted to restricted/i\
flow from restricted to partner require verified tls' \
    -e 's/^learn timeout .*/learn timeout 3s/' "$A/etc/mail/sge.conf"
mail_host_up
peer mx.dia.govt.nz 11 ok
peer mx.moe.govt.nz 12 ok
peer mx.partner.nz 13 ok
dns "moe.govt.nz MX 10 mx.moe.govt.nz." "partner.nz MX 10 mx.partner.nz."

submit staff@minties.govt.nz a@moe.govt.nz >"$BED/log/submit" 2>&1
ok $(($? == 0)) "5.1 to a member without a connector: refused"
like "$(cat "$BED/log/submit")" '*550 5.7.1*moe.govt.nz has none here*' \
    "and why"
submit staff@library.govt.nz b@moe.govt.nz
is $? 0 "5.4 from our other domain: taken"
check "and leaves, by MX" wait_for 40 got_mail '^X-Peer-To: <b@moe.govt.nz>'
f=$(grep -l '<b@moe.govt.nz>' "$BED"/mail/* | head -n 1)
is "$(grep -c '^X-Peer-Tls: TLSv1.[23]' "${f:-/dev/null}")" 1 "with TLS"
like "$(sgectl show route moe.govt.nz)" '*sge-encrypt  found*' \
    "show route says the same"
submit staff@library.govt.nz c@dia.govt.nz
is $? 0 "to a member with one"
check "leaves by the connector" wait_for 40 got_mail \
    '^X-Peer-To: <c@dia.govt.nz>'

# Verified for one of them is verified for all: it has to be known.
submit staff@library.govt.nz d@partner.nz
is $? 0 "to a partner, with nothing required of this domain: taken"
check "and leaves" wait_for 40 got_mail '^X-Peer-To: <d@partner.nz>'
like "$(sgectl show route partner.nz)" '*sge-verify   found*mx.partner.nz*' \
    "show route: verified"

# A member's mail that somebody has forwarded to one without a connector.
echo 'e@moe.govt.nz' >"$A/home/staff/.forward"
chown 873:873 "$A/home/staff/.forward"
client 11 -t -f a@dia.govt.nz "$A4" staff@minties.govt.nz \
    >"$BED/log/onward" 2>&1
check "a member's mail that goes there by .forward is on record as a fault" \
    wait_for 40 record_seen \
    '"dir":"out".*"to":"moe.govt.nz","flow":"restricted>restricted","verdict":"testing","why":"no-connector"'
is "$(queued @moe.govt.nz)" 0 "and nothing waits for ever"

# Of a member and a public domain, the one may not write there and the other
# may in clear: what goes by .forward is not told apart, so neither does.
bed_stop smtpd.A
sed -i 's/^local .*/local { "minties.govt.nz" "kiwi.nz" }/' \
    "$A/etc/mail/sge.conf"
bed_stop mx.moe.govt.nz
peer_start mx.moe.govt.nz 12 nostarttls
smtpd_up
client 11 -t -f f@dia.govt.nz "$A4" staff@minties.govt.nz \
    >"$BED/log/onward" 2>&1
check "a member's mail there finds no TLS" wait_log 60 smtpd.A \
    'mta error reason=TLS required but not supported by remote host'
is "$(queued 'f@dia.govt.nz.*e@moe.govt.nz')" 1 "and waits" ||
    note "$(in_a smtpctl show queue)"
is "$(mails '^X-Peer-From: <f@dia.govt.nz>')" 0 "and left in no other way"
like "$(sgectl show route moe.govt.nz)" '*sge-encrypt  found*'\
'*nothing leaves without TLS*' "show route says why"

# Where all of ours are members it may not leave at all.
bed_stop smtpd.A
sed -i 's/^local .*/local { "minties.govt.nz" }/' "$A/etc/mail/sge.conf"
peer mx.elsewhere.nz 18 ok
dns "elsewhere.nz MX 10 mx.elsewhere.nz."
named()
{
	sgectl "$@" | tr -s ' \n' ' ' | grep -q 'mail for moe.govt.nz waits '\
'since .*sge.conf has none for it: write connector "moe.govt.nz" to'
}
smtpd_up
client 160 -t -f p@elsewhere.nz "$A4" staff@minties.govt.nz \
    >"$BED/log/onward" 2>&1
check "the digest names what waits for want of a connector, and what to do" \
    wait_for 60 named digest -d today
is "$(queued 'p@elsewhere.nz.*e@moe.govt.nz')" 1 "which is there"
check "show status names it, too" named show status
like "$(sgectl show route moe.govt.nz)" '*sge-nowhere  found*' \
    "show route says that it is in sge-nowhere"
like "$(sgectl check config | tr -s ' \n' ' ')" \
    '*such as moe.govt.nz, waits in the queue*sge-nowhere*' \
    "check config says what smtpd.conf can do about it"
bed_stop smtpd.A
sed -i '/nowhere/s/^#//' "$A/etc/smtpd.conf"
is "$(sgectl check config | grep -c 'nowhere')" 0 "and nothing once it does"
smtpd_up
client 160 -t -f q@elsewhere.nz "$A4" staff@minties.govt.nz \
    >"$BED/log/onward" 2>&1
check "then the next one comes back, with a text" wait_for 60 got_mail \
    '^e@moe.govt.nz: "550 5.7.1 mail to this member leaves by a connector'
is "$(queued 'q@elsewhere.nz')" 0 "and nothing waits"

# found_none N: how often smtpd found no TLS where it needs it.
found_none()
{
	[ "$(bed_log smtpd.A 'TLS required but not supported')" -ge "$1" ]
}

# waits RECIPIENT: smtpd is done with a first attempt.
waits()
{
	in_a smtpctl show queue | grep -q "$1.*|pending|"
}

# A public host that somebody hands over government mail of others.
bed_stop smtpd.A
sed -i -e 's/^local .*/local { "kiwi.nz" }/' \
    -e 's/^hostname .*/hostname "mail.kiwi.nz"/' \
    -e 's/@minties.govt.nz/@kiwi.nz/' "$A/etc/mail/sge.conf"
peer mx.plain.govt.nz 15 nostarttls
dns "plain.govt.nz MX 10 mx.plain.govt.nz."
smtpd_up
submit x@library.govt.nz g@plain.govt.nz >"$BED/log/submit" 2>&1
ok $(($? == 0)) "5.4 where nothing would keep it from clear: refused"
like "$(cat "$BED/log/submit")" '*550 5.7.1*library.govt.nz is not accepted*' \
    "and why"
like "$(sgectl test from x@library.govt.nz to g@plain.govt.nz)" \
    '*reject: 550 5.7.1*library.govt.nz is*not accepted from here*' \
    "sgectl test says the same"
submit y@kiwi.nz h@plain.govt.nz
check "5.3 of our own leaves in clear" wait_for 40 got_mail \
    '^X-Peer-To: <h@plain.govt.nz>'
sed -i '/^flow from any to any/i\
flow from public to government require tls' "$A/etc/mail/sge.conf"
check "with a flow that keeps it from that: taken, once it is read" \
    wait_for 60 submit x@library.govt.nz i@plain.govt.nz 2>/dev/null
check "and it finds none" wait_for 60 found_none 2
is "$(queued i@plain.govt.nz)" 1 "so that it waits"
is "$(mails '^X-Peer-To: <[gi]@plain.govt.nz>')" 0 "and left in no other way"
# The flow was a mistake: what waits for TLS is let go.
peer mx.busy.govt.nz 17 tempfail
dns "busy.govt.nz MX 10 mx.busy.govt.nz."
submit x@library.govt.nz k@busy.govt.nz
check "one to a busy host waits" wait_for 60 waits k@busy.govt.nz
is "$(sgectl release busy.govt.nz 2>&1)" "0 mails released" \
    "while TLS is required, it is not released"
sed -i '/^flow from public to government/d' "$A/etc/mail/sge.conf"
like "$(sgectl release busy.govt.nz 2>&1)" '*1 mail released' \
    "once it is not, it is"
id=$(in_a smtpctl show queue | sed -n '/k@busy.govt.nz/s/|.*//p')
is "$(in_a smtpctl show envelope "$id" | sed -n 's/^dispatcher: //p')" \
    outbound "by the action that it has today"

# TLS 1.3 for a class: on the way out an action of its own holds it.
bed_stop smtpd.A
bed_stop mx.moe.govt.nz
bed_stop mx.plain.govt.nz
peer_start mx.moe.govt.nz 12 ok -v 1.2
peer_start mx.plain.govt.nz 15 ok -v 1.2
peer mx.new.govt.nz 16 ok
dns "new.govt.nz MX 10 mx.new.govt.nz."
sed -i -e '/^class partner/i\
class picky { "plain.govt.nz" "new.govt.nz" "picky.nz" }' \
    -e '/^flow from any to any/i\
flow from { government public } to picky require tls "1.3"' \
    "$A/etc/mail/sge.conf"
like "$(sgectl check config)" '*may go by TLS 1.2*' \
    "TLS 1.3: check config says what is missing"
sed -i '/13/s/^#//' "$A/etc/smtpd.conf"
out=$(sgectl check config)
is "$(echo "$out" | grep -c "may go by TLS 1.2")" 0 \
    "and has nothing to say once it is there"
like "$out" '*sge-encrypt13 by "encrypt13"*' "but which action holds it"
smtpd_up
in_a smtpctl remove all >/dev/null 2>&1
tried=$(bed_log smtpd.A 'mta error')
submit y@kiwi.nz j@plain.govt.nz
submit y@kiwi.nz k@new.govt.nz
submit y@kiwi.nz l@moe.govt.nz
check "to a host with TLS 1.3: leaves" wait_for 60 got_mail \
    '^X-Peer-To: <k@new.govt.nz>'
f=$(grep -l '<k@new.govt.nz>' "$BED"/mail/* | head -n 1)
is "$(grep -c '^X-Peer-Tls: TLSv1.3' "${f:-/dev/null}")" 1 "by that"
check "to one of another class: by TLS 1.2" wait_for 60 got_mail \
    '^X-Peer-To: <l@moe.govt.nz>'
tried_more()
{
	[ "$(bed_log smtpd.A 'mta error')" -gt "$tried" ]
}
check "to a host with TLS 1.2: tried" wait_for 60 tried_more
is "$(queued j@plain.govt.nz)" 1 "and it waits"
is "$(mails '^X-Peer-To: <j@plain.govt.nz>')" 0 "nothing went by that"
like "$(sgectl show route plain.govt.nz)" \
    '*sge-encrypt13 found: by TLS 1.3 only*action "encrypt13"*' \
    "show route says so"
like "$(sgectl test from y@kiwi.nz to j@plain.govt.nz)" \
    '*action "encrypt13"*with TLS 1.3*' "and test"
# Of others' mail only as much leaves as the tables hold.
submit x@library.govt.nz m@picky.nz >"$BED/log/submit" 2>&1
is $? 0 "others' mail for which a flow of ours asks as much: taken"
sed -i 's/^flow from { government public } to picky/flow from government to picky/' \
    "$A/etc/mail/sge.conf"
refused()
{
	! submit x@library.govt.nz n@picky.nz >"$BED/log/submit" 2>&1
}
check "where none does: refused, once it is read" wait_for 60 refused
like "$(cat "$BED/log/submit")" '*550 5.7.1*require tls "1.3"*' "and why"
is "$(bed_log smtpd.A 'Exiting')" 0 "smtpd goes on"
finish
