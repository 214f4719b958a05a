#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The test bed itself: a plain smtpd without anything of ours meets hosts that
# misbehave in each way, and sees what the other tests take for granted.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up

cat >"$A/etc/smtpd.conf" <<CONF
table routes file:/etc/mail/routes
listen on socket
listen on mail0
action "out" relay
action "verify" relay tls domain <routes> protocols "tlsv1.2,tlsv1.3"
match from local for domain regex "^v" action "verify"
match from local for any action "out"
CONF
: >"$A/etc/mail/routes"

# domain N MODE [option...]: a domain whose MX is that host.
n=10
domain()
{
	d=$1
	shift
	n=$((n + 1))
	dns "$d MX 10 mx.$d."
	echo "$d smtp+tls://mx.$d" >>"$A/etc/mail/routes"
	peer "mx.$d" $n "$@"
}

domain good.nz ok
domain plain.nz nostarttls
domain refused.nz 454
domain dropped.nz drop
domain garbage.nz garbage
domain old.nz ok -v 1.0-1.1
domain slow.nz ok -d 200 -g 'mx.slow.nz %d'
domain nobody.nz reject
domain vgood.nz ok
cert -o mx.vname.nz other.nz
domain vname.nz ok
cert -e mx.vexpired.nz
domain vexpired.nz ok
cert -u mx.vunknown.nz
domain vunknown.nz ok
smtpd_up

for d in good plain refused dropped garbage old slow nobody vgood vname \
    vexpired vunknown; do
	submit a@minties.govt.nz "u@$d.nz" || note "$d: sendmail failed"
done
tls_of()
{
	grep -l "^X-Peer-To: <u@$1>" "$BED"/mail/* | xargs sed -n \
	    's/^X-Peer-Tls: //p'
}
check "mail to a good host arrives" wait_for 30 got_mail '<u@good.nz>'
is "$(tls_of good.nz)" TLSv1.3 "by TLS 1.3"
for d in plain refused dropped garbage slow old; do
	check "mail to $d.nz arrives" wait_for 60 got_mail "<u@$d.nz>"
done
for d in plain refused dropped garbage old; do
	is "$(tls_of $d.nz)" none "in clear"
done
is "$(tls_of slow.nz)" TLSv1.3 "the slow host was given time for TLS"
check "a verified host gets its mail" wait_for 30 got_mail '<u@vgood.nz>'
check "a refused recipient is bounced" \
    wait_log 30 smtpd.A 'u@nobody.nz.*result="PermFail"'
check "another name is seen" \
    wait_log 30 smtpd.A "mx.vname.nz' not present in server certificate"
check "an expired certificate is seen" \
    wait_log 30 smtpd.A 'certificate has expired'
check "an unknown authority is seen" \
    wait_log 30 smtpd.A 'unable to get local issuer\|self-signed'
is "$(mails '@v[nu]')$(mails '@vexpired')" 00 "and nothing sent to those"
is "$(queued '@v[neu]')" 3 "their mail waits"

# In: from a host of the world.
out=$(client 101 -d -f x@y.nz "$A4" u@good.nz)
is $? 2 "the world may not relay"
like "$out" '*S: 550*' "and is told so"
finish
