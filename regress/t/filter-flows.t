#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What filter-sge answers at RCPT for each flow of the guide, and what it
# records and logs of it.
. "$(dirname "$0")/../bed/filter.sh"

# All recipients are known, so that nobody waits.
known()
{
	for known_domain; do
		echo "$known_domain|none|4000000000|"
	done >>"$T/spool/routes"
}

# The log, without what sge.conf is warned of: dates here are over one day.
filter_log()
{
	grep -v ': warning: ' "$T/err"
}

# flow TEXT WANT ADDRESS SENDER RECIPIENT [tls version or ""]: one session.
flow()
{
	{
		connect 00000000000000aa "$3"
		[ -z "${6:-}" ] || tls 00000000000000aa "$6"
		mail 00000000000000aa "$4"
		rcpt 00000000000000aa "$5"
		bye 00000000000000aa
	} >"$T/lines"
	filter_run "$T/lines"
	like "$(cat "$T/out")" \
	    "filter-result|00000000000000aa|f0fe8ae50f0c3055|$2" "$1"
}

filter_conf 'legacy { 198.51.100.77 2001:db8:99::/48 } until 2026-11-22 "UPS monitors"' \
    'legacy { 198.51.100.78 } until 2026-11-21 "gone"'
known kiwi.org ird.govt.nz moe.govt.nz

# 5.1
flow "5.1 no TLS" "reject|530 5.7.0 Must issue a STARTTLS command first: restricted>restricted*" \
    203.0.113.5 a@dia.govt.nz b@minties.govt.nz
flow "5.1 TLS, by the connector" proceed \
    203.0.113.5 a@dia.govt.nz b@minties.govt.nz TLSv1.3
flow "5.1 TLS, from elsewhere" "reject|550 5.7.1 *dia.govt.nz*198.51.100.5*" \
    198.51.100.5 a@dia.govt.nz b@minties.govt.nz TLSv1.3
flow "5.1 TLS, IPv6, by the connector" proceed \
    '[2001:db8:7::25]' a@dia.govt.nz b@minties.govt.nz TLSv1.2
flow "5.1 a member without a connector" "reject|550 5.7.1 *moe.govt.nz*" \
    203.0.113.5 a@moe.govt.nz b@minties.govt.nz TLSv1.3
flow "5.1 local, to a member with a connector" proceed \
    127.0.0.1 a@minties.govt.nz b@dia.govt.nz
flow "5.1 local, to a member without one" "reject|550 5.7.1 *moe.govt.nz*" \
    127.0.0.1 a@minties.govt.nz b@moe.govt.nz
flow "5.1 no legacy" "reject|530 *" \
    198.51.100.77 a@dia.govt.nz b@minties.govt.nz
# 5.2, 5.4
flow "5.2 no TLS" "reject|530 5.7.0 *restricted>government*" \
    198.51.100.5 a@dia.govt.nz b@mbie.govt.nz
flow "5.4 no TLS" "reject|530 5.7.0 *government>government*" \
    198.51.100.5 a@ird.govt.nz b@mbie.govt.nz
flow "5.4 TLS 1.2" proceed 198.51.100.5 a@ird.govt.nz b@mbie.govt.nz TLSv1.2
flow "5.4 TLS 1.1" "reject|550 5.7.0 *TLSv1.1*TLSv1.2*" \
    198.51.100.5 a@ird.govt.nz b@mbie.govt.nz TLSv1.1
flow "5.4 TLS 1.0" "reject|550 5.7.0 *" \
    198.51.100.5 a@ird.govt.nz b@mbie.govt.nz TLSv1
flow "5.4 IPv6 without TLS" "reject|530 *" \
    '[2001:db8:55::1]' a@ird.govt.nz b@mbie.govt.nz
flow "5.4 upper case" "reject|530 *" \
    198.51.100.5 A@IRD.Govt.NZ B@MBIE.GOVT.NZ
flow "5.4 a quoted local part" "reject|530 *" \
    198.51.100.5 '"a@kiwi.nz"@ird.govt.nz' b@mbie.govt.nz
