#!/bin/sh
# SPDX-License-Identifier: ISC
#
# MTA-STS (RFC 8461) on the real smtpd with a real policy host: an enforce
# policy holds from the first mail on, whatever stands between; a testing one
# is only reported.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
https_up 200

n=20
# sts MODE DOMAIN PEERMODE [OPTION...]: a domain with a policy for its MX.
sts()
{
	mode=$1 d=$2
	shift 2
	n=$((n + 1))
	dns "$d MX 10 mx.$d."
	policy "$d" 200 "$mode" "${age:-86400}" "mx.$d"
	peer "mx.$d" $n "$@"
}
sts enforce bank.co.nz ok
sts enforce strip.co.nz nostarttls
cert -o mx.wrong.co.nz other.nz
sts enforce wrong.co.nz ok
cert -e mx.expired.co.nz
sts enforce expired.co.nz ok
cert -u mx.unknown.co.nz
sts enforce unknown.co.nz ok
# An attacker's MX record, whose host has a good certificate of its own.
sts enforce hijack.co.nz ok
peer mx.attacker.nz 19 ok
dns_gone hijack.co.nz
dns "hijack.co.nz MX 10 mx.attacker.nz."
# It says that it takes no mail at all (RFC 7505).
sts enforce null.co.nz ok
dns_gone null.co.nz
dns "null.co.nz MX 0 ."
sts none nothing.co.nz nostarttls
sts testing tgood.co.nz ok
sts testing tstrip.co.nz nostarttls
cert -o mx.twrong.co.nz other.nz
sts testing twrong.co.nz ok
cert -e mx.texpired.co.nz
sts testing texpired.co.nz ok
cert -u mx.tunknown.co.nz
sts testing tunknown.co.nz ok
sts testing thijack.co.nz ok
peer mx.other.nz 18 ok
dns_gone thijack.co.nz
dns "thijack.co.nz MX 10 mx.other.nz."
# There is a record, but no policy to be had.
sts enforce fetch.co.nz ok
printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' |
    answer mta-sts.fetch.co.nz /.well-known/mta-sts.txt
cert -e mta-sts.webpki.co.nz
sts enforce webpki.co.nz ok
sts eforce invalid.co.nz ok
# One that does not last.
age=30
sts enforce short.co.nz ok
short_n=$n
age=1
sts enforce moment.co.nz ok

bad="strip wrong expired unknown hijack"
testing="tgood tstrip twrong texpired tunknown thijack"
nopolicy="fetch webpki invalid"
for d in bank short moment $bad null nothing $testing $nopolicy; do
	submit staff@minties.govt.nz "u@$d.co.nz" || note "$d: sendmail failed"
done

check "enforce: the first mail ever goes out" \
    wait_for 60 got_mail '<u@bank.co.nz>'
is "$(sed -n 's/^X-Peer-Tls: //p' "$BED"/mail/mx.bank.co.nz.*)" TLSv1.3 \
    "over TLS"
is "$(sed -n 's/^X-Peer-Sni: //p' "$BED"/mail/mx.bank.co.nz.*)" \
    mx.bank.co.nz "that asks for the MX host's name (RFC 8461 7.1)"
check "and verified" grep -q 'mta.*cert-check result="valid"' \
    "$BED/log/smtpd.A"
for d in nothing $testing $nopolicy; do
	check "$d.co.nz: delivered" wait_for 60 got_mail "<u@$d.co.nz>"
done

check "null MX: it bounces, as without a policy" wait_for 60 grep -q \
    'null.co.nz.*PermFail' "$BED/log/smtpd.A"
# Each has failed at least once, and again when asked.
tried()
{
	sgectl report -d "$(date -u +%Y-%m-%d)" "$1.co.nz" | grep -q "$2"
}
check "enforce for half a minute: goes out too" \
    wait_for 60 got_mail '<u@short.co.nz>'
