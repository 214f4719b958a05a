#!/bin/sh
# SPDX-License-Identifier: ISC
#
# sgectl check domain against hosts that fail in each way, and check config
# with its test message on the mail host as its operator sets it up.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
# Entries that are over are warned of.
sed -i '/old scanners/d; s/"dia.govt.nz" "moe.govt.nz"/"dia.govt.nz"/' \
    "$A/etc/mail/sge.conf"
peer mx.dia.govt.nz 11 ok
mail_host_up
https_up 240

n=20
# domain NAME MODE...: with a good record and policy, and an MX host.
domain()
{
	d=$1
	shift
	n=$((n + 1))
	dns "$d MX 10 mx.$d." \
	    "_smtp._tls.$d TXT v=TLSRPTv1; rua=mailto:tls@reports.nz"
	policy "$d" 240 enforce 2419200 "mx.$d"
	[ $# -eq 0 ] || peer "mx.$d" $n "$@"
}

# checked DOMAIN EXIT PATTERN...
checked()
{
	d=$1 want=$2
	shift 2
	out=$(sgectl -p check domain "$d" 2>&1)
	is $? "$want" "$d: exit $want"
	for pattern in "$@"; do
		like "$out" "*$pattern*" "$d: $pattern"
	done
}

domain good.nz ok -v 1.2-1.3
checked good.nz 0 'TLS-RPT|ok|reports go to tls@reports.nz' \
    'MTA-STS|ok|policy, mode enforce' \
    "mx.good.nz \\[$NET4.[0-9]*\\] TLS 1.2 to 1.3" \
    'certificate good, ends 2099-12-31'
domain old.nz ok -v 1.0-1.3
checked old.nz 1 'still offers TLS 1.0 and 1.1: switch it off'
domain ancient.nz ok -v 1.1
checked ancient.nz 1 'still offers TLS 1.1 and nothing newer'
domain plain.nz nostarttls
checked plain.nz 1 'does not offer STARTTLS'
domain refused.nz 454
checked refused.nz 1 'refuses STARTTLS'
cert -e mx.expired.nz
domain expired.nz ok
checked expired.nz 1 'certificate expired on 2020-12-31'
cert -u mx.unknown.nz
domain unknown.nz ok
checked unknown.nz 1 'is of no authority that is trusted here'
cert -o mx.wrong.nz other.nz
domain wrong.nz ok
checked wrong.nz 1 'certificate does not name mx.wrong.nz: it is for other.nz'
domain down.nz
host mx.down.nz 239
checked down.nz 2 '|MX|unknown|mx.down.nz'
domain testing.nz ok
policy testing.nz 240 testing 86400 mx.testing.nz
checked testing.nz 1 'mode testing: senders deliver in clear' 'max_age 86400'
domain mismatch.nz ok
policy mismatch.nz 240 enforce 2419200 mail.mismatch.nz
checked mismatch.nz 1 'the policy does not name the MX host mx.mismatch.nz'
domain nopolicy.nz ok
rm "$BED/answers/mta-sts.nopolicy.nz/"*
checked nopolicy.nz 1 'answers HTTP 404, not 200'
cert -e mta-sts.badcert.nz
domain badcert.nz ok
checked badcert.nz 1 'certificate expired'
# The policy, line by line.
domain lines.nz ok
printf '%s\r\n' 'HTTP/1.1 200 OK' 'Content-Type: text/plain' \
    'Connection: close' '' 'version: STSv1' 'mode: enforce' 'Mode: none' \
    'mode: testing' 'mx: mx.lines.nz' 'mx: 203.0.113.9' 'mx: old.lines.nz.' \
    'note: x' 'max_age: 864000' |
    answer mta-sts.lines.nz /.well-known/mta-sts.txt
checked lines.nz 1 'line 3: upper and lower case matter in keys: write mode' \
    'line 4: mode again' 'line 6: mx is an address' \
    'line 7: mx ends in a dot' 'line 8: note is no key' \
    'max_age 864000: senders forget the policy within two weeks' \
    'the policy names old.lines.nz, and no MX record does' \
    'certificate of mta-sts.lines.nz ends 2099-12-31'
domain places.nz ok
dns_gone _mta-sts.places.nz
dns "_mta_sts.places.nz TXT v=STSv1; id=1;"
checked places.nz 1 'no MTA-STS record at _mta-sts.places.nz' \
    'stands at _mta_sts.places.nz, where no sender looks'
domain two.nz ok
dns "_mta-sts.two.nz TXT v=STSv1; id=1;" "_mta-sts.two.nz TXT v=STSv1; id=2;"
checked two.nz 1 'more than one MTA-STS record at _mta-sts.two.nz'
# DANE: the records against what the host shows; nothing is signed here.
domain dane.nz ok
key=$(openssl x509 -in "$BED/certs/mx.dane.nz.crt" -pubkey -noout |
    openssl pkey -pubin -outform der | openssl sha256 -r | cut -c -64)
dns "_25._tcp.mx.dane.nz TLSA 3 1 1 $key"
checked dane.nz 1 'DANE|warn|mx.dane.nz: TLSA records, but the MX record is not' \
    'TLSA 3 1 1 matches'
checked good.nz 0 'DANE|info|mx.good.nz: DNSSEC no, no TLSA record; smtpd does not'
domain daneold.nz ok
dns "_25._tcp.mx.daneold.nz TLSA 3 1 1 $key"
checked daneold.nz 1 'no TLSA record matches its certificate*TLSA 3 1 1 '
# And a zone that is signed: "secure" only where its key is trusted.
cert -k "$TOP/regress/data/dns/mx.signed.nz.key" mx.signed.nz
peer_start mx.signed.nz 231 ok
cert mx.old.signed.nz
peer_start mx.old.signed.nz 232 ok
checked signed.nz 1 'DANE|warn|mx.signed.nz: TLSA records, but the MX record is not'
dns_anchor
checked signed.nz 1 'DANE|ok|mx.signed.nz: DNSSEC secure, with TLSA' \
    'DANE|*|mx.signed.nz *TLSA 3 1 1 matches'
checked old.signed.nz 1 'DANE|ok|mx.old.signed.nz: DNSSEC secure, with TLSA' \
    'mx.old.signed.nz *no TLSA record matches its certificate*'
rm "$A/var/lib/unbound/root.key"
dns "bare.nz MX 0 ."
checked bare.nz 1 'TLS-RPT|bad|no TLSRPT record' \
    'MTA-STS|info|no MTA-STS record' 'takes no mail (null MX)'
dns_zone broken.nz refuse
checked broken.nz 2 'TLS-RPT|unknown|' 'MX|unknown|'
out=$(sgectl check domain good.nz plain.nz broken.nz)
is $? 1 "several: something to mend beats what is not known"
like "$out" '*3 domains.  Exit 1.' "and each is there"

# The host itself.
dns "_smtp._tls.minties.govt.nz TXT v=TLSRPTv1; rua=mailto:tls-reports@minties.govt.nz"
out=$(sgectl -p check config -t /etc/smtpd.conf 2>&1)
status=$?
is "$(printf '%s\n' "$out" | grep -v '|ok|' | grep -v '|info|')" "" \
    "check config finds nothing to mend"
is $status 0 "and exits 0"
like "$out" '*DKIM|ok|the test message came back signed for minties.govt.nz*' \
    "the test message was signed"
like "$out" '*DKIM|ok|its signature verifies with the key at sge._domainkey.minties.govt.nz*' \
    "and that signature is good"
like "$out" '*DKIM|ok|key at sge._domainkey.minties.govt.nz*' "with its key"
like "$out" '*sged|ok|runs since*' "sged runs"
# Our own MX host is looked at by sged, so that the digest knows its certificate.
wait_for 40 sh -c "nsenter --net=/run/netns/A chroot $A \
    sgectl -f /etc/mail/sge.conf show policy minties.govt.nz |
    grep -q 'certificate ends'"
like "$(sgectl show policy minties.govt.nz)" \
    "*Probed by sged:*STARTTLS offered, TLSv1.3, good*certificate ends *" \
    "sged looked at our own MX host"
is "$(find "$A/var/db/sged/unread" -type f | wc -l | tr -d ' ')" 0 \
    "nothing is left of the test message"
dns_gone sge._domainkey.minties.govt.nz
dns "sge._domainkey.minties.govt.nz TXT v=DKIM1; k=rsa; s=email; p=$(
    openssl rsa -in "$A/etc/mail/dkim.key" -pubout 2>>"$BED/log/openssl" |
    sed '/^-/d' | tr -d '\n')"
wait_for 5 sh -c "! nsenter --net=/run/netns/A chroot $A \
    sgectl -p -f /etc/mail/sge.conf check config /etc/smtpd.conf |
    grep -q 'DKIM|ok|key at'"
out=$(sgectl -p check config /etc/smtpd.conf 2>&1)
is $? 1 "a key for s=email: exit 1"
like "$out" '*take s= out*' "and what to do"
chown 0 "$A/var/spool/sged/sessions"
like "$(sgectl -p check config /etc/smtpd.conf 2>&1)" \
    "*spool|bad|*is not _sgefilter's*" "another owner of the spool"
finish
