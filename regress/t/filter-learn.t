#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Recipients whose domain nobody looked up yet wait for sged, the others do
# not; sged may be slow, or away.
. "$(dirname "$0")/../bed/filter.sh"

sged_pid=
sged_start()
{
	"$BIN/fakesged" "$@" "$T/sged.sock" >"$T/asked" &
	sged_pid=$!
	wait_for 10 test -S "$T/sged.sock" || bail "fakesged does not start"
}

sged_stop()
{
	kill "$sged_pid" 2>/dev/null
	wait "$sged_pid" 2>/dev/null
	rm -f "$T/sged.sock"
}
trap 'sged_stop; filter_kill; rm -rf "$T"' EXIT

# session ID SENDER RECIPIENT [TLS]: of this host, up to its first recipient.
session()
{
	filter_say "$(connect "$1" "${from:-127.0.0.1}"
	    [ -z "${4:-}" ] || tls "$1"
	    mail "$1" "$2"
	    rcpt "$1" "$3")"
}

# stranger ID SENDER RECIPIENT [TLS]: the same from outside.
stranger()
{
	from=198.51.100.5
	session "$@"
	from=
}

answers()
{
	grep -c "^filter-result|$1" "$T/all"
}

asked()
{
	test "$(grep -cx "$1" "$T/asked")" -eq "$2"
}

# --- sged answers when the gate is opened -------------------------------

filter_conf 'learn timeout 60s'
echo 'known.nz|none|4000000000|' >"$T/spool/routes"
sged_start -d
filter_start
session 00000000000000a1 a@kiwi.org b@unknown.nz
session 00000000000000a2 a@kiwi.org c@unknown.nz
session 00000000000000a3 a@kiwi.org d@other.nz
session 00000000000000a4 a@ird.govt.nz e@unknown.govt.nz TLS
# As long as RFC 5321 has it, and a route before it (appendix C).
label=abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwx
long=$label.$label.$label.$label.longer.nz
session 00000000000000a6 a@kiwi.org \
    "@$long,@$long,@$long:${label}user@$long"
session 00000000000000b1 a@kiwi.org b@known.nz
session 00000000000000b2 a@kiwi.org b@mbie.govt.nz
stranger 00000000000000b3 a@ird.govt.nz b@unknown.govt.nz
stranger 00000000000000b5 a@kiwi.org b@stranger.nz
stranger 00000000000000b6 a@ird.govt.nz b@stranger.govt.nz TLS
session 00000000000000b4 a@ird.govt.nz b@dia.govt.nz TLS
check "a known domain: at once" \
    wait_for 10 answered 00000000000000b1 proceed
check "a domain of ours: at once" \
    wait_for 10 answered 00000000000000b2 proceed
check "what is refused anyway: at once" \
    wait_for 10 answered 00000000000000b3 "reject|530"
check "a domain with a connector: at once" \
    wait_for 10 answered 00000000000000b4 proceed
check "what a stranger names: at once" \
    wait_for 10 answered 00000000000000b5 proceed
check "wherever it goes: smtpd will refuse it" \
    wait_for 10 answered 00000000000000b6 proceed
check "sged was asked" wait_for 10 asked other.nz 1
check "once for two recipients" asked unknown.nz 1
is "$(grep -c stranger "$T/asked")" 0 "but not of what strangers name"
check "of the longest address, its domain" wait_for 10 asked "$long" 1
is "$(answers 00000000000000a)" 0 "the others wait"
# One goes away, another's client too.
filter_say "$(bye 00000000000000a3)"
check "who went away has his answer, and a record" \
    wait_for 10 answered 00000000000000a3 proceed
like "$(filter_records)" '*00000000000000a3*"to":"other.nz"*"rcpts":1*' \
    "with his recipient"
session 00000000000000ff a@kiwi.org g@gate.nz
check "learned: proceeds" wait_for 10 answered 00000000000000a1 proceed
check "learned: the second one too" answered 00000000000000a2 proceed
check "learned: and where TLS is required" \
    wait_for 10 answered 00000000000000a4 proceed
check "learned: the longest address" \
    wait_for 10 answered 00000000000000a6 proceed
# sged goes away while somebody waits.
session 00000000000000a5 a@kiwi.org b@third.nz
check "asked" wait_for 10 asked third.nz 1
sged_stop
check "sged goes away: nobody waits any more" \
    wait_for 10 answered 00000000000000a5 proceed
