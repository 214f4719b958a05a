#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A stranger without an account names thousands of recipients, each of a
# domain of his own whose records lead to a victim.  smtpd refuses them all,
# and nothing comes of it: no question to the DNS, no connection to anybody,
# no route, no row in any tally, no report.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
total=${TOTAL:-10000}
# smtpd hangs up after 50 that it refused.
each=49
bed_up
mail_host_up
peer mx.victim.example 240 ok
dns "victim.example MX 10 mx.victim.example." \
    "own.example MX 10 mx.victim.example."
in_a unbound-control -c /etc/unbound/bed.conf local_zone attacker.nz redirect \
    >/dev/null
dns "attacker.nz MX 10 mx.victim.example." \
    "attacker.nz TXT v=STSv1; id=1;" "attacker.nz A $NET4.240" \
    "attacker.nz TXT v=TLSRPTv1; rua=mailto:victim@victim.example" \
    "_smtp._tls.own.example TXT v=TLSRPTv1; rua=mailto:asked@victim.example,mailto:x@loop.example" \
    "loop.example MX 10 mail.minties.govt.nz."
in_a unbound-control -c /etc/unbound/bed.conf set_option log-queries: yes \
    >/dev/null

# Connections that B has taken, and those of A that came to nothing.
connections()
{
	nsenter --net=/run/netns/B awk '$1 == "Tcp:" { n = $7 }
	    END { print n }' /proc/net/snmp
	nsenter --net=/run/netns/A awk '$1 == "Tcp:" { n = $8 }
	    END { print n }' /proc/net/snmp
}

# name FROM N: that many recipients of the stranger's.
name()
{
	awk -v i="$1" -v n="$2" 'BEGIN { while (n-- > 0)
	    print "x@a" i++ ".attacker.nz" }'
}

# The same of a user of ours is looked up: this test would see it.
submit staff@minties.govt.nz x@own.example
check "what our own staff name is asked about" wait_log 20 unbound \
    '_mta-sts.own.example'
rows()
{
	sqlite3 -cmd '.timeout 20000' "$A/var/db/sged/sged.db" "SELECT
	    (SELECT count(*) FROM route) || ' ' ||
	    (SELECT count(*) FROM flow) || ' ' ||
	    (SELECT count(*) FROM tally) || ' ' ||
	    (SELECT count(*) FROM sts)"
}
check "and their mail goes out" wait_for 40 got_mail '<x@own.example>'
before=$(connections) rows=$(rows)

i=0 refused=0
while [ $i -lt "$total" ]; do
	set -- $(name $i $each)
	[ $((i / each % 2)) -eq 0 ] || set -- -t "$@"
	client 99 -d -f x@public.example $A4 "$@" >"$BED/log/stranger" 2>&1
	refused=$((refused + $(grep -c '^S: 550' "$BED/log/stranger")))
	i=$((i + each))
done
ok $((refused < total)) "$refused recipients were refused"
# One after them that is ours: what came before it was handled.
client 98 -f last@public.example $A4 staff@minties.govt.nz \
    >"$BED/log/last" 2>&1
counted()
{
	[ "$(sqlite3 -cmd '.timeout 20000' "$A/var/db/sged/sged.db" \
	    "SELECT count(*) FROM correspondent
	    WHERE domain = 'public.example'")" -gt 0 ]
}
check "sged has counted all of it" wait_for 60 counted
is "$(grep -c '_mta-sts\.a[0-9]' "$BED/log/unbound")" 0 \
    "no question for a policy"
is "$(grep -c ' a[0-9]*\.attacker\.nz' "$BED/log/unbound")" 0 \
    "nor for anything else of his"
is "$(connections)" "$before" "no connection to anybody"
is "$(mails x@a)" 0 "no mail"
is "$(records '"dir":"in".*["@]a[0-9]*.attacker.nz')" 0 "no word of it on record"
is "$(sgectl report -d "$(date -u +%Y-%m-%d)" a1.attacker.nz 2>/dev/null)" \
    "" "no report"
like "$(rows)" "${rows%% *} *" "no route"
is "$(sqlite3 "$A/var/db/sged/sged.db" "SELECT count(*) FROM correspondent
    WHERE domain LIKE 'a%.attacker.nz'")" 0 "no row of his domains"

# The next day: whoever our mail went to has a report, whom he named none.
past_midnight
counted_again()
{
	sgectl show flow -d "$yesterday" | grep -q 'public'
}
check "yesterday's sessions are counted" wait_for 60 counted_again
check "reports go" sgectl send -d "$yesterday"
check "one where our own mail went" wait_for 60 got_mail '<asked@victim.example>'
is "$(mails '<victim@victim.example>')" 0 "none to whom he named"
is "$(mails '^X-Peer-From: <tlsrpt-noreply@')" 1 "nor any other"
# A mailbox whose MX is this host: to smtpd what comes from its own address is
# local, and would go round until it had a hundred Received lines.
check "one that leads back to us is refused" wait_log 60 smtpd.A \
    'mta delivery.*to=<x@loop.example>.*result="PermFail"'
is "$(bed_log smtpd.A 'mta delivery.*to=<x@loop.example>')" 1 \
    "at its first turn"
finish