flow "4.3 legacy, on its last day" proceed \
    198.51.100.77 a@ird.govt.nz b@mbie.govt.nz
like "$(filter_log)" "00000000000000aa legacy flow=government>government \
from=ird.govt.nz to=mbie.govt.nz tls=none remote=198.51.100.77*" "4.3 is logged"
like "$(filter_records)" '*"verdict":"legacy","why":"no-tls"*' "4.3 is on record"
flow "4.3 legacy, IPv6" proceed \
    '[2001:db8:99::1]' a@ird.govt.nz b@mbie.govt.nz
flow "4.3 legacy, a day late" "reject|530 *" \
    198.51.100.78 a@ird.govt.nz b@mbie.govt.nz
# 5.3, 5.5
flow "5.3 to us without TLS" proceed 198.51.100.5 a@kiwi.org b@mbie.govt.nz
like "$(filter_records)" '*"starttls":null,"tls":null*"flow":"public>government","verdict":"pass","why":null,"messages":0,"rcpts":1}]}' \
    "5.3 is on record"
flow "5.5 from us" proceed 127.0.0.1 a@mbie.govt.nz b@kiwi.org

# What a refusal looks like in the log and on record.
flow "refused" "reject|*" 198.51.100.5 a@ird.govt.nz b@mbie.govt.nz
is "$(filter_log)" '00000000000000aa refused flow=government>government from=ird.govt.nz to=mbie.govt.nz tls=none remote=198.51.100.5 reply="530 5.7.0 Must issue a STARTTLS command first: government>government requires TLSv1.2 or later"' \
    "one log line, the session first"
is "$(filter_records)" '{"v":1,"time":"2026-11-22T00:53:42Z","host":"mail.minties.govt.nz","dir":"in","session":"00000000000000aa","local":"192.0.2.25","remote":"198.51.100.5","rdns":"client.example.org","helo":"client.example.org","starttls":null,"tls":null,"cipher":null,"failure":null,"tx":[{"from":"ird.govt.nz","to":"mbie.govt.nz","flow":"government>government","verdict":"reject","why":"no-tls","messages":0,"rcpts":1}]}' \
    "the record"

# Null senders
{
	report in link-connect 00000000000000a1 "mx.ird.govt.nz|pass|198.51.100.5:1|192.0.2.25:25"
	report in link-identify 00000000000000a1 "EHLO|mx.ird.govt.nz"
	mail 00000000000000a1 ""
	rcpt 00000000000000a1 b@mbie.govt.nz
	report in link-connect 00000000000000a2 "mx.ird.govt.nz|fail|198.51.100.5:1|192.0.2.25:25"
	report in link-identify 00000000000000a2 "EHLO|mx.ird.govt.nz"
	mail 00000000000000a2 ""
	rcpt 00000000000000a2 b@mbie.govt.nz
} >"$T/lines"
filter_run "$T/lines"
check "null sender: its host's class" answered 00000000000000a1 "reject|530"
check "null sender: public without reverse DNS" \
    answered 00000000000000a2 "proceed"

