#!/bin/sh
# SPDX-License-Identifier: ISC
#
# One mail for each address, whenever sged ends: killed as a whole or one
# process of it, at random moments, or reloaded while sendmail is slow.

. "$(dirname "$0")/../bed/local.sh"
local_up

N=100
DAY=$(utc_day 1)
local_sendmail
# One that takes its time, and says what smtpd's says with -v.
cat >"$L/sendmail" <<EOF
#!/bin/sh
for to; do :; done
f=\$(mktemp "$L/mails/.in.XXXXXX") || exit 75
cat >"\$f"
sleep 0.5
mv "\$f" "$L/mails/\$to.\${f##*.}"
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOF
# A sendmail that is killed with the others is one that failed for now: after 2.5
# to 7.5 s the mail is tried again.
local_conf "report spread 0s" "report retry 24m"
i=0
while [ $i -lt $N ]; do
	echo "_smtp._tls.d$i.test TXT v=TLSRPTv1; rua=mailto:tls@d$i.test"
	session "$DAY" d$i.test
	i=$((i + 1))
done >"$L/zone"
for i in 0 1 2 3 4; do
	echo "_smtp._tls.more$i.test TXT v=TLSRPTv1; rua=mailto:tls@more$i.test"
done >>"$L/zone"
local_dns <"$L/zone"

below()
{
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

pids()
{
	ps -eo pid,args | awk -v conf="$L/sge.conf" \
	    '$2 ~ /sged$/ && $NF == conf { print $1 }'
}

gone()
{
	[ -z "$(pids)" ]
}

arrived()
{
	find "$L/mails" -name 'tls@*' | wc -l | tr -d ' '
}

begun()
{
	[ "$(arrived)" -gt "$before" ]
}

send_more()
{
	sgectl send -d "$DAY" more$more.test
}

round=0
before=0
moments=
while [ $round -lt 6 ] && [ $before -lt $N ]; do
	round=$((round + 1))
	local_sged
	wait_for 20 begun
	ms=$(below 300)
	sleep "$(printf '0.%03d' "$ms")"
	# shellcheck disable=SC2046
	set -- $(pids)
	case $round in
	[25])
		kill -HUP "$(cat "$L/sged.pid")"
		sleep 0.2
		kill "$(cat "$L/sged.pid")"
		set --
		;;
	[36])
		# The first five are sged, the others wait for sendmail.
		kill -9 "$(printf '%s\n' "$@" | sort -n |
		    sed -n "$(($(below 5) + 1))p")" $(printf '%s\n' "$@" |
		    sort -n | sed -n 7p) 2>/dev/null
		# Whatever the parent has started again meanwhile.
		sleep 0.2
		kill "$(cat "$L/sged.pid")" 2>/dev/null
		set -- one
		;;
	*)
		kill -9 "$@" 2>/dev/null
		;;
	esac
	wait_for 60 gone || bail "sged ends"
	rm -f "$L/sged.pid"
	before=$(arrived)
	moments="$moments $ms/$#/$before"
done
note "ended after ms/processes killed/mails by then:$moments"

local_sged
settled()
{
	[ "$(sent | awk -F '|' '$8 == "sent"' | wc -l)" -eq $N ]
}
check "every report is sent in the end" wait_for 60 settled ||
    sent | sed 's/^/# /'
is "$(arrived)" $N "a mail for each"
is "$(find "$L/mails" -name 'tls@*' | sed 's|.*/tls@||; s|\.[^.]*$||' |
    sort | uniq -d)" "" "and for none two"
is "$(find "$L/spool" -name 'mailed.*')" "" "and nothing is left of it"

# filter-sge asks sged about a mail that is on its way when sged is told to end.
# Five seconds are waited for it: of five times one will do.
cat >"$L/sendmail" <<EOF
#!/bin/sh
for to; do :; done
cat >/dev/null
: >"$L/begun"
until [ -f "$L/told" ]; do sleep 0.1; done
sleep 1
perl -MSocket -e '
	socket(my \$s, PF_UNIX, 5, 0) or die "socket: \$!";
	connect(\$s, sockaddr_un(\$ARGV[0])) or die "connect: \$!";
	send(\$s, "{\"announced\":\"\$ARGV[1]\"}", 0) or die "send: \$!";
	recv(\$s, my \$answer, 1000, 0);
	print "\$answer\n"' "$L/sged.sock" "\$to" >>"$L/asked" 2>&1
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOF
: >"$L/asked"
more=0
while [ $more -lt 5 ] && ! grep -q '"announced"' "$L/asked"; do
	session "$DAY" more$more.test
	rm -f "$L/begun" "$L/told"
	wait_for 60 send_more || bail "more$more.test: nothing to send"
	wait_for 60 test -f "$L/begun" || bail "no mail was begun"
	kill "$(cat "$L/sged.pid")"
	: >"$L/told"
	wait_for 60 gone || bail "sged ends"
	rm -f "$L/sged.pid"
	more=$((more + 1))
	local_sged
	wait_for 60 sgectl show status
done
like "$(cat "$L/asked")" '*"announced":"tls@more*' \
    "who asks about a mail is answered while sged waits for its end"
finish