filter_end
is $? 0 "ends well"
is "$(grep -c '^filter-result' "$T/all")" 13 "each was answered once"
is "$(filter_records | grep -c '"rcpts":1}')" 10 "and is on record"
like "$(filter_records)" "*00000000000000a6*\"to\":\"$long\"*" \
    "the longest one uncut"
is "$(filter_records | grep -c -e stranger -e 'unknown.govt.nz.*reject')" 0 \
    "with no word of what strangers named"

# --- smtpd takes what a stranger names: it is a backup MX ----------------

# taken SESSION RESULT RECIPIENT: smtpd's answer to RCPT.
taken()
{
	report in tx-rcpt "$1" "12345678|$2|$3"
}

filter_conf
rm -rf "$T/spool/sessions"
echo 'secure.nz|enforce|4000000000|smtp+tls://mx.secure.nz' \
    >>"$T/spool/routes"
sged_start
filter_start
# A policy in force: sged may see whether the host works, nobody waits for it.
session 00000000000000e3 a@kiwi.org b@secure.nz
filter_say "$(rcpt 00000000000000e3 c@secure.nz b@known.nz
    bye 00000000000000e3)"
check "sged hears of mail to a domain with a policy" \
    wait_for 10 asked 'notice =secure.nz' 1
stranger 00000000000000e4 a@kiwi.org b@secure.nz
filter_say "$(bye 00000000000000e4)"
stranger 00000000000000e1 a@kiwi.org b@backup.nz
check "at once, before smtpd has said so" \
    wait_for 10 answered 00000000000000e1 proceed
filter_say "$(taken 00000000000000e1 ok b@backup.nz
    rcpt 00000000000000e1 b@other.nz
    taken 00000000000000e1 permfail b@other.nz
    rcpt 00000000000000e1 b@kiwi.nz
    taken 00000000000000e1 ok b@kiwi.nz
    commit 00000000000000e1
    bye 00000000000000e1)"
# On the way out, whatever an alias made of it.
filter_say "$(report out link-connect 00000000000000e2 \
    'mx.alias.nz|pass|192.0.2.25:40123|198.51.100.9:25'
    report out protocol-client 00000000000000e2 'EHLO mail'
    report out protocol-client 00000000000000e2 'MAIL FROM:<a@kiwi.org>'
    report out protocol-client 00000000000000e2 'RCPT TO:<b@alias.nz>'
    report out protocol-client 00000000000000e2 'RCPT TO:<c@alias.nz>'
    report out protocol-client 00000000000000e2 'RCPT TO:<c@dia.govt.nz>'
    report out protocol-client 00000000000000e2 'RSET'
    report out protocol-client 00000000000000e2 \
	'MAIL FROM:<tlsrpt-noreply@minties.govt.nz>'
    report out protocol-client 00000000000000e2 'RCPT TO:<b@victim.nz>'
    bye 00000000000000e2)"
check "sged is told of a domain on the way out" \
    wait_for 10 asked 'notice alias.nz' 1
filter_end
is "$(grep -v '^notice alias' "$T/asked" | tr '\n' ,)" \
    'notice =secure.nz,notice backup.nz,' "and of what smtpd took, of nothing else, each once"
is "$(filter_records | grep -o '"to":"[a-z.]*"' | sort | tr '\n' ' ')" \
    '"to":"alias.nz" "to":"backup.nz" "to":"dia.govt.nz" "to":"kiwi.nz" "to":"known.nz" "to":"secure.nz" "to":"victim.nz" ' \
    "on record is what smtpd took"
sged_stop

# --- our own trouble -----------------------------------------------------

# soon TEXT ID...: each of these sessions has its answer long before "learn
# timeout" is over.
soon()
{
	soon_text=$1
	shift
	soon_end=$(($(date +%s) + 10))
	for id; do
		wait_for $((soon_end - $(date +%s))) answered "$id" '' || {
			ok 1 "$soon_text: $id"
			return
		}
	done
	ok 0 "$soon_text"
}

filter_conf 'class partner { "partner.nz" "lapsed.nz" }' \
    'flow from any to partner require verified tls' 'learn timeout 2s'
# A flow is the first that fits.
{ grep -v '^flow' "$T/sge.conf"; grep 'to partner' "$T/sge.conf"
    grep '^flow' "$T/sge.conf" | grep -v 'to partner'; } >"$T/c" &&
    mv "$T/c" "$T/sge.conf"
{ echo 'old.govt.nz|none|1000000000|smtp+tls://mx.old.govt.nz'
    echo 'lapsed.nz|enforce|1000000000|smtp+tls://mx.lapsed.nz'; } \
    >"$T/spool/routes"
