#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A sendmail that hangs, and that nobody ends since who waited for it was
# killed, keeps its own report for a minute, and no other mail.

. "$(dirname "$0")/../bed/local.sh"
[ "$(uname)" = Linux ] || local_skip "the clock is moved as glibc has it"
local_up
. "$TOP/regress/bed/clock.sh"
clock_make "$L/bin/clock.so" "$L/clock"

DAY=$(utc_day 1)
cat >"$L/sendmail" <<EOF
#!/bin/sh
for to; do :; done
case \$to in
tls@hangs*)
	[ -f "$L/good" ] || {
		echo \$\$ >>"$L/hanging"
		echo \$PPID >"$L/waits"
		exec sleep 300
	}
	;;
esac
cat >"$L/mails/\$to.\$\$"
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOF
chmod 755 "$L/sendmail"
local_conf "report spread 0s" "report retry 24m"
for d in hangs.test hangs2.test good1.test good2.test; do
	echo "_smtp._tls.$d TXT v=TLSRPTv1; rua=mailto:tls@$d"
done | local_dns

# said WORDS
said()
{
	grep -q "$1" "$L/log/sged"
}

hangs()
{
	[ -s "$L/waits" ]
}

send()
{
	sgectl send -d "$DAY" "$1"
}

session "$DAY" hangs.test
SGED_ENV=$CLOCK_ENV
local_sged
check "a sendmail hangs" wait_for 30 hangs
kill -9 "$(cat "$L/waits")"
clock_pass 30
session "$DAY" good1.test
wait_for 30 send good1.test
check "another report goes meanwhile" wait_for 30 \
    said 'to=mailto:tls@good1.test tries=1 state=sent'
ok $(($(grep -c 'tls@hangs.test' "$L/log/sged") != 0)) \
    "for a minute the one that hangs is waited for"
: >"$L/good"
clock_pass 61
check "after that it is one that failed" wait_for 30 \
    said 'to=mailto:tls@hangs.test tries=1 state=due'
clock_pass 10
check "and goes again" wait_for 30 \
    said 'to=mailto:tls@hangs.test tries=2 state=sent'

# All of it is killed.
rm "$L/good" "$L/waits"
session "$DAY" hangs2.test
wait_for 30 send hangs2.test
check "another one hangs" wait_for 30 hangs
# shellcheck disable=SC2046
kill -9 "$(cat "$L/waits")" "$(cat "$L/sged.pid")" $(local_children sged)
rm "$L/sged.pid"
: >"$L/good"
local_sged
session "$DAY" good2.test
wait_for 30 send good2.test
clock_pass 70
check "sged, started again, does not wait for it for longer" wait_for 30 \
    said 'to=mailto:tls@good2.test tries=1 state=sent'
clock_pass 10
check "and its report goes again" wait_for 30 \
    said 'to=mailto:tls@hangs2.test tries=2 state=sent'
# shellcheck disable=SC2046
kill $(cat "$L/hanging") 2>/dev/null
finish
