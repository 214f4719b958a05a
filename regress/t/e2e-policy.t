#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Policies that change while mail flows: each session counts under the one in
# force then; one whose time is over holds nobody back; "none" lets go at once;
# a verified route that the operator asks for needs no policy.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
smtpd_conf_usual
sed -i 's/^table aliases .*/table aliases { "info" = "alias@late.co.nz" }/' \
    "$A/etc/smtpd.conf"
# Two actions of their own, for what comes from the LAN and from a person.
sed -i -e '/^action "outbound"/a\
action "lan" relay helo "lan.minties.govt.nz" filter "sge"\
action "lib" relay helo "lib.minties.govt.nz" filter "sge"' \
    -e '/^match from socket mail-from/i\
match from src { 203.0.113.128/26 2001:db8:7::8c } for domain <sge-verify> action "verify"\
match from src { 203.0.113.128/26 2001:db8:7::8c } for any action "lan"' \
    -e '/^match from local for any/i\
match from local mail-from "staff@library.*" for any action "lib"' \
    "$A/etc/smtpd.conf"
echo 'listen on lo filter "sge"' >>"$A/etc/smtpd.conf"
: >"$A/etc/mail/own-smtpd.conf"
sed -i 's/^flow from any to any/class picky { "picky.co.nz" }\
	flow from any to picky require verified tls\
	&/' "$A/etc/mail/sge.conf"
mail_host_up
https_up 200

mx()
{
	dns "$1 MX 10 mx.$1."
	peer "mx.$1" "$2" "$3"
}
mx change.co.nz 21 ok
policy change.co.nz 200 enforce 86400 mx.change.co.nz
mx brief.co.nz 22 nostarttls
policy brief.co.nz 200 enforce 25 mx.brief.co.nz
mx off.co.nz 23 ok
policy off.co.nz 200 enforce 86400 mx.off.co.nz
mx late.co.nz 28 nostarttls
policy late.co.nz 200 enforce 86400 mx.late.co.nz
mx picky.co.nz 24 ok
# Two hosts of a domain without a policy; the preferred one is down.
host mx0.picky.co.nz 25
dns "picky.co.nz MX 5 mx0.picky.co.nz."

kind_is()
{
	tail -n 1000 "$A/var/spool/sged/routes" | grep "^$1|" | tail -n 1 |
	    grep -q "^$1|$2|"
}
mail()
{
	submit staff@minties.govt.nz "$1" || note "$1: sendmail failed"
}

for d in change brief off picky; do
	mail "one@$d.co.nz"
done
kills="1 2 3 4"
for i in $kills; do
	mail "before$i@late.co.nz"
	mail "after$i@late.co.nz"
done
printf 'Subject: bounce\n\nof ours\n' |
    in_a sendmail -f '<>' -N never -V id1 "null@late.co.nz"
# A stranger's, by an alias of ours: neither signed by us nor completed.
printf 'From: <q@else.nz>\nSubject: forwarded\n\nTo be left alone.\n' \
    >"$BED/forwarded"
client 101 -t -f q@else.nz -m "$BED/forwarded" $A4 info@minties.govt.nz \
    >"$BED/log/alias" || note "$(cat "$BED/log/alias")"
# One that asked for more than sendmail can.
at_a "$BIN/smtpc" -f staff@minties.govt.nz \
    -o ' NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@club.co.nz' \
    127.0.0.1 dsn@late.co.nz >"$BED/log/dsn" || note "$(cat "$BED/log/dsn")"
client 140 -t -f staff@library.govt.nz "$A4" lan4@late.co.nz \
    >"$BED/log/lan4" || note "$(cat "$BED/log/lan4")"
at_b "$BIN/smtpc" -b "$NET6:8c" -t -f staff@library.govt.nz "$A6" lan6@late.co.nz \
    >"$BED/log/lan6" || note "$(cat "$BED/log/lan6")"
submit staff+news@library.govt.nz lib@late.co.nz || note "lib: sendmail failed"
check "enforce: delivered" wait_for 40 got_mail '<one@change.co.nz>'
check "enforce: delivered there as well" \
    wait_for 40 got_mail '<one@off.co.nz>'
check "enforce, a host without TLS" wait_for 20 kind_is brief.co.nz enforce
check "smtpd will not do without" wait_for 30 \
    record_seen '"rdns":"mx.brief.co.nz".*"starttls":"absent"'