sged_start -n
filter_start
session 00000000000000c1 a@kiwi.org b@unknown.nz
session 00000000000000c2 a@ird.govt.nz b@unknown.govt.nz TLS
session 00000000000000c3 a@kiwi.org b@partner.nz
check "time over, prefer tls: proceeds" \
    wait_for 10 answered 00000000000000c1 proceed
check "time over, TLS required: by \"encrypt\"" \
    wait_for 10 answered 00000000000000c2 proceed
check "time over, a verified route: try again" \
    wait_for 10 answered 00000000000000c3 "reject|451 4.7.5 public>partner"
sged_stop
filter_end
like "$(cat "$T/err")" '*00000000000000c3 refused *reply="451 4.7.5 *' \
    "the refusal is logged"
check "that sged is silent, too" grep -q 'sged is silent' "$T/err"
like "$(filter_records)" '*"to":"partner.nz"*"verdict":"reject","why":"not-learned"*' \
    "and on record for what it was"

sed -i.bak 's/^learn timeout.*/learn timeout 100s/' "$T/sge.conf"
filter_start
session 00000000000000d1 a@kiwi.org b@unknown.nz
session 00000000000000d2 a@ird.govt.nz b@unknown.govt.nz TLS
session 00000000000000d3 a@ird.govt.nz b@old.govt.nz TLS
session 00000000000000d4 a@minties.govt.nz b@dia.govt.nz TLS
session 00000000000000d5 a@kiwi.org b@lapsed.nz
session 00000000000000d6 a@kiwi.org b@partner.nz
soon "sged away: all have their answers" 00000000000000d1 00000000000000d2 \
    00000000000000d3 00000000000000d4 00000000000000d5 00000000000000d6
check "prefer tls: proceeds" answered 00000000000000d1 proceed
check "TLS required: proceeds" answered 00000000000000d2 proceed
check "known once, its time over: proceeds" answered 00000000000000d3 proceed
check "a connector: proceeds" answered 00000000000000d4 proceed
check "a verified route known once: proceeds" answered 00000000000000d5 proceed
check "a verified route that nobody knows: try again" \
    answered 00000000000000d6 "reject|451 4.7.5"
# sendmail would have queued nothing: smtpd holds it until there is one.
filter_say "$(report in link-connect 00000000000000d7 \
    'localhost|pass|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock'
    mail 00000000000000d7 a@kiwi.nz
    rcpt 00000000000000d7 b@partner.nz)"
check "from sendmail: into the queue" \
    wait_for 10 answered 00000000000000d7 proceed
filter_end
is "$(grep -c 'sged does not answer' "$T/err")" 1 \
    "that sged is away is said once"

# --- smtpd ends, mode testing -------------------------------------------

filter_conf 'learn timeout 1s' 'mode testing'
filter_start
session 00000000000000d1 a@ird.govt.nz b@unknown.govt.nz TLS
check "mode testing: proceeds" wait_for 10 answered 00000000000000d1 proceed
session 00000000000000d2 a@kiwi.org b@unknown.nz
filter_end
is $? 0 "ends well while somebody waits"
check "who has his answer" answered 00000000000000d2 proceed

# --- reports while sged is away: its list says where they go ---------------

filter_conf
r=tlsrpt-noreply@minties.govt.nz
{ echo "1000000000|old@list.nz"; echo "$(date +%s)|TLS@list.nz"; } \
    >"$T/spool/announced"
filter_start
session 00000000000000f1 $r tls@list.nz
check "sged is away: a report goes where its list says" \
    wait_for 10 answered 00000000000000f1 proceed
session 00000000000000f2 $r old@list.nz
check "not where one went long ago" \
    wait_for 10 answered 00000000000000f2 'reject|451 4.7.1'
session 00000000000000f3 $r s@list.nz
check "nor to a part of an address" \
    wait_for 10 answered 00000000000000f3 'reject|451 4.7.1'
session 00000000000000f4 a@kiwi.org tls@list.nz
check "others' mail is none of its business" \
    wait_for 10 answered 00000000000000f4 proceed
sged_start
check "sged hears of it when it is back" \
    wait_for 20 asked 'announced tls@list.nz' 1
filter_end
is "$(grep -c announced "$T/asked")" 1 "and of nothing else"
sged_stop
finish
