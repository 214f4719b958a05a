#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Mail that comes in from the world, each flow with and without TLS: the
# answers a client gets from smtpd, and what is on record.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
# A flow of its own that asks for more: smtpd itself refuses TLS before 1.2.
sed -i -e '/^class restricted/i\
class police { "police.govt.nz" }' \
    -e '/^flow from restricted to restricted/i\
flow from police to any require tls "1.3"' \
    -e 's/^local {/local { "minties.co.nz" /' "$A/etc/mail/sge.conf"
mail_host_up
bed_stop smtpd.A
sed -i 's/^table domains { /&"minties.co.nz", /' "$A/etc/smtpd.conf"
smtpd_up
dns_ptr $NET4.11 mx.dia.govt.nz
host mail.council.govt.nz 101

# try N WANT TEXT OPTION... RCPT...: the reply to the (only) RCPT.
try()
{
	try_n=$1 try_want=$2 try_text=$3
	shift 3
	try_out=$(client "$try_n" "$@" 2>&1)
	like "$(printf '%s\n' "$try_out" | sed -n '/^C: RCPT/{n;p;}')" \
	    "S: $try_want*" "$try_text" || note "$try_out"
}
# reply: the last try's refusal as the client saw it.
reply()
{
	printf '%s\n' "$try_out" | sed -n 's/^S: \(5[0-9][0-9] 5.7.*\)/\1/p'
}

me=$A4
try 11 '530 5.7.0 Must issue a STARTTLS command first: ' \
    "5.1 Restricted to Restricted without TLS is refused" \
    -f a@dia.govt.nz $me staff@minties.govt.nz
like "$(reply)" '*estricted*estricted*' "and the reply names the flow"
try 11 250 "5.1 with TLS from the connector's address is accepted" \
    -t -f a@dia.govt.nz $me staff@minties.govt.nz
try 101 '550 5.7.1 ' "5.1 with TLS from another address is refused" \
    -t -f a@dia.govt.nz $me staff@minties.govt.nz
try 101 '550 5.7.1 ' "5.1 of a member without a connector is refused" \
    -t -f a@moe.govt.nz $me staff@minties.govt.nz
try 101 '530 5.7.0 ' "5.2 Government to Restricted without TLS is refused" \
    -f a@council.govt.nz $me staff@minties.govt.nz
try 101 250 "5.2 with TLS is accepted" \
    -t -f a@council.govt.nz $me staff@minties.govt.nz
try 101 '530 5.7.0 ' "5.4 Government to Government without TLS is refused" \
    -f a@council.govt.nz $me staff@library.govt.nz
try 101 250 "5.4 with TLS 1.2 is accepted" \
    -t -v 1.2 -f a@council.govt.nz $me staff@library.govt.nz
try 101 250 "5.4 with TLS 1.3 is accepted" \
    -t -v 1.3 -f a@council.govt.nz $me staff@library.govt.nz
try 101 '550 5.7.0 ' "TLS older than required is refused" \
    -t -v 1.2 -f a@police.govt.nz $me staff@library.govt.nz
like "$(reply)" '*1.2*1.3*' "and the reply names both versions"
out=$(client 101 -t -v 1.1 -f a@council.govt.nz $me staff@library.govt.nz 2>&1)
like "$out" '*handshake:*' "TLS 1.1 does not even come about with smtpd"
try 102 250 "5.5 public to Government without TLS is accepted" \
    -f a@club.co.nz $me staff@library.govt.nz
try 102 250 "5.3 public to Restricted without TLS is accepted" \
    -f a@club.co.nz $me staff@minties.govt.nz
try 102 250 "5.3 public to Restricted with TLS is accepted" \
    -t -f a@club.co.nz $me staff@minties.govt.nz
try 150 250 "4.3 a legacy host without TLS is accepted" \
    -f a@council.govt.nz $me staff@library.govt.nz
try 151 '530 5.7.0 ' "4.3 but not after its last day" \
    -f a@council.govt.nz $me staff@library.govt.nz
try 151 '530 5.7.0 ' "4.3 nor for what it sends to others" \
    -f staff@library.govt.nz $me a@council.govt.nz
try 150 '530 5.7.0 ' "4.3 and never for 5.1" \
    -f a@dia.govt.nz $me staff@minties.govt.nz
try 101 '530 5.7.0 ' "the null sender has the class of a proven HELO name" \
    -h mail.council.govt.nz $me staff@library.govt.nz
