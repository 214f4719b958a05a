#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A real sged, after three days off: look-ups at a name server, reports by mail
# and by https to hosts that answer in every way, what is noted of each.

. "$(dirname "$0")/../bed/local.sh"
local_up

D2=$(utc_day 2)
D3=$(utc_day 3)
D4=$(utc_day 4)
DAY=$D2

local_https
local_cert -e hexp.w.test hexp.w.test
local_sendmail
local_conf "report spread 0s" "report retry 6h" "report except { x.test }"

for h in h200 h201 h301 h400 h429 h500 hclose hnever hcont hexp; do
	echo "$h.w.test A $WEB_IP"
	echo "_smtp._tls.$h.test TXT v=TLSRPTv1; rua=https://$h.w.test:8443/r"
done >"$L/zone"
cat >>"$L/zone" <<EOF
hin.test A 127.0.0.1
_smtp._tls.hin.test TXT v=TLSRPTv1; rua=https://hin.test:8443/r
_smtp._tls.hno.test TXT v=TLSRPTv1; rua=https://gone.test:8443/r
_smtp._tls.m.test TXT v=TLSRPTv1; rua=mailto:tls@m.test
_smtp._tls.two.test TXT v=TLSRPTv1; ext=1; rua=mailto:a@two.test, mailto:b@two.test
_smtp._tls.cn.test CNAME _smtp._tls.m.test
_smtp._tls.x.test TXT v=TLSRPTv1; rua=mailto:a@x.test
_smtp._tls.loop.test TXT v=TLSRPTv1; rua=mailto:a@loop.test
_smtp._tls.tmp.test TXT v=TLSRPTv1; rua=mailto:tmp@tmp.test
!_smtp._tls.sf.test A 127.0.0.1
EOF
local_dns <"$L/zone"

answer()
{
	mkdir -p "$L/answers/$1.w.test"
	cat >"$L/answers/$1.w.test/_r"
}
for code in 200 201 301 400 429 500; do
	printf 'HTTP/1.1 %s X\r\nContent-Length: 0\r\n%s\r\n\r\n' $code \
	    'Location: https://h200.w.test:8443/r' | answer h$code
done
printf '@close\n' | answer hclose
printf '@never\n' | answer hnever
printf '@continue\nHTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n' |
    answer hcont
printf 'HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n' | answer hexp
echo 73 >"$L/exit.tmp@tmp.test"

for d in "$D2" "$D3" "$D4"; do
	session "$d" m.test
done
for h in h200 h201 h301 h400 h429 h500 hclose hnever hcont hexp hin hno \
    two cn x sf none tmp; do
	session "$D2" $h.test
done
session "$D2" loop.test ',"report":true'

local_sged

# Everything but what can't end has ended.
settled()
{
	sent | awk -F '|' '
		$8 == "due" && $9 == 0 { bad = 1 }
		$4 == "hnever.test" || $4 == "" { next }
		$6 == "due" && $9 == 0 && $4 != "sf.test" { bad = 1 }
		$8 == "sending" { bad = 1 }
		{ n[$4] = 1 }
		END { for (d in n) all++; exit bad || all < 18 }'
}
check "every report was tried" wait_for 60 settled ||
    { sent | sed 's/^/# /'; tail -n 20 "$L/log/sged" | sed 's/^/# /'; }

# state DOMAIN: of the report and of its deliveries, code, text.
state()
{
	sent | awk -F '|' -v d="$1" '$4 == d {
		printf "%s%s/%s %s %s", sep, $6, $8, $10, $11; sep = "; " }'
}
is "$(state h200.test)" "sent/sent 200 HTTP 200" "200 takes it"
is "$(state h201.test)" "sent/sent 201 HTTP 201" "201 takes it"
is "$(state h301.test)" \
    "given-up/given-up 301 HTTP 301, a redirect is not followed" \
    "301 is not followed"
is "$(state h400.test)" "given-up/given-up 400 HTTP 400" "400 ends it"
is "$(state h429.test)" "sending/due 429 HTTP 429" "429 is tried again"
is "$(state h500.test)" "sending/due 500 HTTP 500" "500 is tried again"
like "$(state hclose.test)" "sending/due 0 failed: *" \
    "a host that closes early is tried again"
is "$(state hcont.test)" "sent/sent 200 HTTP 200" "100 Continue comes first"
is "$(state hexp.test)" "sent/sent 200 HTTP 200, certificate: expired" \
    "an expired certificate is noted, and no hindrance"
like "$(state hnever.test)" "sending/sending*" "a host that never answers"
like "$(state hin.test)" "given-up/given-up 0 its address is not one*" \
    "an address inside is not contacted"
like "$(state hno.test)" "sending/due 0 no address of gone.test*" \
    "a host without address is tried again"
is "$(state m.test)" "sent/sent 0 handed to sendmail" "by mail"
is "$(state two.test)" \
    "sent/sent 0 handed to sendmail; sent/sent 0 handed to sendmail" \
    "to both addresses, blank and extension or not"
is "$(state cn.test)" "sent/sent 0 handed to sendmail" "a CNAME is followed"
like "$(state x.test)" "excepted/*" "report except"
like "$(state sf.test)" "due/* look-up failed: servfail" \
    "a failing look-up is kept apart from none"
like "$(state none.test)" "no-rua/* no TLSRPT record" "no record"
like "$(state tmp.test)" "sending/due 73 sendmail: exit 73*" \
    "sendmail's own trouble is waited for"