# The other names and hosts go away: what is held is all there is.
dns_gone _mta-sts.brief.co.nz mta-sts.brief.co.nz
policy change.co.nz 200 testing 86400 mx.elsewhere.nz
policy off.co.nz 200 none 86400
peer mxb.off.co.nz 26 nostarttls
dns_gone off.co.nz
dns "off.co.nz MX 10 mxb.off.co.nz."
check "testing: seen" wait_for 60 kind_is change.co.nz none
check "none: seen" wait_for 60 kind_is off.co.nz none
mail two@change.co.nz
mail two@off.co.nz
check "testing: delivered" wait_for 40 got_mail '<two@change.co.nz>'
check "none: delivered without TLS" wait_for 40 got_mail '<two@off.co.nz>'
report()
{
	sgectl report -d "$(date -u +%Y-%m-%d)" change.co.nz
}
two_policies()
{
	[ "$(report | grep -c '"policy-type": *"sts"')" -eq 2 ]
}
check "two policies in one report" wait_for 40 two_policies
like "$(report | tr -d ' \n')" \
    '*"mode:enforce"*"mode:testing"*' "each as it was published"
like "$(report | tr -d ' \n')" '*validation-failure*' \
    "and the testing one's failure"

check "a policy ends" wait_for 60 kind_is brief.co.nz none
mail two@brief.co.nz
check "then TLS is as good as it gets" \
    wait_for 40 got_mail '<two@brief.co.nz>'
is "$(mails '<one@brief.co.nz>')" 0 "what was to be verified is not sent"

moved()
{
	retry_now
	got_mail '<one@picky.co.nz>'
}
check "verified without a policy: by the host that works" wait_for 60 moved
check "and verified" grep -q 'mta.*cert-check result="valid"' \
    "$BED/log/smtpd.A"

# --- release ---------------------------------------------------------------
# What came under "enforce" waits for ever: smtpd chose its action then.
all_wait()
{
	[ "$(queued '@late.co.nz|.*|pending|')" -eq 14 ]
}
check "fourteen wait for a verified host" wait_for 200 all_wait
out=$(sgectl release late.co.nz 2>&1)
is $? 1 "while the policy holds, none is released"
like "$out" "*late.co.nz needs a verified host: *policy says enforce*" \
    "and that is said"
policy late.co.nz 200 none 86400
check "none: seen there too" wait_for 60 kind_is late.co.nz none
mail new@late.co.nz
check "what comes now goes" wait_for 60 got_mail '<new@late.co.nz>'
is "$(queued '@late.co.nz')" 14 "but not what came before"
cat >"$BED/ended.sql" <<-SQL
	UPDATE sts_history SET until = until - 100000
	    WHERE domain = 'late.co.nz' AND mode = 'enforce';
SQL
check "the policy had ended before they were tried" \
    "$BIN/unit-fill" "$A/var/db/sged/sged.db" "$BED/ended.sql"
told()
{
	sgectl digest -d today | grep -q 'sgectl release late.co.nz'
}
check "then the digest names the command" wait_for 60 told
is "$(sgectl digest -d today | grep -c 'sgectl release')" 1 \
    "of no other domain"
before=$BED/before
in_a smtpctl show queue >"$before.queue"
for id in $(grep '@late.co.nz|' "$before.queue" | cut -d '|' -f 1); do
	in_a smtpctl show envelope "$id" >"$before.$id"
done
bed_stop smtpd.A
out=$(sgectl release late.co.nz 2>&1)
is $? 1 "without smtpd nothing is released"
like "$out" "*smtpd does not run*" "and that is said"
smtpd_up
check "it waits as before" wait_for 200 all_wait
# No host takes any for a while: the copies can be looked at.
bed_stop mx.late.co.nz
# Killed before and after each step: the queue, an envelope, the copy's
# discovery, the removal of the first.
mkdir "$A/killer"
cat >"$A/killer/smtpctl" <<'SH'
#!/bin/sh
read -r n </killer/step
echo $((n + 1)) >/killer/step
read -r at </killer/at
[ "$at" = "before $n" ] && kill -KILL $PPID && exit 1
/usr/sbin/${0##*/} "$@"
rc=$?
[ "$at" = "after $n" ] && kill -KILL $PPID
exit $rc
SH
chmod 755 "$A/killer/smtpctl"
released()
{
	echo 1 >"$A/killer/step"
	echo "$*" >"$A/killer/at"
	in_a env PATH=/killer:/bin /usr/local/sbin/sgectl \
	    -f /etc/mail/sge.conf release late.co.nz \
	    >>"$BED/log/release" 2>&1
}
for i in $kills; do
	for at in before after; do
		released $at $i
		is $? 137 "killed $at step $i"
	done
done
released never
is $? 0 "then to the end" || note "$(cat "$BED/log/release")"
like "$(tail -n 1 "$BED/log/release")" '*mails released' "all the others"
is "$(queued '@late.co.nz')" 14 "as many as before wait, none twice"
# The copy of an envelope has its id with the halves exchanged.
same=0
for id in $(grep '@late.co.nz|' "$before.queue" | cut -d '|' -f 1); do
	copy=$(echo "$id" | sed 's/\(........\)\(.*\)/\2\1/')
	tried='^dispatcher:\|^last-try:\|^retry:\|^errorline:\|^last-bounce:'
	in_a smtpctl show envelope "$copy" >"$BED/after" 2>&1
	grep -v "$tried" "$BED/after" >"$BED/after.rest"
	case $(grep '^dest: ' "$before.$id") in
	*lan[46]@*) action=lan ;;
	*lib@*) action=lib ;;
	*) action=outbound ;;
	esac
	grep -v "$tried" "$before.$id" | cmp -s - "$BED/after.rest" &&
	    grep -q "^dispatcher: $action\$" "$BED/after" &&
	    same=$((same + 1)) || note "$(diff "$before.$id" "$BED/after")"