check "enforce for a second: goes out" wait_for 60 got_mail '<u@moment.co.nz>'
said=$(sgectl show policy moment.co.nz)
echo "$said" | tr -s " \n" " " | grep -q -e EXPIRED -e "it is over"
ok $? "show policy: it is over" || note "$said"
is "$(echo "$said" | grep -c 'to now')" 0 "and is not in force"
like "$said" '*next when there is mail*' "nor looked at before there is mail"
for pair in strip:starttls-not-supported wrong:certificate-host-mismatch \
    expired:certificate-expired unknown:certificate-not-trusted \
    hijack:validation-failure tstrip:starttls-not-supported \
    twrong:certificate-host-mismatch texpired:certificate-expired \
    tunknown:certificate-not-trusted thijack:validation-failure \
    fetch:sts-policy-fetch-error webpki:sts-webpki-invalid \
    invalid:sts-policy-invalid; do
	d=${pair%:*} type=${pair#*:}
	check "$d.co.nz: the report names $type" wait_for 60 tried "$d" "$type"
done
today()
{
	sgectl report -d "$(date -u +%Y-%m-%d)" "$1" | tr -d '\n' |
	    sed 's/\([[{:,]\) */\1/g'
}
report=$(today wrong.co.nz)
for part in '"policy-type":"sts"' \
    '"policy-string":\["version:STSv1","mode:enforce","mx:mx.wrong.co.nz"' \
    '"mx-host":\["mx.wrong.co.nz"' \
    '"sending-mta-ip":"203.0.113.1"' '"receiving-ip":"203.0.113.23"' \
    '"receiving-mx-hostname":"mx.wrong.co.nz"' \
    '"failure-reason-code":"*not present in server certificate'; do
	like "$report" "*$part*" "told in full: $part"
done
like "$(today fetch.co.nz)" '*"policy-type":"no-policy-found"*' \
    "without a policy none is claimed"
# However often it is fetched, one mail that went without is one failure.
for d in $nopolicy; do
	like "$(today $d.co.nz)" \
	    '*"total-successful-session-count":0,"total-failure-session-count":1*' \
	    "$d: one session, which went without a policy"
	like "$(today $d.co.nz)" '*{"result-type":"sts-*","failed-session-count":1,"failure-reason-code":*' \
	    "$d: which names no host and no address"
done
retry_now
for d in $bad; do
	is "$(mails "<u@$d.co.nz>")" 0 "enforce, $d: nothing was delivered"
	is "$(queued "u@$d.co.nz")" 1 "and the mail waits"
done
is "$(mails 'X-Peer-Host: mx.attacker.nz')" 0 "the attacker got nothing"

# The policy host goes down (what was fetched until then lasts from then) and the DNS loses the record: the policy holds.
bed_stop httpd KILL
short=$(date +%s)
dns_gone _mta-sts.bank.co.nz mta-sts.bank.co.nz \
    _mta-sts.short.co.nz mta-sts.short.co.nz
bed_stop mx.short.co.nz KILL
peer_start mx.short.co.nz "$short_n" nostarttls
bed_stop mx.bank.co.nz KILL
peer_start mx.bank.co.nz 21 nostarttls
bed_stop sged KILL
sged_up
submit staff@minties.govt.nz second@bank.co.nz
check "smtpd asks for TLS still" wait_for 30 record_seen \
    '"remote":"203.0.113.21".*"starttls":"absent"'
is "$(mails '<second@bank.co.nz>')" 0 "and sends nothing without"
is "$(queued second@bank.co.nz)" 1 "the mail waits"
like "$(sgectl show policy bank.co.nz)" '*enforce*' "show policy says why"
like "$(sgectl show route bank.co.nz)" '*smtp+tls://mx.bank.co.nz*' \
    "and show route where"

# After max_age there is no policy any more.
over()
{
	[ "$(date +%s)" -gt $((short + 31)) ]
}
wait_for 60 over
submit staff@minties.govt.nz second@short.co.nz
check "a policy that is over holds no mail" \
    wait_for 60 got_mail '<second@short.co.nz>'
is "$(sed -n 's/^X-Peer-Tls: //p' "$(grep -l '<second@short' \
    "$BED"/mail/*)")" none "which goes as the host takes it, in clear"
finish
