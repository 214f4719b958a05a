#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A real smtpd with etc/smtpd.conf.example and table-sge: mail goes where it
# must and how it must, or waits.  sged is down throughout; what it learned
# stands in the spool.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sged_up()
{
	:
}
later=4000000000
bed_install
sge_conf_usual
sed -i.bak 's/^learn timeout.*/learn timeout 0s/' "$A/etc/mail/sge.conf"
cp "$A/etc/mail/sge.conf" "$BED/good.conf"

n=20
# domain NAME MODE...: a mail host, found by MX.
domain()
{
	d=$1
	shift
	n=$((n + 1))
	dns "$d MX 10 mx.$d."
	peer "mx.$d" $n "$@"
}
# dia's connector has another name than its MX, where no mail may arrive.
peer mx.dia.govt.nz 11 ok
dns "dia.govt.nz MX 10 other.dia.govt.nz."
peer other.dia.govt.nz 12 ok
# A certificate that nobody trusts is good enough where TLS is required only.
cert -u mx.tls.govt.nz
domain tls.govt.nz ok
domain clear.govt.nz nostarttls
domain old.govt.nz ok -v 1.1
domain sts.co.nz ok
domain clear.co.nz nostarttls
cert -o mx.wrong.co.nz other.nz
domain wrong.co.nz ok
cert -o mx.late.co.nz other.nz
domain late.co.nz ok
domain gone.co.nz ok
cert -o mx.told.co.nz other.nz
domain told.co.nz ok

: >"$A/var/spool/sged/routes"
route()
{
	echo "$1" >>"$A/var/spool/sged/routes"
}
for d in tls.govt.nz clear.govt.nz old.govt.nz clear.co.nz late.co.nz; do
	route "$d|none|$later|"
done
route "sts.co.nz|enforce|$later|smtp+tls://mx.sts.co.nz"
route "wrong.co.nz|enforce|$later|smtp+tls://mx.wrong.co.nz"
route "told.co.nz|enforce|$later|smtp+tls://mx.told.co.nz"
route "gone.co.nz|enforce|1000|smtp+tls://mx.gone.co.nz"
mail_host_up

from=a@minties.govt.nz
for d in dia.govt.nz tls.govt.nz clear.govt.nz old.govt.nz sts.co.nz \
    clear.co.nz wrong.co.nz gone.co.nz; do
	check "$d: its recipient is taken" submit $from "u@$d"
done
submit $from u@moe.govt.nz >"$BED/log/moe" 2>&1
[ $? -ne 0 ]
ok $? "a member without a connector is refused at once"
check "and it is said why" grep -q "5.7.1 .*moe.govt.nz" "$BED/log/moe"

# to NAME: at which host, by what TLS, its mail arrived.
to()
{
	grep -l "^X-Peer-To: <u@$1>" "$BED"/mail/* | while read -r f; do
		echo "${f##*/}" "$(sed -n 's/^X-Peer-Tls: //p' "$f")" |
		    sed 's/\.[0-9]*\.[0-9]* / /'
	done
}
for d in dia.govt.nz tls.govt.nz sts.co.nz clear.co.nz gone.co.nz; do
	check "$d: its mail arrives" wait_for 40 got_mail "^X-Peer-To: <u@$d>"
done
like "$(to dia.govt.nz)" "mx.dia.govt.nz* TLSv1.3" \
    "5.1: by the connector, not by MX"
like "$(to tls.govt.nz)" "mx.tls.govt.nz* TLSv1.3" \
    "5.2: by TLS, whatever the certificate"
like "$(to sts.co.nz)" "mx.sts.co.nz* TLSv1.3" "5.3: an MTA-STS policy"
like "$(to clear.co.nz)" "mx.clear.co.nz* none" "5.3: in clear"
check "5.2: a host without TLS is tried" \
    wait_log 40 smtpd.A 'u@clear.govt.nz.*result="TempFail"'
check "5.2: a host with TLS 1.1 is tried" \
    wait_log 40 smtpd.A 'u@old.govt.nz.*result="TempFail"'
check "5.3: a wrong certificate under MTA-STS is seen" \
    wait_log 40 smtpd.A "mx.wrong.co.nz' not present"
is "$(mails '^X-Peer-To: <u@clear.govt.nz>')$(mails \
    '^X-Peer-To: <u@old.govt.nz>')$(mails '^X-Peer-To: <u@wrong.co.nz>')" \
    000 "and none of them gets mail"
is "$(queued '@clear.govt.nz\|@old.govt.nz\|@wrong.co.nz')" 3 \
    "which waits"

# Reports tell of what fails: they go there all the same (RFC 8460 3).  (Not
# to the same host as above: smtpd lets an address that failed rest a while.)
# Only where sged says that one goes there, which is why somebody plays it.
bed_start fakesged at_a "$BIN/fakesged" "$A/run/sged.sock"
wait_for 20 test -S "$A/run/sged.sock"
chmod 666 "$A/run/sged.sock"
check "a report to a host with a wrong certificate" \
    wait_for 60 submit tlsrpt-noreply@minties.govt.nz u@told.co.nz
check "arrives" wait_for 40 got_mail '^X-Peer-To: <u@told.co.nz>'
bed_stop fakesged
rm -f "$A/run/sged.sock"

# While smtpd runs: what is learned holds for the next mail.
check "before a policy: any certificate" submit $from u@late.co.nz
check "does" wait_for 40 got_mail '^X-Peer-To: <u@late.co.nz>'
route "late.co.nz|enforce|$later|smtp+tls://mx.late.co.nz"
check "after it was learned" submit $from u@late.co.nz
check "it does not" wait_log 40 smtpd.A "mx.late.co.nz' not present"
is "$(mails '^X-Peer-To: <u@late.co.nz>')" 1 "only the first arrived"

# A mistake of the operator takes nothing down.
echo 'conector x' >>"$A/etc/mail/sge.conf"
check "a wrong line in sge.conf: mail goes on" submit $from u@sts.co.nz
two()
{
	[ "$(mails '^X-Peer-To: <u@sts.co.nz>')" -eq 2 ]
}
check "as before" wait_for 40 two
check "the line is in the log" wait_for 5 grep -q \
    'sge.conf:[0-9]*: unknown directive "conector"' "$BED/log/smtpd.A"
{
	cat "$BED/good.conf"
	echo 'connector "moe.govt.nz" to "smtp+tls://mx.moe.govt.nz" from ::1'
} >"$A/etc/mail/sge.conf"
peer mx.moe.govt.nz 13 ok
check "a connector is added" wait_for 30 submit $from u@moe.govt.nz
check "and carries mail" wait_for 40 got_mail '^X-Peer-To: <u@moe.govt.nz>'
bed_alive smtpd.A
ok $? "smtpd is well"
finish
