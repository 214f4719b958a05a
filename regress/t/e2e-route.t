#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Where mail goes: connectors, a second MX host, government without a policy,
# and all of it while sged is dead.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
sed -i 's/^flow from any to any/class partner { "partner.nz" }\
	flow from any to partner require verified tls\
	&/' "$A/etc/mail/sge.conf"
mail_host_up
https_up 200

# 5.1: the DNS shows another host, and a policy that forbids the connector's.
peer mx.dia.govt.nz 11 ok
peer mx.elsewhere.nz 12 ok
dns "dia.govt.nz MX 10 mx.elsewhere.nz."
policy dia.govt.nz 200 enforce 86400 mx.elsewhere.nz
# 5.2: government without a policy, a certificate of nobody's.
cert -u mx.council.govt.nz
peer mx.council.govt.nz 13 ok
dns "council.govt.nz MX 10 mx.council.govt.nz."
peer mx.old.govt.nz 14 nostarttls
dns "old.govt.nz MX 10 mx.old.govt.nz."
# 5.3: public, in clear.
peer mx.plain.co.nz 15 nostarttls
dns "plain.co.nz MX 10 mx.plain.co.nz."
# Two MX hosts of an enforce policy; the preferred one does not listen.
host mx1.two.co.nz 16
peer mx2.two.co.nz 17 ok
dns "two.co.nz MX 10 mx1.two.co.nz." "two.co.nz MX 20 mx2.two.co.nz."
policy two.co.nz 200 enforce 86400 mx1.two.co.nz mx2.two.co.nz
peer mx1.quiet.co.nz 40 ok
peer mx2.quiet.co.nz 41 ok
dns "quiet.co.nz MX 10 mx1.quiet.co.nz." "quiet.co.nz MX 20 mx2.quiet.co.nz."
policy quiet.co.nz 200 enforce 86400 '*.quiet.co.nz'
# The preferred one has no address: no such name, or a name without one.
n=50
for d in nx.co.nz nodata.co.nz partner.nz; do
	n=$((n + 1))
	dns "$d MX 5 first.$d." "$d MX 10 mx.$d."
	peer "mx.$d" $n ok
	[ $d = partner.nz ] || policy $d 200 enforce 86400 "*.$d"
done
dns "first.nodata.co.nz TXT nothing" "lost.co.nz MX 5 first.lost.co.nz."
policy lost.co.nz 200 enforce 86400 "*.lost.co.nz"

for d in nx.co.nz nodata.co.nz partner.nz lost.co.nz; do
	submit staff@minties.govt.nz "u@$d" || note "$d: sendmail failed"
done
# addressed DOMAIN: its mail leaves, at the first attempt or a later one.
addressed()
{
	got_mail "<u@$1>" || { retry_now; return 1; }
}
for d in nx.co.nz nodata.co.nz partner.nz; do
	check "$d, whose first host has no address: delivered" \
	    wait_for 60 addressed "$d"
done
# shows DOMAIN TEXT: show policy has it, once the addresses were looked up.
shows()
{
	sgectl show policy "$1" | grep -q "$2"
}
wait_for 60 shows nx.co.nz 'no address in the DNS'
like "$(sgectl show policy nx.co.nz)" \
    '*first.nx.co.nz*no address in the DNS (nxdomain)*10 mx.nx.co.nz*' \
    "show policy says why not by the first"
wait_for 60 shows nodata.co.nz 'no address in the DNS'
like "$(sgectl show policy nodata.co.nz)" \
    '*no address in the DNS (nodata)*' "or that it has other records"
lost()
{
	sgectl digest -d today | tr -s ' \n' ' ' | grep -q "mail for \
lost.co.nz waits since .*: none of its MX hosts has an address" && return
	# sged may not have heard of it amid much else: at the next attempt.
	retry_now
	return 1
}
check "digest: mail waits for a domain without any" wait_for 60 lost
like "$(sgectl show policy lost.co.nz)" '*NONE HAS AN ADDRESS*' \
    "as show policy says"

for d in dia.govt.nz council.govt.nz old.govt.nz plain.co.nz two.co.nz \
    quiet.co.nz; do
	submit staff@minties.govt.nz "u@$d" || note "$d: sendmail failed"
done
check "Restricted: delivered" wait_for 60 got_mail '<u@dia.govt.nz>'
is "$(sed -n 's/^X-Peer-Tls: //p' "$BED"/mail/mx.dia.govt.nz.*)" TLSv1.3 \
    "to the connector's host, over TLS"
is "$(mails 'X-Peer-Host: mx.elsewhere.nz')" 0 \
    "whatever MX record and MTA-STS policy say"
check "Government: TLS even with an unknown authority's certificate" \
    wait_for 60 got_mail '<u@council.govt.nz>'
is "$(sed -n 's/^X-Peer-Tls: //p' "$BED"/mail/mx.council.govt.nz.*)" TLSv1.3 \
    "and TLS it was"
check "Public without TLS: delivered" wait_for 60 got_mail '<u@plain.co.nz>'
check "and on record" wait_for 40 record_seen \
    '"starttls":"absent".*"to":"plain.co.nz".*"messages":1'
