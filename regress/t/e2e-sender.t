#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The report's sender is no way around: its mail needs no TLS, so filter-sge
# lets it write to nobody but those whom sged sends a report.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
sed -i 's/^report spread.*/&\
report copy "copies@club.co.nz"/' "$A/etc/mail/sge.conf"
mail_host_up
rua_up report.example
peer mx.dia.govt.nz 11 ok
peer mxalt.dia.govt.nz 12 nostarttls
peer mx.plain.govt.nz 15 nostarttls
peer mx.club.co.nz 16 nostarttls
dns "dia.govt.nz MX 10 mxalt.dia.govt.nz." \
    "plain.govt.nz MX 10 mx.plain.govt.nz." \
    "club.co.nz MX 10 mx.club.co.nz." \
    "_smtp._tls.club.co.nz TXT v=TLSRPTv1; rua=mailto:reports@report.example"
sender=tlsrpt-noreply@minties.govt.nz

# sub SENDER RCPT...: as an ordinary user of the host.
sub()
{
	sub_from=$1
	shift
	printf 'From: <%s>\nTo: <%s>\nSubject: s\n\nsecret\n' "$sub_from" \
	    "$1" | in_a setpriv --reuid 873 --regid 873 --clear-groups \
	    sendmail -f "$sub_from" "$@" >"$BED/log/sub" 2>&1
}
sub $sender a@dia.govt.nz
ok $(($? == 0)) "to a member, in the reports' name: not taken"
like "$(cat "$BED/log/sub")" '*550 5.7.1*use an address of your own*' \
    "and told why"
sub $sender b@plain.govt.nz
ok $(($? == 0)) "to a government domain without TLS: not taken"
sub $sender reports@report.example
ok $(($? == 0)) "to one that reports go to at other times: not taken"
sub TLSRPT-NoReply@Minties.govt.nz b@plain.govt.nz
ok $(($? == 0)) "in capitals: not taken"
sub $sender staff@minties.govt.nz
ok $(($? == 0)) "to our own staff: not taken"
sub staff@minties.govt.nz c@dia.govt.nz
is $? 0 "as staff: taken"
check "and goes by the connector" wait_for 30 got_mail \
    '^X-Peer-To: <c@dia.govt.nz>'
check "on record for what it was" wait_for 20 record_seen \
    '"to":"dia.govt.nz","flow":"restricted>restricted","verdict":"reject","why":"not-announced"'

# As wide as smtpd's own reading of that sender: with a match that takes it
# from the network too, and what aliases make of anybody's mail.
bed_stop smtpd.A
cp "$A/etc/smtpd.conf" "$BED/narrow.conf"
sed -i 's/^table aliases .*/table aliases { "member" = "e@dia.govt.nz" }/' \
    "$BED/narrow.conf"
sed 's/^match from socket mail-from/match from local mail-from/' \
    "$BED/narrow.conf" >"$A/etc/smtpd.conf"
echo 'listen on lo filter "sge"' >>"$A/etc/smtpd.conf"
smtpd_up
like "$(sgectl check config)" "*write match from socket mail-from*" \
    "check config: the action for reports is wider than them"
mailed=0
# name WHERE CODE SMTPC'S OPTIONS...: each form of the sender, and what it gets.
name()
{
	where=$1 code=$2
	shift 2
	for from in $forms; do
		mailed=$((mailed + 1))
		out=$("$@" -f "$from" "$to" "$rcpt" 2>&1)
		like "$out" "*S: 550 $code*" "$where, <$from>: refused"
	done
}
forms="$sender TLSRPT-NoReply@Minties.govt.nz tlsrpt-noreply@
    tlsrpt-noreply+x@minties.govt.nz tlsrpt-noreply+@minties.govt.nz
    @a.nz,@b.nz:$sender x:$sender tlsrpt-noreply"
to=127.0.0.1 rcpt=d@plain.govt.nz
name "loopback" 5.7.1 at_a "$BIN/smtpc"
to=$A4 rcpt=member@minties.govt.nz
name "outside, to an alias" 5.7.1 at_b "$BIN/smtpc" -t -b "$NET4.101"
forms="$sender @a.nz:$sender" rcpt=d@plain.govt.nz
# As a report comes whose recipient has this host for its MX.
name "an address of this host" 5.4.6 at_a "$BIN/smtpc" -t -b "$A4"
is $mailed 18 "so many were tried"
out=$(at_a "$BIN/smtpc" -f staff@minties.govt.nz 127.0.0.1 d@dia.govt.nz)
is $? 0 "another sender, over loopback: taken"
out=$(at_a "$BIN/smtpc" -b "$A4" -f staff@minties.govt.nz "$A4" d@dia.govt.nz)
is $? 0 "from an address of this host as well: smtpd has it local" ||
    note "$out"
check "and both go by the connector" wait_for 30 eval \
    '[ "$(mails "^X-Peer-To: <d@dia.govt.nz>")" -eq 2 ]'

# The match that is shipped takes nothing but the socket's: even where nothing
# is refused, what an alias makes of a stranger's mail goes as it must.
bed_stop smtpd.A
cp "$A/etc/mail/sge.conf" "$BED/enforce"
sed 's/^mode enforce/mode testing/' "$BED/enforce" >"$A/etc/mail/sge.conf"
cp "$BED/narrow.conf" "$A/etc/smtpd.conf"
smtpd_up
out=$(at_b "$BIN/smtpc" -t -b "$NET4.101" -f $sender "$A4" \
    member@minties.govt.nz 2>&1)
is $? 0 "mode testing: a stranger's mail to an alias is taken" || note "$out"
check "and goes to the member by its connector" wait_for 60 got_mail \
    '^X-Peer-To: <e@dia.govt.nz>'
is "$(records '"dir":"in".*"report":true')" 0 \
    "no mail of others came in on record as a report"
cat "$BED/enforce" >"$A/etc/mail/sge.conf"

# sged's own reports, through restarts of either.
report()
{
	submit staff@library.govt.nz "$1@club.co.nz"
	wait_for 40 record_seen '"dir":"out".*"to":"club.co.nz"' ||
	    note "no mail to club.co.nz"
}
report one
past_midnight
check "a report reaches the other" wait_for 60 reports_are 1 ||
    sgectl show sent
check "and its copy our own" wait_for 60 got_mail \
    '^X-Peer-To: <copies@club.co.nz>'
sgectl send -t staff@minties.govt.nz \
    "$(sgectl -p show sent -d "$yesterday" | head -n 1 | cut -d '|' -f 2)" \
    >"$BED/log/copy" 2>&1
is $? 0 "sgectl sends a copy" || note "$(cat "$BED/log/copy")"
check "which arrives" wait_for 30 sh -c \
    "grep -rq 'Report-ID' '$A/home/staff' '$A/var/mail' 2>/dev/null"

bed_stop sged
sub $sender a@dia.govt.nz
ok $(($? == 0)) "sged away: not taken"
like "$(cat "$BED/log/sub")" '*451 4.7.1*' "but for now"
sged_up
refused()
{
	sub $sender a@dia.govt.nz
	grep -q '550 5.7.1' "$BED/log/sub"
}
check "sged is back: refused" wait_for 30 refused
is "$(mails '^X-Peer-Host: mxalt')" 0 "nothing went by MX to a member"
is "$(mails '^X-Peer-Host: mx.plain')" 0 "nor in clear to government"
is "$(bed_log smtpd.A 'Exiting')" 0 "smtpd goes on"
finish