is "$(state loop.test)" "" "a report's own session is not reported"

# What arrived.
is "$(cat "$L"/mails/*a@two.test* | head -n 1)" \
    "-v -f tlsrpt-noreply@minties.govt.nz -- a@two.test" "how sendmail is run"
is "$(ls "$L"/mails/*@two.test* | wc -l | tr -d ' ')" 2 \
    "a mail for each address"
# cn.test's goes there as well.
n=0
for d in "$D2" "$D3" "$D4"; do
	n=$((n + $(grep -l "Domain: m.test" "$L"/mails/tls@m.test.* |
	    xargs grep -lE "to m.test,$|to m.test, on|on $d|^$d" |
	    xargs grep -l "$d" | wc -l)))
done
is "$n" 3 "three days off: each day's report, once"
if command -v python3 >/dev/null; then
	check "another reader finds every mail in order" \
	    python3 "$TOP/regress/tool/report-check.py" "$L"/mails/*@*
else
	ok 0 "another reader # SKIP needs python3"
fi
is "$(ls "$L"/posts/h200.w.test.*.head | wc -l | tr -d ' ')" 1 "posted once"
like "$(tr -d '\r' <"$(ls "$L"/posts/h200.w.test.*.head)" | tr '\n' '|')" \
    "POST /r HTTP/1.*|*Content-Type: application/tlsrpt+gzip|*" \
    "as RFC 8460 says"
if command -v gzip >/dev/null; then
	gzip -dc <"$(ls "$L"/posts/h200.w.test.*.body)" >"$L/posted.json"
	ok $? "the body is gzip"
	sgectl report -d "$D2" h200.test \
	    >"$L/stored.json" 2>"$L/log/report"
	is "$(tr -d ' \n' <"$L/posted.json")" "$(tr -d ' \n' \
	    <"$L/stored.json")" "and what sgectl report prints"
fi

# kill -9 while one is being sent: no second copy of the others.
before=$(ls "$L"/mails "$L"/posts | wc -l)
for i in 1 2 3; do
	# shellcheck disable=SC2046
	kill -KILL $(local_children sged) 2>/dev/null
	local_stop sged KILL
	local_sged
	wait_for 10 sgectl show status
done
again()
{
	[ "$(ls "$L"/posts/hnever.w.test.*.body 2>/dev/null | wc -l)" -ge 2 ]
}
check "what was being sent is sent again" wait_for 30 again
is "$(ls "$L"/mails "$L"/posts | grep -v hnever | wc -l)" \
    "$((before - 2))" "nothing else is"
for f in "$L"/posts/hnever.w.test.*.body; do
	cksum <"$f"
done | sort -u | wc -l | tr -d ' ' >"$L/sums"
is "$(cat "$L/sums")" 1 "each copy is the same"

# By hand: not twice to what took it, the failed ones anew.
like "$(sgectl send -d "$D2" m.test 2>&1)" \
    "*taken already*" "send: not again"
rm "$L/exit.tmp@tmp.test"
like "$(sgectl send -d "$D2" tmp.test 2>&1)" \
    "*on its way*" "send: what waits goes now"
tmp_sent()
{
	[ "$(state tmp.test)" = "sent/sent 0 handed to sendmail" ]
}
check "and arrives" wait_for 20 tmp_sent

# A copy for someone.
id=$(sent | awk -F '|' '$4 == "m.test" { print $2; exit }')
like "$(sgectl send -t me@x.test "$id" 2>&1)" \
    "report $id: a copy is on its way to me@x.test" "send -t: a copy"
is "$(grep '^To:\|^TLS-Report-Domain' "$L"/mails/me@x.test.*)" \
    "To: <me@x.test>
TLS-Report-Domain: m.test" "with that report"
sgectl send -t -oQ "$id" >"$L/log/copy" 2>&1
is $? 1 "not to an option"
sgectl send -t me@x.test 9999 >"$L/log/copy" 2>&1
is $? 1 "nor what there is not"

# An address that does not want them.
bounce()
{
	id=$(sed -n 's/.*Report-ID: <\(.*\)@.*/\1/p' "$1")
	mid=$(sed -n 's/^Message-ID: //p' "$1")
	cat <<-EOF
	From: MAILER-DAEMON@mail.minties.govt.nz
	To: tlsrpt-noreply@minties.govt.nz
	Subject: Delivery status notification: error
	MIME-Version: 1.0
	Content-Type: multipart/report; report-type=delivery-status;
	 boundary="b"

	--b
	Content-Type: text/plain

	Hi!

	--b
	Content-Type: message/delivery-status

	Reporting-MTA: dns; mail.minties.govt.nz

	Final-Recipient: rfc822; tls@m.test
	Action: failed
	Status: 5.1.1

	--b
	Content-Type: text/rfc822-headers

	Subject: Report Domain: m.test Submitter: minties.govt.nz
	 Report-ID: <$id@minties.govt.nz>
	Message-ID: $mid

	--b--
	EOF
}
for f in $(grep -l "Domain: m.test" "$L"/mails/tls@m.test.*); do
	bounce "$f" | sgectl deliver ||
	    ok 1 "deliver takes a bounce"
done
bounced()
{
	[ "$(sgectl -p show sent -n 0 \
	    -d 9 -D m.test | grep -c bounced)" -ge 3 ]
}
check "three bounces are noted" bounced

local_stop sged
is "$(grep -c 'fatal\|unexpected' "$L/log/sged")" 0 "nothing went wrong"
finish
