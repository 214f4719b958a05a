#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Reports go at the first try where sged may have few files open at first.

. "$(dirname "$0")/../bed/local.sh"
local_up

N=200
DAY=$(utc_day 1)
cat >"$L/sendmail" <<EOF
#!/bin/sh
for to; do :; done
cat >"$L/mails/\$to.\$\$"
sleep 0.05
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOF
chmod 755 "$L/sendmail"
local_conf "report spread 0s" "report retry 24m"
i=0
while [ $i -lt $N ]; do
	echo "_smtp._tls.d$i.test TXT v=TLSRPTv1; rua=mailto:tls@d$i.test"
	session "$DAY" d$i.test
	i=$((i + 1))
done >"$L/zone"
local_dns <"$L/zone"

# A daemon's login class on OpenBSD gives it 128.
before=$(ulimit -Sn)
ulimit -Sn 64
local_sged
ulimit -Sn "$before"

settled()
{
	[ "$(sent | awk -F '|' '$8 == "sent"' | wc -l)" -eq $N ]
}
check "every report is sent" wait_for 120 settled
is "$(grep -c 'to=mailto.* state=due' "$L/log/sged")" 0 \
    "none is tried again for want of open files"
is "$(find "$L/mails" -name 'tls@*' | wc -l | tr -d ' ')" $N "a mail for each"
finish
