#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A fleet of two real mail hosts: both write to the same domain, which gets one
# report of what both saw; and mail leaves while the database is away.
. "$(dirname "$0")/../bed/bed.sh"
. "$TOP/regress/bed/pg.sh"
[ "${BED_INSIDE:-}" = yes ] || pg_find
bed_enter "$0" "$@"
. "$TOP/regress/bed/fleet_hosts.sh"
"$TOP/reporter/sged" -n -f /dev/null 2>&1 | grep -q 'without PostgreSQL' &&
    bed_skip "built without libpq"
bed_up
mail_host_up
rua_up reports.example
peer mx.plain.co.nz 22 nostarttls
dns "plain.co.nz MX 10 mx.plain.co.nz." \
    "_smtp._tls.plain.co.nz TXT v=TLSRPTv1; rua=mailto:reports@reports.example"
fleet_hosts 1

fleet_submit A staff@library.govt.nz u1@plain.co.nz
fleet_submit A staff@library.govt.nz u2@plain.co.nz
fleet_submit A1 staff@library.govt.nz u3@plain.co.nz
for n in 1 2 3; do
	check "mail leaves" wait_for 90 got_mail "<u$n@plain.co.nz>"
done
on_record()
{
	[ "$(fleet_delivered "$1" plain.co.nz)" = "$2" ]
}
check "all is on record" wait_for 90 on_record A 2
check "at the other host, too" wait_for 90 on_record A1 1

fleet_tomorrow
all=$(fleet_sessions '"dir":"out".*"to":"plain.co.nz"')
ok "$([ "$all" -ge 2 ]; echo $?)" "both have sessions with the domain"
check "the fleet sends a report" wait_for 180 fleet_sent 1 ||
    tail -n 5 "$BED/log/sged.A" "$BED/log/sged.A1"
check "which arrives" wait_for 90 reports_are 1
is "$(reports | wc -l)" 1 "once"
like "$("$TOP/regress/tool/report-json" <"$(reports)" | tr -d ' \n')" \
    "*\"total-failure-session-count\":$all[,}]*" "of all sessions of both"
check "is signed" dkim_verify "$(reports)"
like "$(fleet_sgectl A1 -p show flow -d "$yesterday" -H all)" \
    "*|public|out|$all|0|0|0|$all|*" "show flow -H all has them"

pg_stop immediate
away()
{
	fleet_sgectl A1 show status | grep -q 'DATABASE IS AWAY'
}
check "the database is away" wait_for 120 away
fleet_submit A1 staff@library.govt.nz late@plain.co.nz
check "and mail leaves all the same" wait_for 90 got_mail '<late@plain.co.nz>'
finish
