#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What a refusal was for, from the record to the digest, show flow -D and the
# letter: told as it was, and not told where the record does not say it.
. "$(dirname "$0")/../bed/daemon.sh"
daemon_world
daemon_conf 'class restricted { minties.govt.nz moe.govt.nz doc.govt.nz }' \
    'class partner { partner.nz }' \
    'flow from restricted to restricted require connector' \
    'flow from partner to any require tls "1.3"' \
    'connector doc.govt.nz to "smtp+tls://mx.doc.govt.nz" from 192.0.2.0/24'
# The classes come before the ones of the daemon's own.
{ grep -E '^(class (restricted|partner)|flow from (restr|partner))' "$W/conf"
    grep -Ev '^(class (restricted|partner)|flow from (restr|partner))' \
	"$W/conf"; } >"$W/sorted" && mv "$W/sorted" "$W/conf"

# day AGO: a UTC day.
day()
{
	perl -MPOSIX -e 'print strftime("%Y-%m-%d", gmtime(time - 86400 *
	    $ARGV[0]))' "$1"
}
old=$(day 3)
new=$(day 2)
testing=$(day 1)

# seen DAY REMOTE TLS FROM TO FLOW VERDICT [WHY]: one record; "-" is null.
seen()
{
	remote="\"$2\"" tls="\"$3\"" why=
	[ "$2" != - ] || remote=null
	[ "$3" != - ] || tls=null
	[ -z "${8:-}" ] || why="\"why\":\"$8\","
	n=$((n + 1))
	printf '{"v":1,"time":"%sT03:04:05Z","host":"mail.minties.govt.nz",' "$1"
	printf '"dir":"in","session":"%016d","local":"192.0.2.25",' "$n"
	printf '"remote":%s,"rdns":"mx.%s","helo":"x.example",' "$remote" "$4"
	printf '"starttls":null,"tls":%s,"cipher":null,"failure":null,' "$tls"
	printf '"tx":[{"from":"%s","to":"%s","flow":"%s","verdict":"%s",%s' \
	    "$4" "$5" "$6" "$7" "$why"
	printf '"messages":0,"rcpts":1}]}\n'
}
n=0
rr='restricted>restricted' gr='government>restricted'
# all DAY VERDICT: with "why" where it is given.
all()
{
	seen "$1" - - minties.govt.nz moe.govt.nz $rr "$2" ${3:+no-connector}
	seen "$1" 127.0.0.1 - minties.govt.nz unknown.govt.nz \
	    restricted\>government "$2" ${3:+not-learned}
	seen "$1" 203.0.113.9 TLSv1.3 doc.govt.nz minties.govt.nz $rr "$2" \
	    ${3:+other-address}
	seen "$1" 203.0.113.8 TLSv1.3 moe.govt.nz minties.govt.nz $rr "$2" \
	    ${3:+no-connector}
	seen "$1" 203.0.113.7 TLSv1.2 partner.nz minties.govt.nz \
	    partner\>restricted "$2" ${3:+old-tls}
	seen "$1" 203.0.113.6 TLSv1.1 tec.govt.nz minties.govt.nz $gr "$2" \
	    ${3:+old-tls}
	seen "$1" 203.0.113.5 - council.govt.nz minties.govt.nz $gr "$2" \
	    ${3:+no-tls}
}
{
	all "$old" reject
	all "$new" reject why
	# Authenticated elsewhere, and a local writer in our reports' name.
	seen "$new" 203.0.113.4 TLSv1.3 minties.govt.nz moe.govt.nz $rr reject \
	    no-connector
	seen "$new" - - minties.govt.nz spam.example restricted\>public reject \
	    not-announced
	all "$testing" testing why
	# Three senders in one session.
	seen "$testing" 203.0.113.3 TLSv1.3 a.example minties.govt.nz \
	    public\>restricted pass >"$W/one"
	sed 's/"tx":\[\(.*\)\]}/"tx":[\1,\1,\1]}/
	    s/a\.example/b.example/3
	    s/a\.example/c.example/3' "$W/one"
} >"$SESSIONS/$(echo "$new" | tr -d -)T03Z.jsonl"
chmod 644 "$SESSIONS"/*

counted()
{
	[ "$(query 'SELECT coalesce(sum(lines), 0) FROM segment')" = "$n" ]
}
daemon_start
check "starts" wait_for 20 daemon_ready || cat "$W/log"
check "all are counted" wait_for 20 counted
is "$(query 'SELECT sum(bad) FROM segment')" 0 "and understood"

sgectl()
{
	"$TOP/reporter/sgectl" -f "$W/conf" "$@" 2>&1
}
# one DAY DOMAIN: its lines of the digest, on one.
one()
{
	sgectl -j digest -d "$1" | grep -F " $2 " |
	    sed 's/.*"text": *"\([^"]*\)".*/\1/'
}
# why DAY DOMAIN: direction and reason of each incident.
why()
{
	sgectl -p show flow -d "$1" -D "$2" | awk -F'|' '$1 == "incident" {
	    printf "%s%s %s %s %s", s, $4, $5, $6, $7; s = ", " }'
}

