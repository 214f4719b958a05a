#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A thousand domains that nobody has heard of, all at once; each tenth of them
# has a policy host that takes the question and never answers.  Mail to the
# others is not delayed by those.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
bed_stop smtpd.A
# Long enough to tell those that have to wait from a busy machine, and not as
# long as sged waits for a policy host (RFC 8461 3.3: a minute).
wait=$((20 * $(wait_load)))
[ $wait -le 45 ] || wait=45
sed -i "s/^learn timeout .*/learn timeout ${wait}s/" "$A/etc/mail/sge.conf"
sed -i '/^listen on socket/a\
listen on lo filter "sge"' "$A/etc/smtpd.conf"
smtpd_up
# smtpd opens few connections to one host, and keeps them for seconds.
cert -o mx.bulk.nz '*.mx.bulk.nz'
i=1
while [ $i -le 45 ]; do
	cp "$BED/certs/mx.bulk.nz.crt" "$BED/certs/$i.mx.bulk.nz.crt"
	cp "$BED/certs/mx.bulk.nz.key" "$BED/certs/$i.mx.bulk.nz.key"
	peer "$i.mx.bulk.nz" $((20 + i)) ok
	i=$((i + 1))
done
policy good.bulk.nz 200 enforce 86400 '*.mx.bulk.nz'
mkdir "$BED/answers/default"
mv "$BED"/answers/mta-sts.good.bulk.nz/* "$BED/answers/default/"
# one certificate for all of them
# shellcheck disable=SC2046
cert -o default $(awk 'BEGIN {
	for (i = 1; i <= 1000; i++)
		print "mta-sts.d" i ".bulk.nz"
}')
https_up 200
awk -v n="$NET4" 'BEGIN {
	for (i = 1; i <= 1000; i++) {
		d = "d" i ".bulk.nz"
		print d " MX 10 " i % 45 + 1 ".mx.bulk.nz."
		print "_mta-sts." d " TXT v=STSv1; id=n" i ";"
		print "mta-sts." d " A " n ".200"
	}
}' | dns
i=10
while [ $i -le 1000 ]; do
	echo @never | answer "mta-sts.d$i.bulk.nz" /.well-known/mta-sts.txt
	i=$((i + 10))
done

# one DOMAIN: hands a mail over, and says how many milliseconds that took from
# the greeting on.  smtpd listens with a backlog of five: who finds no room
# is told so and comes again, else (and so with a "SYN cookie") a client could
# wait for ever for the greeting of a host that knows nothing of it.
at_a sh -c 'cd /proc/sys/net/ipv4 && echo 1 >tcp_abort_on_overflow &&
    echo 0 >tcp_syncookies' || bail "no room for a burst"
cat >"$BED/one" <<-EOS
	status=1 tries=0
	while [ \$status -eq 1 ] && [ \$((tries += 1)) -le 100 ]; do
		out=\$(nsenter --net=/run/netns/A $BIN/smtpc \\
		    -f staff@library.govt.nz 127.0.0.1 u@\$1 2>/dev/null)
		status=\$?
	done
	echo "\$1 \$status \$(echo "\$out" | sed -n 's/^#  \([0-9]*\) ms/\1/p')"
EOS
# So many that those that have to wait leave room for the others.
awk 'BEGIN { for (i = 1; i <= 1000; i++) print "d" i ".bulk.nz" }' |
    xargs -n 1 -P 60 sh "$BED/one" >"$BED/times"
is "$(wc -l <"$BED/times" | tr -d ' ')" 1000 "a thousand mails were tried"
is "$(awk '$2 != 0' "$BED/times" | wc -l | tr -d ' ')" 0 "and taken"
grep -v '^d[0-9]*0\.' "$BED/times" | sort -n -k 3 >"$BED/others"
slowest=$(tail -n 1 "$BED/others" | cut -d ' ' -f 3)
# When some have waited in vain, nobody else does for a while.
late=$(grep '^d[0-9]*0\.' "$BED/times" | sort -n -k 3 | tail -n 1 |
    cut -d ' ' -f 3)
note "others: median $(sed -n 450p "$BED/others" | cut -d ' ' -f 3) ms," \
    "slowest $slowest ms; with a silent policy host: slowest $late ms"
[ "$late" -ge "$wait"000 ]
ok $? "with a silent policy host the first wait as long as is set"
[ "$slowest" -lt "$((late / 2))" ]
ok $? "none of the nine tenths waited even half as long"
is "$(grep -c '^d[0-9]*[1-9]\.bulk\.nz|enforce|' \
    "$A/var/spool/sged/routes")" 900 "the policy of each was learned"
# smtpd has its own pace in opening connections.
all_there()
{
	[ "$(mails '^X-Peer-To: <u@d[0-9]*[1-9]\.')" -eq 900 ]
}
check "their mail arrives" wait_for 300 all_there
is "$(grep -l '^X-Peer-To: <u@d[0-9]*[1-9]\.' "$BED"/mail/* |
    xargs grep -L '^X-Peer-Tls: TLS' | wc -l | tr -d ' ')" 0 "by TLS"
finish
