#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A day's report, from the records of real sessions to a mailbox that a real
# smtpd delivers to, its signature verified by opendkim's tool.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
rua_up reports.example
https_up 200

dns "good.co.nz MX 10 mx.good.co.nz." "plain.co.nz MX 10 mx.plain.co.nz." \
    "silent.co.nz MX 10 mx.good.co.nz." \
    "_smtp._tls.good.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example" \
    "_smtp._tls.plain.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example" \
    "web.co.nz MX 10 mx.good.co.nz." "tls.web.co.nz A $NET4.200" \
    "_smtp._tls.web.co.nz TXT v=TLSRPTv1; rua=https://tls.web.co.nz/in/box"
cert tls.web.co.nz
# One whose reports go to a host that refuses them, and one whose reports go
# where mail is to be verified, and can't be.
dns "back.co.nz MX 10 mx.good.co.nz." "strict.co.nz MX 10 mx.good.co.nz." \
    "_smtp._tls.back.co.nz TXT v=TLSRPTv1; rua=mailto:gone@refuse.co.nz" \
    "_smtp._tls.strict.co.nz TXT v=TLSRPTv1; rua=mailto:tls@wrong.co.nz" \
    "refuse.co.nz MX 10 mx.refuse.co.nz." "wrong.co.nz MX 10 mx.wrong.co.nz."
policy wrong.co.nz 200 enforce 2419200 mx.wrong.co.nz
cert -o mx.wrong.co.nz other.nz
peer mx.refuse.co.nz 23 reject
peer mx.wrong.co.nz 24 ok
printf 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n' |
    answer tls.web.co.nz /in/box
peer mx.good.co.nz 21 ok
peer mx.plain.co.nz 22 nostarttls
# One whose reports would go to what listens on this host.
ip -n A addr add 9.9.9.9/32 dev lo
dns "own.co.nz MX 10 mx.good.co.nz." "self.example A 9.9.9.9" \
    "_smtp._tls.own.co.nz TXT v=TLSRPTv1; rua=https://self.example/box"
for d in good good good plain silent web back strict own; do
	submit staff@library.govt.nz "u@$d.co.nz"
done
check "mail arrives" wait_for 60 got_mail '<u@plain.co.nz>'
check "and to the other" wait_for 60 got_mail '<u@silent.co.nz>'
check "on record" wait_for 40 record_seen '"to":"good.co.nz"'
check "and the other" wait_for 40 record_seen '"to":"plain.co.nz"'
check "and web.co.nz" wait_for 40 record_seen '"to":"web.co.nz"'
check "and own.co.nz" wait_for 40 record_seen '"to":"own.co.nz"'
check "and the third" wait_for 40 record_seen '"to":"silent.co.nz"'
check "and back.co.nz" wait_for 40 record_seen '"dir":"out".*"to":"back.co.nz"'
check "and strict.co.nz" wait_for 40 record_seen '"dir":"out".*"to":"strict.co.nz"'

today=$(date -u +%Y-%m-%d)
counted()
{
	sgectl report -d "$today" plain.co.nz | grep -q total-failure &&
	    sgectl report -d "$today" good.co.nz | grep -q total-success
}
check "sged has counted them" wait_for 30 counted
check "sgectl show flow" sgectl show flow -d "$today"
like "$(sgectl send -d "$today" 2>&1)" '*not over yet*' \
    "a day that is not over is not sent"

past_midnight
check "a day's reports are sent" sgectl send -d "$yesterday"
check "two reports arrive" wait_for 60 reports_are 2
is "$(reports | wc -l)" 2 "and no third: silent.co.nz asked for none"

posted()
{
	ls "$BED"/posts/tls.web.co.nz.*.head
}
check "one is posted" wait_for 60 posted
refused_own()
{
	sgectl -p show sent -d "$yesterday" |
	    grep 'own.co.nz.*self.example.*may be contacted'
}
check "none to this host itself" wait_for 60 refused_own
like "$(cat "$BED"/posts/tls.web.co.nz.*.head)" 'POST /in/box HTTP/1.?
*Content-Type: application/tlsrpt+gzip*' "to the path, as the right type"
like "$(gzip -dc <"$(echo "$BED"/posts/tls.web.co.nz.*.body)")" \
    '{*"policy-domain":*"web.co.nz"*}' "with that domain's report"