# As it was.
is "$(why "$new" moe.govt.nz)" \
    'out no-connector - -, in no-connector 203.0.113.8 mx.moe.govt.nz' \
    "no connector: our own mail is no session of theirs"
like "$(one "$new" moe.govt.nz)" \
    "*has no connector here: 2 of our users' sessions refused, 03:04-03:04Z*" \
    "nor is it their fault in the digest"
is "$(why "$new" unknown.govt.nz)" 'out not-learned - -' "a 451 of ours"
like "$(one "$new" unknown.govt.nz)" '*none was known: 1 of our users*' \
    "is told as that"
is "$(why "$new" doc.govt.nz)" 'in other-address 203.0.113.9 mx.doc.govt.nz' \
    "TLS 1.3 from another address"
like "$(one "$new" doc.govt.nz)" \
    '*wrote from another address than its own: 1 inbound session refused*' \
    "is not without a connector"
is "$(why "$new" partner.nz)" 'in old-tls 203.0.113.7 mx.partner.nz' \
    "1.2 where 1.3 is required"
like "$(one "$new" partner.nz)" '*used a TLS older than required*' \
    "is too old"
is "$(why "$new" spam.example)" 'out not-announced - -' "as from our reports"
is "$(why "$new" council.govt.nz)" \
    'in no-tls 203.0.113.5 mx.council.govt.nz' "without TLS"

# Letters ask only for what they can mend.
sgectl show cleartext -m unknown.govt.nz -d "$new" >"$W/letter"
is $? 1 "no letter for a 451 of ours"
sgectl show cleartext -m moe.govt.nz -d "$new" >"$W/letter"
is $? 1 "nor for a connector that is missing here"
like "$(sgectl show cleartext -m partner.nz -d "$new")" \
    '*offer STARTTLS*TLS 1.3 on*' "a letter asks for the version required"
like "$(sgectl show cleartext -m tec.govt.nz -d "$new")" \
    '*TLS 1.2 or later*' "here 1.2"
letter=$(sgectl show cleartext -m doc.govt.nz -d "$new")
like "$letter" '*outside the connector*' "from another address: says so"
case $letter in
*postcard*|*STARTTLS*) ok 1 "and nothing of TLS, which was right" ;;
*) ok 0 "and nothing of TLS, which was right" ;;
esac

# Records of before.
is "$(why "$old" moe.govt.nz)" \
    'in not-said 203.0.113.8 mx.moe.govt.nz, out not-said - -' \
    "before: no reason was given, none is told"
is "$(why "$old" doc.govt.nz)" 'in not-said 203.0.113.9 mx.doc.govt.nz' \
    "before: nor of TLS 1.3"
is "$(why "$old" partner.nz)" 'in not-said 203.0.113.7 mx.partner.nz' \
    "before: nor of 1.2"
is "$(why "$old" tec.govt.nz)" 'in old-tls 203.0.113.6 mx.tec.govt.nz' \
    "before: 1.1 is too old everywhere"
is "$(why "$old" council.govt.nz)" \
    'in no-tls 203.0.113.5 mx.council.govt.nz' "before: none is none"
like "$(one "$old" moe.govt.nz)" '*not on record*' "before: the digest"
sgectl show cleartext -m moe.govt.nz -d "$old" >/dev/null
is $? 1 "before: no letter"

# mode testing.
is "$(why "$testing" moe.govt.nz)" \
    'in no-connector 203.0.113.8 mx.moe.govt.nz, out no-connector - -' \
    "mode testing: our own mail is not \"not asked\""
is "$(why "$testing" council.govt.nz)" \
    'in not-asked 203.0.113.5 mx.council.govt.nz' \
    "mode testing: what came in clear"
like "$(one "$testing" partner.nz)" '*would be refused (mode testing)*' \
    "mode testing: the digest says so"

# A share of more than all.
sgectl digest -a -d "$testing" >"$W/digest"
check "the digest tells what is not known" grep -q 'inbound sessions' \
    "$W/digest"
is "$(tr '\n' ' ' <"$W/digest" | tr -s ' ' | grep -oE \
    '([1-9][0-9]{3}|[2-9][0-9]{2}|1[1-9][0-9]|10[1-9])(\.[0-9])?%')" "" \
    "and no share is more than 100%"
finish