done
is $same 14 "each as it was, with the action smtpd has for its like today"
is "$(cat "$before".* | grep -c '^dsn-orcpt: rfc822;first@club.co.nz')" 1 \
    "what RCPT asked for was among it"
peer_start mx.late.co.nz 28 nostarttls
gone()
{
	retry_now >"$BED/log/retry"
	[ "$(queued '@late.co.nz')" -eq 0 ]
}
check "all leave the queue" wait_for 200 gone
for i in $kills; do
	got_mail "<before$i@late.co.nz>" && got_mail "<after$i@late.co.nz>"
	ok $? "before$i and after$i have arrived"
done
is "$(mails '^X-Peer-From: <>')" 1 "the null sender's as it was"
is "$(mails '@late.co.nz>')" 15 "each once"
sed -n '/^From:/,$p' "$(grep -l '<alias@late.co.nz>' "$BED"/mail/*)" |
    tr -d '\r' | cmp -s - "$BED/forwarded"
ok $? "the stranger's as it came"
is "$(grep -c '^DKIM-Signature' \
    "$(grep -l '<alias@late.co.nz>' "$BED"/mail/*)")" 0 "and not signed"
is "$(sgectl release late.co.nz)" "0 mails released" "nothing is left"

# And back: what was queued before the policy is held to it as well.
check "its host's sessions end" peer_end mx.late.co.nz
mail back@late.co.nz
for i in 1 2 3; do
	mail "twice$i@late.co.nz"
done
action_is()
{
	id=$(in_a smtpctl show queue | grep 'back@late.co.nz|' | cut -d '|' -f 1)
	in_a smtpctl show envelope "$id" | grep -q "^dispatcher: $1\$"
}
check "a mail waits while there is no policy" wait_for 60 action_is outbound
policy late.co.nz 200 enforce 86400 mx.late.co.nz
check "enforce: seen there too" wait_for 60 kind_is late.co.nz enforce
# As another release does while it runs.
exec 8<"$A/var/spool/smtpd"
flock -n 8 || bail "the queue is locked"
out=$(sgectl release late.co.nz 2>&1 8<&-)
is $? 1 "one release at a time"
like "$out" '*another "sgectl release" runs*' "and it says so"
check "it did nothing" action_is outbound
exec 8<&-
# Two at once; one that smtpd tries at that moment is left for once more.
released()
{
	sgectl release late.co.nz >"$BED/log/release.3" 2>&1
}
sgectl release late.co.nz >"$BED/log/release.1" 2>&1 &
first=$!
sgectl release late.co.nz >"$BED/log/release.2" 2>&1
second=$?
wait $first || [ $second -eq 0 ] || wait_for 60 released
ok $? "now it is released" || note "$(cat "$BED"/log/release.*)"
is "$(queued '@late.co.nz|')" 4 "by two at once: nothing is lost or doubled" ||
    note "$(cat "$BED"/log/release.*; in_a smtpctl show queue)"
check "to the host of the policy" action_is verify
peer_start mx.late.co.nz 28 ok
arrived()
{
	retry_now >"$BED/log/retry"
	got_mail '<back@late.co.nz>'
}
check "where it arrives" wait_for 200 arrived
check "with all others" wait_for 200 gone
is "$(mails '^X-Peer-To: <twice[123]@late.co.nz>')" 3 "once each"
is "$(grep -c '^X-Peer-Tls: TLSv1.[23]' \
    "$(grep -l '<back@late.co.nz>' "$BED"/mail/* | head -n 1)")" 1 "with TLS"
finish
