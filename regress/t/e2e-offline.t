#!/bin/sh
# SPDX-License-Identifier: ISC
#
# smtpd is down while reports are due: its sendmail keeps them and says 75.
# Each arrives once, in whatever order smtpd and sged end and begin.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
# A retry would come within a second.
echo "report retry 5m" >>"$A/etc/mail/sge.conf"
mail_host_up
peer mx.rua.example 240 ok
dns "rua.example MX 10 mx.rua.example."
y=$(date -u -d yesterday +%Y-%m-%d)
past=$A/var/spool/sged/sessions/$(echo "$y" | tr -d -)T12Z.jsonl

# due DOMAIN: a session of yesterday, and where its report goes.
due()
{
	dns "_smtp._tls.$1 TXT v=TLSRPTv1; rua=mailto:$1@rua.example"
	printf '%s' '{"v":1,"time":"'"$y"'T12:00:00Z",' \
	    '"host":"mail.minties.govt.nz","dir":"out",' \
	    '"session":"0123456789abcdef","local":"203.0.113.1",' \
	    '"remote":"203.0.113.9","rdns":null,"helo":"mx.'"$1"'",' \
	    '"starttls":"offered","tls":"TLSv1.3","cipher":"X",' \
	    '"failure":null,"tx":[{"from":"minties.govt.nz","to":"'"$1"'",' \
	    '"flow":"public>public","verdict":"pass","why":null,' \
	    '"messages":1,"rcpts":1}]}' >>"$past"
	echo >>"$past"
	chown 871:871 "$past"
}
sent()
{
	sgectl -p show sent -n 0 -d "$y" | grep "|$1|.*|sent|"
}
offline()
{
	find "$A/var/spool/smtpd/offline" -type f | wc -l | tr -d ' '
}
arrived()
{
	mails "TLS-Report-Domain: $1"
}
is_there()
{
	[ "$(arrived "$1")" -ge 1 ]
}

bed_stop smtpd.A
due a.test
due b.test
check "sent while smtpd is down" wait_for 60 sent a.test
check "and the other" wait_for 60 sent b.test
like "$(sent a.test)" '*keeps it until smtpd runs*' "it says where they are"
is "$(offline)" 2 "smtpd's offline folder has them"

# sged is killed as a whole, and started; smtpd follows.
bed_stop sged KILL
wait_for 20 sh -c "! pgrep -f 'sged -dv -f /etc/mail/sge.conf'"
sged_up
smtpd_up
check "the one arrives" wait_for 60 is_there a.test
check "the other too" wait_for 60 is_there b.test

# smtpd is killed with reports on their way to it, and started.
kill -9 $(pgrep -x smtpd) 2>/dev/null
wait_for 20 bed_gone smtpd.A
due c.test
sgectl send -d "$y" c.test >/dev/null 2>&1
check "a third is kept" wait_for 60 sent c.test
smtpd_up
check "and arrives" wait_for 60 is_there c.test
due d.test
sgectl send -d "$y" d.test >/dev/null 2>&1
check "a fourth finds smtpd" wait_for 60 is_there d.test
check "and is taken by it" wait_for 60 sent d.test
like "$(sent d.test)" '*handed to sendmail, message ????????|*' \
    "under a number of smtpd's"

# No folder to keep it in: not taken, and tried again.
bed_stop smtpd.A
mv "$A/var/spool/smtpd/offline" "$A/var/spool/smtpd/offline.away"
due e.test
sgectl send -d "$y" e.test >/dev/null 2>&1
waits()
{
	sgectl -p show sent -n 0 -d "$y" | grep '|e.test|.*|due|.*sendmail: exit'
}
check "what sendmail could not keep waits" wait_for 60 waits
mv "$A/var/spool/smtpd/offline.away" "$A/var/spool/smtpd/offline"
smtpd_up
check "and arrives" wait_for 60 is_there e.test
for d in a b c d e; do
	is "$(arrived $d.test)" 1 "$d.test: once"
done
is "$(find "$A/var/spool/sged" -name 'mailed.*')" "" "nothing is left of it"
finish