# Who is trusted
{
	report in link-connect 00000000000000b1 "mail.minties.govt.nz|pass|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock"
	mail 00000000000000b1 a@ird.govt.nz
	rcpt 00000000000000b1 b@mbie.govt.nz
	connect 00000000000000b2 '[::1]'
	mail 00000000000000b2 a@ird.govt.nz
	rcpt 00000000000000b2 b@mbie.govt.nz
	connect 00000000000000b3 198.51.100.9
	report in link-auth 00000000000000b3 "pass|user|with|bars"
	mail 00000000000000b3 a@ird.govt.nz
	rcpt 00000000000000b3 b@mbie.govt.nz
	connect 00000000000000b4 198.51.100.9
	report in link-auth 00000000000000b4 "fail|pass"
	mail 00000000000000b4 a@ird.govt.nz
	rcpt 00000000000000b4 b@mbie.govt.nz
	connect 00000000000000b5 198.51.100.9
	echo "report|0.6|$now.1|smtp-in|link-auth|00000000000000b5|user|pass"
	mail 00000000000000b5 a@ird.govt.nz
	rcpt 00000000000000b5 b@mbie.govt.nz
	connect 00000000000000b6 198.51.100.9
	echo "report|0.6|$now.1|smtp-in|link-auth|00000000000000b6|pass|fail"
	mail 00000000000000b6 a@ird.govt.nz
	rcpt 00000000000000b6 b@mbie.govt.nz
	report in link-connect 00000000000000b7 "x|pass|unix:/x|pass|198.51.100.9:1|192.0.2.25:25"
	mail 00000000000000b7 a@ird.govt.nz
	rcpt 00000000000000b7 b@mbie.govt.nz
} >"$T/lines"
filter_run "$T/lines"
check "local submission" answered 00000000000000b1 proceed
check "loopback, IPv6" answered 00000000000000b2 proceed
check "authenticated" answered 00000000000000b3 proceed
check "not authenticated" answered 00000000000000b4 "reject|530"
check "authenticated, protocol 0.6" answered 00000000000000b5 proceed
check "not authenticated, protocol 0.6" answered 00000000000000b6 "reject|530"
check "a PTR record with '|' deceives nobody" \
    answered 00000000000000b7 "reject|530"

# Many recipients and transactions in one session; RSET; commits; STARTTLS.
{
	connect 00000000000000c1 198.51.100.5
	mail 00000000000000c1 a@ird.govt.nz
	rcpt 00000000000000c1 b@mbie.govt.nz c@kiwi.nz d@kiwi.nz
	commit 00000000000000c1
	mail 00000000000000c1 a@ird.govt.nz
	rcpt 00000000000000c1 e@kiwi.nz
	mail 00000000000000c1 a@ird.govt.nz
	rcpt 00000000000000c1 c@kiwi.nz
	commit 00000000000000c1
	tls 00000000000000c1 TLSv1.2
	report in link-identify 00000000000000c1 "EHLO|again.example.org"
	mail 00000000000000c1 a@ird.govt.nz
	rcpt 00000000000000c1 b@mbie.govt.nz
	commit 00000000000000c1
	bye 00000000000000c1
	connect 00000000000000c2 198.51.100.5
	report in link-tls 00000000000000c2 x
	bye 00000000000000c2
	report in link-connect 00000000000000c3 "<unknown>|error|198.51.100.5:1|192.0.2.25:25"
	tls 00000000000000c3
	report in link-identify 00000000000000c3 "EHLO|we|ird"
	bye 00000000000000c3
	echo "report|0.5|$now.1|smtp-in|link-connect|00000000000000c4|x|pass|198.51.100.5:1|192.0.2.25:25"
	echo "report|0.5|$now.1|smtp-in|tx-mail|00000000000000c4|12345678|a@ird.govt.nz|ok"
	echo "filter|0.5|$now.1|smtp-in|rcpt-to|00000000000000c4|f0fe8ae50f0c3055|b@mbie.govt.nz"
	echo "report|0.5|$now.1|smtp-in|tx-mail|00000000000000c4|12345678|a@kiwi.nz|permfail"
	bye 00000000000000c4
} >"$T/lines"
filter_run "$T/lines"
is "$(sed 's/^[^|]*|\([^|]*\)|[^|]*|\([^ ]*\).*/\1 \2/' "$T/out" | tr '\n' ' ')" \
    "00000000000000c1 reject|530 00000000000000c1 proceed 00000000000000c1 proceed 00000000000000c1 proceed 00000000000000c1 proceed 00000000000000c1 proceed 00000000000000c4 reject|530 " \
    "recipients are judged one by one, and anew after STARTTLS"
is "$(filter_records | sed -n '1s/.*"helo"/"helo"/p')" \
    '"helo":"again.example.org","starttls":"offered","tls":"TLSv1.2","cipher":"TLS_AES_256_GCM_SHA384","failure":null,"tx":[{"from":"ird.govt.nz","to":"mbie.govt.nz","flow":"government>government","verdict":"reject","why":"no-tls","messages":0,"rcpts":1},{"from":"ird.govt.nz","to":"kiwi.nz","flow":"government>public","verdict":"pass","why":null,"messages":2,"rcpts":4},{"from":"ird.govt.nz","to":"mbie.govt.nz","flow":"government>government","verdict":"pass","why":null,"messages":1,"rcpts":1}]}' \
    "one row for each kind, messages counted when committed"
