#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Mail that goes out to hosts that misbehave in each way, as smtpd sends it
# without forced TLS: it goes through, and every outcome is on record.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up

n=20
domain()
{
	d=$1
	shift
	n=$((n + 1))
	dns "$d MX 10 mx.$d."
	peer "mx.$d" $n "$@"
}
domain good.co.nz ok
domain two.co.nz ok -v 1.2
domain plain.co.nz nostarttls
domain refused.co.nz 454
domain dropped.co.nz drop
domain garbage.co.nz garbage
domain old.co.nz ok -v 1.0-1.1
domain slow.co.nz ok -d 300
domain nobody.co.nz reject
cert -o mx.wrong.co.nz other.nz
domain wrong.co.nz ok

for d in good two plain refused dropped garbage old slow nobody wrong; do
	submit staff@library.govt.nz "u@$d.co.nz" || note "$d: sendmail failed"
done
for d in good two plain refused dropped garbage old slow wrong; do
	check "mail to $d.co.nz arrives" wait_for 60 got_mail "<u@$d.co.nz>"
done

# out DOMAIN WANT: what is on record of the connection that carried the mail.
out='"dir":"out"'
seen()
{
	check "on record of $1: $2" wait_for 40 record_seen "$out.*$2"
}
seen good '"rdns":"mx.good.co.nz".*"helo":"mx.good.co.nz".*"starttls":"offered","tls":"TLSv1.3","cipher":"TLS_.*","failure":null.*"from":"library.govt.nz","to":"good.co.nz","flow":"government>public","verdict":"pass","why":null,"messages":1,"rcpts":1'
seen two '"tls":"TLSv1.2".*"failure":null.*"to":"two.co.nz"'
seen slow '"tls":"TLSv1.3".*"failure":null.*"to":"slow.co.nz"'
seen wrong '"tls":"TLSv1.3".*"failure":null.*"to":"wrong.co.nz"'
seen plain '"starttls":"absent","tls":null,"cipher":null,"failure":"starttls-not-supported".*"to":"plain.co.nz".*"messages":1,"rcpts":1'
seen refused '"starttls":"refused","tls":null.*"failure":"starttls-not-supported".*"to":"refused.co.nz".*"messages":1'
for d in dropped garbage old; do
	seen $d '"starttls":"offered","tls":null.*"failure":"validation-failure".*"to":"'$d'.co.nz".*"messages":0,"rcpts":0'
	seen $d '"starttls":"offered","tls":null.*"failure":null.*"to":"'$d'.co.nz".*"messages":1,"rcpts":1'
done
seen nobody '"tls":"TLSv1.3".*"to":"nobody.co.nz".*"messages":0,"rcpts":1'
is "$(records "$out.*\"to\":\"good.co.nz\"")" 1 "one record a connection"
finish
