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
echo 'report sendmail "/usr/local/sbin/sendmail-slow"' >>"$A/etc/mail/sge.conf"
cat >"$A/usr/local/sbin/sendmail-slow" <<EOF
#!/bin/sh
while [ -e /tmp/slow ]; do
	: >/tmp/begun
	sleep 0.2
done
exec /usr/sbin/sendmail "\$@"
EOF
chmod 755 "$A/usr/local/sbin/sendmail-slow"
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
# Who waits for sendmail bears its name as well.
sged_gone()
{
	! pgrep -f 'sged -dv -f /etc/mail/sge.conf' >/dev/null
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
wait_for 60 sged_gone
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

# unseen DOMAIN...: sendmail keeps their reports, and sged and who waits for it
# were killed before it does.
unseen()
{
	rm -f "$A/tmp/begun"
	mkdir "$A/tmp/slow"
	chmod 1777 "$A/tmp"
	for d; do
		due "$d"
		sgectl send -d "$y" "$d" >/dev/null 2>&1
	done
	check "sendmail was begun" wait_for 60 test -f "$A/tmp/begun"
	kill -9 $(pgrep -f 'sged -dv -f /etc/mail/sge.conf')
	check "all of sged is gone" wait_for 60 sged_gone
	rmdir "$A/tmp/slow"
	check "it keeps them" wait_for 60 kept "$offline_want"
}
kept()
{
	[ "$(offline)" -eq "$1" ]
}

bed_stop smtpd.A
offline_want=1
unseen f.test
sged_up
doubted()
{
	sgectl -p show sent -n 0 -d "$y" | grep "|$1|.*may have kept it"
}
check "nobody knows, and it is not sent again at once" \
    wait_for 60 doubted f.test
smtpd_up
check "smtpd brings it" wait_for 60 is_there f.test
check "and sged hears of it" wait_for 60 sent f.test

# smtpd is back before sged, which had one kept, and another nobody knows how.
bed_stop smtpd.A
due g.test
sgectl send -d "$y" g.test >/dev/null 2>&1
check "one that sged knows of" wait_for 60 sent g.test
offline_want=2
unseen h.test
smtpd_up
check "smtpd brings it while sged is away" wait_for 60 is_there g.test
check "and what nobody knows of too" wait_for 60 is_there h.test
sged_up
check "sged hears of it when it is back" wait_for 60 sent h.test
for d in a b c d e f g h; do
	is "$(arrived $d.test)" 1 "$d.test: once"
done
is "$(find "$A/var/spool/sged" -name 'mailed.*')" "" "nothing is left of it"
finish