is "$(filter_records | sed -n '2s/.*"starttls"/"starttls"/p')" \
    '"starttls":"offered","tls":"x","cipher":null,"failure":null,"tx":[]}' \
    "an odd link-tls"
is "$(filter_records | sed -n '3s/.*"rdns"/"rdns"/p')" \
    '"rdns":null,"helo":"we|ird","starttls":"implicit","tls":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384","failure":null,"tx":[]}' \
    "smtps; no reverse DNS; a '|' in EHLO"
like "$(filter_records | sed -n 4p)" '*"from":"ird.govt.nz","to":"mbie.govt.nz"*' \
    "fields in the order of protocol 0.5"

# smtpd makes "staff" of its own host, whoever says so.
{
	connect 00000000000000c5 198.51.100.5
	mail 00000000000000c5 a@ird.govt.nz
	rcpt 00000000000000c5 staff staff@
	mail 00000000000000c5 root
	rcpt 00000000000000c5 b@mbie.govt.nz
	bye 00000000000000c5
} >"$T/lines"
filter_conf
filter_run "$T/lines"
is "$(sed 's/^.*|\([^ ]*\) .*/\1/' "$T/out" | tr '\n' ' ')" "530 530 530 " \
    "an address without a domain is one of this host"
like "$(filter_records)" '*[[]{"from":"ird.govt.nz","to":"mail.minties.govt.nz","flow":"government>government","verdict":"reject","why":"no-tls","messages":0,"rcpts":2},{"from":"mail.minties.govt.nz","to":"mbie.govt.nz","flow":"government>government","verdict":"reject"*' \
    "and on record as such"
filter_run "$T/lines" -v
like "$(filter_records)" '*{"from":"root@mail.minties.govt.nz","to":"b@mbie.govt.nz","flow":"government>government","verdict":"reject"*' \
    "with -v too"
is "$(grep -c '|reject|530 ' "$T/out")" 3 "and judged alike"

# More kinds of rows than a record holds: the sums stay right.
{
	connect 00000000000000d1 198.51.100.5
	mail 00000000000000d1 a@kiwi.org
	i=0
	while [ $i -lt 150 ]; do
		rcpt 00000000000000d1 "b@n$i.kiwi.nz" "b@n$i.kiwi.nz"
		i=$((i + 1))
	done
	commit 00000000000000d1
	bye 00000000000000d1
} >"$T/lines"
filter_conf 'local { ".kiwi.nz" }'
sed -i.bak '/^local { "minties/d' "$T/sge.conf"
filter_run "$T/lines"
is "$(filter_records | tr '{' '\n' | awk -F'"rcpts":' '{ n += $2 } END { print n }')" \
    300 "150 domains in one transaction: recipients"
like "$(filter_records)" '*{"from":null,"to":null,"flow":"public>public","verdict":"pass","why":null,"messages":1,"rcpts":116}]}' \
    "150 domains: those above the limit in one sum"

# Outgoing mail that smtpd sent though it should not have.
filter_conf
{
	report out link-connect 00000000000000e1 "mx.x.nz|pass|192.0.2.25:4|198.51.100.5:25"
	report out link-greeting 00000000000000e1 mx.x.nz
	report out protocol-client 00000000000000e1 "EHLO mail.minties.govt.nz"
	report out protocol-client 00000000000000e1 "MAIL FROM:<a@mbie.govt.nz> RET=HDRS"
	report out protocol-client 00000000000000e1 'RCPT TO:<"a> b"@ird.govt.nz> NOTIFY=NEVER'
	report out protocol-client 00000000000000e1 'DATA'
	report out tx-commit 00000000000000e1 "12345678|999"
	report out protocol-client 00000000000000e1 "MAIL FROM:<tlsrpt-noreply@minties.govt.nz>"
	report out protocol-client 00000000000000e1 'RCPT TO:<tls@kiwi.org>'
	report out link-disconnect 00000000000000e1
} >"$T/lines"
filter_run "$T/lines"
is "$(filter_log)" "00000000000000e1 would-refuse flow=government>government from=mbie.govt.nz to=ird.govt.nz tls=none remote=198.51.100.5" \
    "it is said in the log"
