#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make demo: shows the whole of it on a mail host of its own, in namespaces
# that vanish when it ends.  Exits 1 if anything is not as it must be.
began=${DEMO_BEGAN:-$(date +%s)}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/bed/show.sh"
if [ "${BED_INSIDE:-}" != yes ]; then
	cd "$here/.." || exit 1
	show_ready demo
fi
. "$here/bed/bed.sh"
bed_enter "$here/demo.sh"

# in N WANT WHAT OPTION... RCPT: a mail from outside, and smtpd's answer.
in_try()
{
	in_n=$1 in_want=$2 in_what=$3
	shift 3
	in_out=$(client "$in_n" "$@" 2>&1)
	in_got=$(printf '%s\n' "$in_out" | sed -n '/^C: RCPT/{n;s/^S: //p;}')
	case $in_got in
	"$in_want"*) in_ok=0 ;;
	*) in_ok=1; in_got="$in_got $(printf '%s' "$in_out" | tail -n 1)" ;;
	esac
	case $in_got in
	250*) verdict $in_ok "in:  $in_what" accepted ;;
	*)
		verdict $in_ok "in:  $in_what" refused
		printf '%s\n' "$in_got" | fold -s -w 70 | sed 's/^/          /' ;;
	esac
}

# out_sent TO TLS WHAT: it must have been delivered so.
out_sent()
{
	wait_for 40 got_mail "<$1>"
	out_tls=$(grep -l "<$1>" "$BED"/mail/* 2>/dev/null | head -n 1 |
	    xargs -r sed -n 's/^X-Peer-Tls: //p')
	case $out_tls in
	none) out_how="delivered in clear" ;;
	'') out_how="not delivered" ;;
	*) out_how="delivered over $out_tls" ;;
	esac
	[ "$out_tls" = "$2" ]
	verdict $? "out: $3" "$out_how"
}

# out_waits TO LOG WHAT WHY: smtpd has tried and did not send it.
out_waits()
{
	wait_log 40 smtpd.A "$2"
	[ "$(mails "<$1>")" -eq 0 ] && [ "$(queued "$1")" -eq 1 ]
	verdict $? "out: $3" "not sent, waits: $4"
}

title "A mail host, and a world around it"
say "Host A is mail.minties.govt.nz: Debian 13's smtpd 7.6, filter-sge,"
say "table-sge, sged. It takes mail for minties.govt.nz (Restricted Group)"
say "and library.govt.nz (Government). Outside: other mail hosts, good and"
say "bad, MTA-STS policy hosts, and a mailbox for TLS reports."
bed_up
mail_host_up
rua_up reports.example
https_up 200
dns_ptr $NET4.11 mx.dia.govt.nz

# The outside, and mail to all of it.
peer mx.dia.govt.nz 11 ok
cert -o mx.dia.test other.nz
dns "dia.govt.nz MX 10 mx.attacker.nz."
peer mx.attacker.nz 12 ok
peer mx.council.govt.nz 13 ok
dns "council.govt.nz MX 10 mx.council.govt.nz."
policy council.govt.nz 200 enforce 86400 mx.council.govt.nz
peer mx.shire.govt.nz 14 nostarttls
dns "shire.govt.nz MX 10 mx.shire.govt.nz."
cert -o mx.bank.co.nz other.nz
peer mx.bank.co.nz 15 ok
dns "bank.co.nz MX 10 mx.bank.co.nz."
policy bank.co.nz 200 enforce 86400 mx.bank.co.nz
peer mx.good.co.nz 16 ok
dns "good.co.nz MX 10 mx.good.co.nz." \
    "_smtp._tls.good.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example"
peer mx.plain.co.nz 17 nostarttls
dns "plain.co.nz MX 10 mx.plain.co.nz." \
    "_smtp._tls.plain.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example"
submit staff@minties.govt.nz r@dia.govt.nz
submit staff@minties.govt.nz r@council.govt.nz
submit staff@minties.govt.nz r@shire.govt.nz
submit staff@minties.govt.nz r@good.co.nz
submit staff@minties.govt.nz r@plain.co.nz
submit staff@minties.govt.nz r@bank.co.nz
submit staff@library.govt.nz g@council.govt.nz
submit staff@library.govt.nz g@shire.govt.nz
submit staff@library.govt.nz g@good.co.nz
submit staff@library.govt.nz g@plain.co.nz

title "5.1 Restricted Group to Restricted Group: by connector, always TLS"
in_try 11 530 "dia.govt.nz, without TLS" \
    -f a@dia.govt.nz $A4 staff@minties.govt.nz
in_try 11 250 "dia.govt.nz, TLS, the connector's address" \
    -t -f a@dia.govt.nz $A4 staff@minties.govt.nz
in_try 101 550 "dia.govt.nz, TLS, another address" \
    -t -f a@dia.govt.nz $A4 staff@minties.govt.nz
out_sent r@dia.govt.nz TLSv1.3 "to the connector's host, verified"
[ "$(mails 'X-Peer-Host: mx.attacker.nz')" -eq 0 ]
verdict $? "out: DNS shows another MX host" "ignored"

title "5.2 Restricted Group to other Government: TLS, MX, MTA-STS"
in_try 101 530 "council.govt.nz, without TLS" \
    -f a@council.govt.nz $A4 staff@minties.govt.nz
in_try 101 250 "council.govt.nz, TLS 1.2" \
    -t -v 1.2 -f a@council.govt.nz $A4 staff@minties.govt.nz
out_sent r@council.govt.nz TLSv1.3 "council.govt.nz, MTA-STS enforce, good host"
out_waits r@shire.govt.nz 'shire.govt.nz' "shire.govt.nz, no STARTTLS" \
    "TLS is required"

title "5.3 Restricted Group and public: TLS preferred"
in_try 102 250 "club.co.nz, without TLS" \
    -f a@club.co.nz $A4 staff@minties.govt.nz
in_try 102 250 "club.co.nz, TLS" \
    -t -f a@club.co.nz $A4 staff@minties.govt.nz
out_sent r@good.co.nz TLSv1.3 "good.co.nz, offers TLS"
out_sent r@plain.co.nz none "plain.co.nz, no STARTTLS"
out_waits r@bank.co.nz "mx.bank.co.nz' not present in server certificate" \
    "bank.co.nz, MTA-STS enforce, wrong name" "policy"

title "5.4 Government to Government: TLS, MX, MTA-STS"
in_try 101 530 "council.govt.nz, without TLS" \
    -f a@council.govt.nz $A4 staff@library.govt.nz
in_try 101 250 "council.govt.nz, TLS 1.2" \
    -t -v 1.2 -f a@council.govt.nz $A4 staff@library.govt.nz
in_try 150 250 "a legacy host (4.3), without TLS" \
    -f a@council.govt.nz $A4 staff@library.govt.nz
in_try 151 530 "a legacy host after its last day" \
    -f a@council.govt.nz $A4 staff@library.govt.nz
out_sent g@council.govt.nz TLSv1.3 "council.govt.nz"
out_waits g@shire.govt.nz 'shire.govt.nz' "shire.govt.nz, no STARTTLS" \
    "TLS is required"

title "5.5 Government and public: TLS preferred"
in_try 102 250 "club.co.nz, without TLS" \
    -f a@club.co.nz $A4 staff@library.govt.nz
in_try 102 250 "club.co.nz, TLS" \
    -t -f a@club.co.nz $A4 staff@library.govt.nz
out_sent g@good.co.nz TLSv1.3 "good.co.nz, offers TLS"
out_sent g@plain.co.nz none "plain.co.nz, no STARTTLS"

# smtpd keeps a session open for some seconds; then it is on record.
today=$(date -u +%Y-%m-%d)
counted()
{
	sgectl report -d "$today" plain.co.nz | grep -q starttls-not &&
	    sgectl report -d "$today" good.co.nz | grep -q '"total-succ' &&
	    sgectl report -d "$today" council.govt.nz | grep -q '"total-succ'
}
wait_for 60 counted
verdict $? "every connection is on record" "and counted"

title "sgectl show flow -d $today"
sgectl show flow -d "$today" || wrong=$((wrong + 1))

title "The report to plain.co.nz, as it came into its mailbox"
say "(A report needs a day that is over: the records become yesterday's.)"
past_midnight
sgectl send -d "$yesterday"
wait_for 60 reports_are 2
report=$(grep -l '^TLS-Report-Domain: plain.co.nz' $(reports) /dev/null)
if [ -n "$report" ]; then
	"$TOP/regress/tool/report-json" -h <"$report" |
	    grep -i -e '^From:' -e '^To:' -e '^Subject:' -e '^TLS-' \
	    -e '^Date:' -e '^Auto-' | fold -s -w 76 | sed 's/^/   /'
	"$TOP/regress/tool/report-json" <"$report" | sed 's/^/   /'
	if dkim_verify "$report"; then
		say "dkim=pass (opendkim-testmsg, key from the DNS)"
	else
		verdict 1 "the report's signature" "dkim=fail"
	fi
else
	verdict 1 "the report" "did not arrive"
fi

show_end demo
