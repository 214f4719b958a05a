#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Our own trouble refuses nobody: sged away, or the DNS of others broken.  What
# is submitted is taken at once, and arrives as its flow wants it.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
sed -i -e 's/^learn timeout .*/learn timeout 4s/' \
    -e 's/^class restricted/class partner { "partner.nz" }\
&/' -e '/^flow from restricted to restricted/i\
flow from any to partner require verified tls' "$A/etc/mail/sge.conf"
mail_host_up
peer mx.dia.govt.nz 11 ok
# Its certificate is good for nobody: only without verification mail goes.
cert -u mx.any.example
n=20
for d in club.co.nz known.govt.nz unknown.govt.nz lapsed.govt.nz \
    dropped.govt.nz refused.govt.nz partner.nz; do
	host "mx.$d" $n
	dns "$d MX 10 mx.$d."
	cp "$BED/certs/mx.any.example.crt" "$BED/certs/mx.$d.crt"
	cp "$BED/certs/mx.any.example.key" "$BED/certs/mx.$d.key"
	peer_start "mx.$d" $n ok
	n=$((n + 1))
done

# timed RCPT...: submits; milliseconds in $took.
timed()
{
	timed_at=$(date +%s%N)
	submit staff@minties.govt.nz "$@" >"$BED/log/submit" 2>&1
	timed_rc=$?
	took=$((($(date +%s%N) - timed_at) / 1000000))
	return $timed_rc
}
# at_once RCPT: taken, and nobody waited for anybody.  (RCPT itself is answered
# within 10 ms: regress/bench/latency.sh.)
at_once()
{
	timed "$1"
	is $? 0 "$1: taken" || note "$(cat "$BED/log/submit")"
	[ $took -lt 2000 ]
	ok $? "$1: at once ($took ms)"
}
# arrives DOMAIN: over TLS.
arrives()
{
	check "$1: arrives" wait_for 40 got_mail "^X-Peer-To:.*<a@$1>"
	f=$(grep -l "^X-Peer-To:.*<a@$1>" "$BED"/mail/* | head -n 1)
	is "$(grep -c '^X-Peer-Tls: TLSv1.[23]' "${f:-/dev/null}")" 1 \
	    "$1: with TLS"
}

# --- sged away -------------------------------------------------------------
timed a@known.govt.nz
is $? 0 "while sged is there: known.govt.nz is learned"
arrives known.govt.nz
rm -f "$BED"/mail/*
bed_stop sged
past=$(($(date +%s) - 10))
printf 'lapsed.govt.nz|enforce|%s|smtp+tls://mx.lapsed.govt.nz\n' "$past" \
    >>"$A/var/spool/sged/routes"
# Its time is over, too.
sed -i "s/^\(known.govt.nz|none|\)[0-9]*/\1$past/" "$A/var/spool/sged/routes"
for d in club.co.nz known.govt.nz unknown.govt.nz lapsed.govt.nz dia.govt.nz; do
	at_once "a@$d"
done
timed a@club.co.nz a@known.govt.nz a@unknown.govt.nz a@lapsed.govt.nz \
    a@dia.govt.nz
is $? 0 "all of them in one mail"
[ $took -lt 2000 ]
ok $? "at once ($took ms)"
for d in club.co.nz known.govt.nz unknown.govt.nz lapsed.govt.nz dia.govt.nz; do
	arrives "$d"
done
at_once a@partner.nz
check "a verified route is required: it waits in the queue" \
    wait_for 20 queued a@partner.nz
like "$(sgectl show status)" '*NOT RUNNING*needs a verified host*waits*' \
    "show status says why"
is "$(mails '^X-Peer-To: <a@partner.nz>')" 0 "and it does not leave"

# --- back ------------------------------------------------------------------
sged_up
rm -f "$BED"/mail/*
peer_gone=$(bed_pid mx.partner.nz)
kill "$peer_gone"
cert mx.partner.nz
peer_start mx.partner.nz 26 ok
check "sged is back: what waited leaves" wait_for 90 sh -c "
    nsenter --net=/run/netns/A chroot '$A' smtpctl schedule all >/dev/null
    grep -l '^X-Peer-To: <a@partner.nz>' '$BED'/mail/*"

# --- others' DNS -----------------------------------------------------------
dns_zone _mta-sts.dropped.govt.nz deny
dns_zone _mta-sts.refused.govt.nz refuse
timed a@dropped.govt.nz b@dropped.govt.nz c@dropped.govt.nz \
    d@dropped.govt.nz e@dropped.govt.nz f@dropped.govt.nz
is $? 0 "_mta-sts is never answered: taken"
[ $took -lt 9000 ]
ok $? "after one wait for six recipients ($took ms)"
timed g@dropped.govt.nz
[ $took -lt 2000 ]
ok $? "and none for the next mail ($took ms)"
timed a@refused.govt.nz
is $? 0 "_mta-sts is refused: taken"
arrives dropped.govt.nz
arrives refused.govt.nz
check "it is logged" wait_log 60 sged \
    '_mta-sts.dropped.govt.nz: can.t be looked up'
check "and the other" wait_log 20 sged \
    '_mta-sts.refused.govt.nz: can.t be looked up'
like "$(sgectl show policy dropped.govt.nz)" \
    "*RECORD CAN'T BE LOOKED UP: _mta-sts.dropped.govt.nz: *" "show policy says so"
like "$(sgectl show status)" \
    "*2 MTA-STS records can't be looked up*_mta-sts.*govt.nz*" \
    "so does show status"
is "$(records '"why":"not-learned"')" 0 "nobody was refused for it"
is "$(records '"to":"dropped.govt.nz".*"why":"no-tls"')" 0 \
    "nor is it on record as mail without TLS"
# They work again, and no mail asks for it.
dns_zone _mta-sts.refused.govt.nz static
check "one that works again is looked up again, and logged" \
    wait_log 300 sged '_mta-sts.refused.govt.nz: can be looked up again'
like "$(sgectl show status)" \
    "*1 MTA-STS record can't be looked up*_mta-sts.dropped*" \
    "show status names the other alone"
dns_zone _mta-sts.dropped.govt.nz static
check "and that, when it is answered" \
    wait_log 300 sged '_mta-sts.dropped.govt.nz: can be looked up again'
is "$(bed_log sged '_mta-sts.*: can be looked up again')" 2 "each once"
is "$(sgectl show status | grep -c '^DNS')" 0 "show status is silent then"
is "$(sgectl show policy dropped.govt.nz | grep -c 'LOOKED UP')" 0 \
    "and show policy"

# --- one domain's DNS is dead, not the others' ------------------------------
bed_stop smtpd.A
sed -i -e 's/^learn timeout .*/learn timeout 10s/' \
    -e 's/"partner.nz"/& ".partner.nz"/' "$A/etc/mail/sge.conf"
echo 'listen on lo filter "sge"' >>"$A/etc/smtpd.conf"
bed_stop sged
sged_up
smtpd_up
https_up 200
peer mx.strict.nz 40 nostarttls
# They have a second, ten times what they take, but on a busy machine: of three
# one will do.
held=0 learned=0
for i in 1 2 3; do
	dns_zone "dead$i.nz" deny
	dns "strict$i.nz MX 10 mx.strict.nz." \
	    "p$i.partner.nz MX 10 mx.partner.nz."
	policy "strict$i.nz" 200 enforce 86400 mx.strict.nz
	out=$(at_a "$BIN/smtpc" -f staff@minties.govt.nz 127.0.0.1 \
	    "a@dead$i.nz" "a@strict$i.nz" "a@p$i.partner.nz")
	note "$(echo "$out" | grep -A 1 '^C: RCPT' | grep '^S:')"
	[ "$(echo "$out" | grep -A 1 "^C: RCPT.*@p$i" | grep -c '^S: 250')" = \
	    1 ] && learned=$((learned + 1))
	check "strict$i.nz was tried" wait_log 60 smtpd.A \
	    "to=<a@strict$i.nz>.*result="
	[ "$(bed_log smtpd.A "to=<a@strict$i.nz>.*result=.*Ok")" = 0 ] &&
	    held=$((held + 1))
done
[ $learned -gt 0 ]
ok $? "a partner named after a domain with dead DNS is learned ($learned of 3)"
[ $held -gt 0 ]
ok $? "mail to one that enforces its policy does not leave in clear ($held of 3)"

# --- sged frozen, and killed -----------------------------------------------
# Once one has waited in vain nobody else does: known, lapsed or never heard of.
# All in one session, so that it is over within that half minute; a wait takes
# 10 s, and what is no wait is far from half of that.
sgeds=$(ps -eo pid,comm | awk '$2 == "sged" { print $1 }')
# shellcheck disable=SC2086
kill -STOP $sgeds
printf '%s\n' 'known.nz|none|4102444800|' 'old.govt.nz|none|1600000000|' \
    'known.mil.nz|none|4102444800|' >>"$A/var/spool/sged/routes"
# no_wait HOW FIRST: recipients of all kinds, from the FIRST one on.
no_wait()
{
	out=$(at_a "$BIN/smtpc" -d -f staff@minties.govt.nz 127.0.0.1 \
	    "x@vain-$1.nz" "x@new-$1.nz" "x@new-$1.govt.nz" x@known.nz \
	    x@known.mil.nz x@old.govt.nz x@dia.govt.nz)
	is $? 0 "sged $1: all recipients are taken"
	times=$(echo "$out" | sed -n 's/^#  rcpt \([0-9]*\) us/\1/p')
	is "$(echo "$times" | grep -c .)" 7 "seven were answered"
	note "microseconds: $(echo "$times" | tr '\n' ' ')"
	is "$(echo "$times" | tail -n +"$2" | awk '$1 > 5000000')" "" \
	    "and at once, from number $2 on"
}
no_wait frozen 2
# shellcheck disable=SC2086
kill -KILL $sgeds
no_wait killed 1
is "$(bed_log smtpd.A 'Exiting')" 0 "smtpd goes on"
finish