check "Government without STARTTLS: tried" wait_for 40 record_seen \
    '"remote":"203.0.113.14".*"starttls":"absent"'
is "$(mails '<u@old.govt.nz>')" 0 "nothing was sent"
is "$(queued u@old.govt.nz)" 1 "and the mail waits"
named()
{
	sgectl report -d "$(date -u +%Y-%m-%d)" old.govt.nz |
	    grep starttls-not-supported
}
check "the failure is known as that domain's, though no recipient was named" \
    wait_for 30 named

moved()
{
	retry_now
	got_mail '<u@two.co.nz>'
}
check "two MX hosts: delivered by the second at a later attempt" \
    wait_for 60 moved
is "$(sed -n 's/^X-Peer-Tls: //p' "$BED"/mail/mx2.two.co.nz.*)" TLSv1.3 \
    "over TLS"
submit staff@minties.govt.nz again@two.co.nz
check "and stays first while the other is down" \
    wait_for 30 got_mail '<again@two.co.nz>'

# Some minutes later it works again.
# first_of DOMAIN HOST
first_of()
{
	sgectl show route "$1" | grep -q "sge-routes *smtp+tls://$2\$"
}
first_is()
{
	first_of two.co.nz "$1"
}
check "the route tells the second" first_is mx2.two.co.nz
peer mx1.two.co.nz 16 ok
cat >"$BED/later.sql" <<-SQL
	UPDATE mx SET retry = retry - 400 WHERE host = 'mx1.two.co.nz';
	UPDATE probe SET probed = probed - 400 WHERE host = 'mx1.two.co.nz';
SQL
check "some minutes go by" \
    "$BIN/unit-fill" "$A/var/db/sged/sged.db" "$BED/later.sql"
check "and the first is first again" wait_for 30 first_is mx1.two.co.nz
submit staff@minties.govt.nz first@two.co.nz
back()
{
	retry_now
	got_mail '<first@two.co.nz>'
}
check "mail goes there" wait_for 90 back
like "$(grep -l '<first@two.co.nz>' "$BED"/mail/*)" '*/mx1.two.co.nz.*' \
    "and to no other"

# The connector fails verification: nothing goes.
bed_stop mx.dia.govt.nz KILL
cert -o mx.dia.govt.nz other.nz
peer_start mx.dia.govt.nz 11 ok
# smtpd may still hold the old session open
closed()
{
	record_seen '"remote":"203.0.113.11".*"to":"dia.govt.nz"'
}
wait_for 40 closed
submit staff@minties.govt.nz second@dia.govt.nz
check "the connector's certificate is refused" wait_log 40 smtpd.A \
    "mx.dia.govt.nz' not present in server certificate"
is "$(mails '<second@dia.govt.nz>')" 0 "nothing is sent to it"
is "$(queued second@dia.govt.nz)" 1 "the mail waits"

# A domain that nobody has written to for some minutes, and its first host is
# gone.  sged looks when the mail is named; smtpd is held until it has.
check "its last session is over" wait_for 60 record_seen \
    '"remote":"203.0.113.40".*"to":"quiet.co.nz".*"messages":1'
bed_stop mx1.quiet.co.nz KILL
cat >"$BED/quiet.sql" <<-SQL
	UPDATE probe SET probed = probed - 700 WHERE host LIKE '%.quiet.co.nz';
SQL
check "ten minutes go by" \
    "$BIN/unit-fill" "$A/var/db/sged/sged.db" "$BED/quiet.sql"
in_a smtpctl pause mta
submit staff@minties.govt.nz once@quiet.co.nz
check "its host is looked at when mail for it comes" \
    wait_for 60 first_of quiet.co.nz mx2.quiet.co.nz
in_a smtpctl resume mta
check "the first host is gone: the mail leaves at its first attempt" \
    wait_for 60 got_mail '<once@quiet.co.nz>'
like "$(grep -l '<once@quiet.co.nz>' "$BED"/mail/*)" '*/mx2.quiet.co.nz.*' \
    "by the second"

# sged is dead: what was known stays right.
bed_stop sged KILL
submit staff@minties.govt.nz third@two.co.nz
check "sged dead: a known domain's mail goes by verified TLS" \
    wait_for 40 got_mail '<third@two.co.nz>'
is "$(grep -l '<third@' "$BED"/mail/* | xargs sed -n 's/^X-Peer-Tls: //p')" \
    TLSv1.3 "to the host of the policy"
submit staff@minties.govt.nz new@plain.co.nz
check "public mail goes on" wait_for 40 got_mail '<new@plain.co.nz>'
out=$(client 101 -f a@council.govt.nz $A4 staff@library.govt.nz 2>&1)
like "$out" '*S: 530 5.7.0*' "and the rules hold for mail that comes in"
bed_stop smtpd.A
smtpd_up
submit staff@minties.govt.nz fourth@two.co.nz
check "also after smtpd starts again" \
    wait_for 40 got_mail '<fourth@two.co.nz>'
is "$(grep -l '<fourth@' "$BED"/mail/* | xargs sed -n 's/^X-Peer-Tls: //p')" \
    TLSv1.3 "by verified TLS"
finish