sent_to_web()
{
	sgectl show sent -d "$yesterday" | grep 'web.co.nz.*sent'
}
check "and known as sent" wait_for 20 sent_to_web

check "a report goes where TLS fails, too" \
    wait_for 60 got_mail '<tls@wrong.co.nz>'
submit staff@library.govt.nz p@wrong.co.nz
check "another mail is to be verified, and is not sent" wait_log 60 smtpd.A \
    "mx.wrong.co.nz' not present in server certificate"
is "$(mails '<p@wrong.co.nz>')" 0 "it waits"
bounced()
{
	sgectl show sent -d "$yesterday" -D back.co.nz |
	    grep 'bounced: .*550'
}
check "a bounce from smtpd is noted" wait_for 60 bounced

good=$(grep -l '^TLS-Report-Domain: good.co.nz' $(reports) /dev/null)
plain=$(grep -l '^TLS-Report-Domain: plain.co.nz' $(reports) /dev/null)
for f in "$good" "$plain"; do
	check "dkim=pass" dkim_verify "$f"
done
sed 's/TLS-Report-Domain: good/TLS-Report-Domain: food/' "$good" \
    >"$BED/forged"
like "$(dkim_verify "$BED/forged" 2>&1)" '*Bad signature*' "the signature covers TLS-Report-Domain"

head=$("$TOP/regress/tool/report-json" -h <"$good")
like "$head" '*
Subject: Report Domain: good.co.nz Submitter: minties.govt.nz Report-ID: <*@minties.govt.nz>*' \
    "Subject as RFC 8460 5.3 has it"
for h in 'TLS-Report-Submitter: minties.govt.nz' \
    'From: *tlsrpt-noreply@minties.govt.nz*' 'Date: ' 'Message-ID: <*>' \
    'Auto-Submitted: auto-generated' 'TLS-Required: No' 'MIME-Version: 1.0' \
    'Content-Type: multipart/report;*report-type="tlsrpt"'; do
	like "$head" "*
$h*" "header: $h"
done

json()
{
	"$TOP/regress/tool/report-json" "$@"
}
is "$(json organization-name contact-info date-range.start-datetime \
    date-range.end-datetime policies.0.policy.policy-type \
    policies.0.policy.policy-domain policies.1 <"$good")" "Minties
tls-reports@minties.govt.nz
${yesterday}T00:00:00Z
${yesterday}T23:59:59Z
no-policy-found
good.co.nz
(none)" "the report says whose, what and when"
is "$(json policies.0.summary.total-failure-session-count <"$good")" 0 \
    "no failures at the good host"
ok=$(json policies.0.summary.total-successful-session-count <"$good")
is "$ok" "$(grep -c '"dir":"out".*"tls":"TLS.*"to":"good.co.nz"' \
    "$BED/yesterday")" \
    "as many successes as there were sessions"
is "$(json policies.0.summary.total-failure-session-count \
    policies.0.failure-details.0.result-type \
    policies.0.failure-details.0.sending-mta-ip \
    policies.0.failure-details.0.receiving-ip \
    policies.0.failure-details.0.receiving-mx-hostname \
    policies.0.failure-details.0.receiving-mx-helo \
    policies.0.failure-details.0.failed-session-count <"$plain")" "1
starttls-not-supported
203.0.113.1
203.0.113.22
mx.plain.co.nz
mx.plain.co.nz
1" "the failure is told in full"

# The reports' own session is left out of the next report.
check "the reports' session is on record" wait_for 40 record_seen \
    '"to":"reports.example".*"report":true'
none()
{
	sgectl report -d "$today" reports.example
}
wait_for 3 none
is $? 1 "and in no report"
like "$(sgectl show sent -d "$yesterday")" '*good.co.nz*sent*' "show sent knows"
finish