is "$(filter_records | sed 's/.*"rdns"/"rdns"/')" \
    '"rdns":"mx.x.nz","helo":"mx.x.nz","starttls":"absent","tls":null,"cipher":null,"failure":"starttls-not-supported","tx":[{"from":"mbie.govt.nz","to":"ird.govt.nz","flow":"government>government","verdict":"testing","why":"no-tls","messages":1,"rcpts":1},{"from":"minties.govt.nz","to":"kiwi.org","flow":"restricted>public","verdict":"pass","why":null,"messages":0,"rcpts":1,"report":true}]}' \
    "it is on record, and our own report is marked"
filter_run "$T/lines" -v
like "$(filter_records)" '*"from":"a@mbie.govt.nz","to":"\\"a> b\\"@ird.govt.nz"*' \
    "with -v addresses are whole"

# out WHAT WANT EVENT...: how an outgoing session is put on record; each event
# is what smtpd says, or "tls" or "bye".
out()
{
	out_what=$1 out_want=$2
	shift 2
	{
		report out link-connect 00000000000000e2 "mx.x.nz|pass|192.0.2.25:4|198.51.100.5:25"
		report out link-greeting 00000000000000e2 mx.x.nz
		for out_event; do
			case $out_event in
			tls) report out link-tls 00000000000000e2 "TLSv1.3:X:256" ;;
			again) report out link-connect 00000000000000e2 "mx.x.nz|pass|192.0.2.25:4|198.51.100.5:25" ;;
			*) report out protocol-client 00000000000000e2 "$out_event" ;;
			esac
		done
		report out link-disconnect 00000000000000e2
	} >"$T/lines"
	filter_run "$T/lines"
	is "$(filter_records | sed 's/.*"starttls":\([^,]*\),.*"failure":\([^,]*\),/\1 \2 /')" \
	    "$out_want" "$out_what"
}
E='EHLO mail.minties.govt.nz' M='MAIL FROM:<a@mbie.govt.nz>'
out "EHLO refused, HELO too" 'null null "began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' "$E" "HELO mail.minties.govt.nz"
out "EHLO refused, HELO not" '"absent" "starttls-not-supported" "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' \
    "$E" "HELO mail.minties.govt.nz" "$M" RSET
out "no answer to EHLO, or STARTTLS not offered" \
    '"absent" "starttls-not-supported" "began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' "$E"
out "gone after STARTTLS" '"offered" "validation-failure" "began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' "$E" STARTTLS
out "421 to STARTTLS" '"refused" null "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' "$E" STARTTLS "$M"
out "454 to STARTTLS, MAIL FROM refused" \
    '"refused" "starttls-not-supported" "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' \
    "$E" STARTTLS "$M" RSET QUIT
out "TLS, MAIL FROM refused" '"offered" null "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' \
    "$E" STARTTLS tls "$E" "$M" RSET
out "TLS, MAIL FROM of a report refused" \
    '"offered" null "mail":"minties.govt.nz","report":true,"began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' \
    "$E" STARTTLS tls "$E" "MAIL FROM:<tlsrpt-noreply@minties.govt.nz>" RSET
out "a downgrade, MAIL FROM refused" \
    '"offered" "validation-failure" "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}
"offered" null "mail":"mbie.govt.nz","began":"2026-11-22T00:53:42Z","busy":0,"tx":[]}' "$E" STARTTLS again "$E" "$M" RSET

# mode testing
filter_conf 'mode testing'
known kiwi.org
flow "mode testing: all proceeds" proceed \
    198.51.100.5 a@ird.govt.nz b@mbie.govt.nz
like "$(filter_log)" '00000000000000aa would-refuse *reply="530 *' \
    "mode testing: what would have been refused"
like "$(filter_records)" '*"verdict":"testing"*' "mode testing: on record"
finish
