#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make demo-fleet: three mail hosts and the PostgreSQL that they share, each in
# a network of its own: mail through each of them, and for every domain one
# report.  Exits 1 if anything is not as it must be.
began=${DEMO_BEGAN:-$(date +%s)}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/bed/show.sh"
if [ "${BED_INSIDE:-}" != yes ]; then
	cd "$here/.." || exit 1
	show_ready demo-fleet
	if [ -z "$(ls /usr/lib/postgresql/*/bin/initdb /usr/local/bin/initdb \
	    2>/dev/null)" ]; then
		echo "demo-fleet: needs postgresql" >&2
		exit 1
	fi
fi
. "$here/bed/bed.sh"
bed_enter "$here/demo-fleet.sh"
. "$here/bed/pg.sh"
. "$here/bed/fleet_hosts.sh"

title "Three mail hosts of one organisation, and a world around them"
bed_up
mail_host_up
rua_up reports.example
https_up 200
peer mx.good.co.nz 21 ok
peer mx.plain.co.nz 22 nostarttls
dns "good.co.nz MX 10 mx.good.co.nz." "plain.co.nz MX 10 mx.plain.co.nz." \
    "_smtp._tls.good.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example" \
    "_smtp._tls.plain.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example"
fleet_hosts 2
for h in $fleet_all; do
	say "$(fleet_name "$h"): smtpd, filter-sge, table-sge, and its own sged"
done
say "db.test: PostgreSQL $("$PG_BIN/postgres" -V | awk '{ print $3 }')"

title "Mail leaves each of them"
n=0
for h in $fleet_all; do
	n=$((n + 1))
	fleet_submit "$h" staff@library.govt.nz "u$n@good.co.nz"
	fleet_submit "$h" staff@library.govt.nz "p$n@plain.co.nz"
done
on_record()
{
	[ "$(fleet_records "$1" '"to":"good.co.nz"')" -gt 0 ] &&
	    [ "$(fleet_records "$1" '"to":"plain.co.nz"')" -gt 0 ]
}
for h in $fleet_all; do
	wait_for 90 on_record "$h"
	verdict $? "$(fleet_name "$h"): to good.co.nz, plain.co.nz" "on record"
done

title "A day later: each domain gets one report"
say "(A report needs a day that is over: the records become yesterday's.)"
fleet_tomorrow
wait_for 120 fleet_sent 2
verdict $? "the fleet has sent" \
    "$(pg_sql "SELECT count(*) FROM sge.report WHERE state = 'sent'") reports"
wait_for 60 reports_are 2
is_two()
{
	[ "$(reports | wc -l)" -eq 2 ]
}
is_two
verdict $? "in the mailbox that both ask for" "$(reports | wc -l) mails"
pg_sql "SELECT domain || ' was sent by ' || member FROM sge.report
    ORDER BY domain" | sed 's/^/   /'
report=$(grep -l '^TLS-Report-Domain: plain.co.nz' $(reports) /dev/null)
if [ -n "$report" ]; then
	title "The report to plain.co.nz, of what three hosts saw"
	"$TOP/regress/tool/report-json" <"$report" | sed 's/^/   /'
	n=$("$TOP/regress/tool/report-json" <"$report" | tr -d ' ",' |
	    sed -n 's/^total-failure-session-count://p')
	[ "$n" = "$(fleet_sessions '"dir":"out".*"to":"plain.co.nz"')" ]
	verdict $? "its failed sessions are those of all records" "$n"
	dkim_verify "$report" >/dev/null 2>&1
	verdict $? "dkim (opendkim-testmsg, key from the DNS)" "pass"
else
	verdict 1 "the report to plain.co.nz" "did not arrive"
fi

title "sgectl show flow -H all, on $(fleet_name A1)"
fleet_sgectl A1 show flow -d "$yesterday" -H all || wrong=$((wrong + 1))
title "sgectl show status, on $(fleet_name A2)"
fleet_sgectl A2 -v show status 2>/dev/null || wrong=$((wrong + 1))
title "sgectl show cleartext -H $(fleet_name A2), on $(fleet_name A1)"
fleet_sgectl A1 show cleartext -d "$yesterday" -H "$(fleet_name A2)" ||
    wrong=$((wrong + 1))

title "The database dies, and mail goes on"
pg_stop immediate
fleet_submit A1 staff@library.govt.nz late@good.co.nz
wait_for 60 got_mail '<late@good.co.nz>'
verdict $? "$(fleet_name A1): to good.co.nz" "delivered"
away()
{
	fleet_sgectl A1 show status | grep -q 'DATABASE IS AWAY'
}
wait_for 90 away
verdict $? "sgectl show status" "says that it is away"
pg_start
back()
{
	fleet_sgectl A1 show status | grep -q 'all was copied'
}
wait_for 90 back
verdict $? "it is back" "all was copied"
show_end demo-fleet