try 103 250 "and is public where nothing proves the name" \
    -h mail.council.govt.nz $me staff@library.govt.nz

# smtpd takes an address without a domain for one of its own host.
for to in staff staff@; do
	try 101 '530 5.7.0 ' "to <$to>: of this host, so it requires TLS" \
	    -f a@council.govt.nz $me $to
done
try 101 '530 5.7.0 ' "from <root>: of this host, so it requires TLS" \
    -f root $me staff@library.govt.nz

# IPv6, TLS from the start, a login.
out=$(at_b "$BIN/smtpc" -b "$NET6:65" -f a@council.govt.nz "$A6" \
    staff@library.govt.nz 2>&1)
like "$out" '*S: 530 5.7.0*' "IPv6 without TLS is refused"
out=$(at_b "$BIN/smtpc" -t -b "$NET6:65" -f a@council.govt.nz "$A6" \
    staff@library.govt.nz 2>&1)
is $? 0 "IPv6 with TLS is accepted" || note "$out"

# Several recipients of different flows in one transaction.
out=$(client 101 -f a@council.govt.nz $me staff@library.govt.nz \
    staff@minties.co.nz staff@minties.govt.nz 2>&1)
is "$(printf '%s\n' "$out" | sed -n '/^C: RCPT/{n;s/^S: \(...\).*/\1/p;}' |
    tr '\n' ' ')" "530 250 530 " "each recipient gets its own flow's answer"
like "$out" '*S: 354*the message*S: 250 2.0.0*' "and the message is taken for the others"

# Who is named in the host's aliases gets what others write to postmaster, and
# what the host itself writes to root: the digest.
out=$(client 101 -t -f a@council.govt.nz $me postmaster@library.govt.nz 2>&1)
is $? 0 "mail for postmaster is taken" || note "$out"
printf 'Subject: TLS digest\n\nNothing.\n' | in_a sendmail root
staff_has()
{
	grep -rq "$1" "$A/home/staff/Maildir/new"
}
check "and a person's" wait_for 30 staff_has 'for <postmaster@library'
check "who gets that for root too" wait_for 30 staff_has '^Subject: TLS digest'

for want in \
    '"dir":"in".*"remote":"203.0.113.102".*"starttls":null,"tls":null.*"from":"club.co.nz","to":"library.govt.nz","flow":"public>government","verdict":"pass","why":null,"messages":1,"rcpts":1' \
    '"dir":"in".*"remote":"203.0.113.102".*"tls":"TLSv1.3".*"flow":"public>restricted","verdict":"pass"' \
    '"dir":"in".*"remote":"203.0.113.150".*"tls":null.*"flow":"government>government","verdict":"legacy","why":"no-tls","messages":1,"rcpts":1' \
    '"dir":"in".*"remote":"203.0.113.151".*"flow":"government>government","verdict":"reject","why":"no-tls","messages":0,"rcpts":1' \
    '"dir":"in".*"remote":"203.0.113.151".*"from":"library.govt.nz","to":"council.govt.nz","flow":"government>government","verdict":"reject","why":"no-tls","messages":0,"rcpts":1' \
    '"dir":"in".*"tls":"TLSv1.2".*"flow":"government>government","verdict":"pass"' \
    '"dir":"in".*"flow":"restricted>restricted","verdict":"reject"' \
    '"dir":"in".*"remote":"2001:db8:7::65".*"verdict":"reject"'; do
	check "on record: $want" wait_for 20 record_seen "$want"
done
in_digest()
{
	sgectl digest -d today | tr '\n' ' ' | tr -s ' ' |
	    grep -q 'library.govt.nz used no TLS: 1 inbound session refused'
}
check "the digest says that a legacy host's mail was refused" \
    wait_for 40 in_digest || note "$(sgectl digest -d today)"
like "$(sgectl show flow -d today -D library.govt.nz)" '*203.0.113.151*' \
    "and show flow whose"
is "$(records 'staff')" 0 "no local part is on record"
is "$(bed_log smtpd.A 'Exiting')" 0 "smtpd goes on"

# mode testing refuses nothing, and says what it would have refused.
bed_stop smtpd.A
sed -i 's/^mode enforce/mode testing/' "$A/etc/mail/sge.conf"
smtpd_up
try 101 250 "mode testing accepts" \
    -f a@council.govt.nz $me staff@library.govt.nz
check "and has it on record" wait_for 20 record_seen \
    '"flow":"government>government","verdict":"testing","why":"no-tls","messages":1'
finish
