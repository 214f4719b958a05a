#!/bin/sh
# SPDX-License-Identifier: ISC
#
# filter-dkimsign ends at some From: lines, and smtpd with it; with filter-keep
# it is started again, and mail goes on being signed.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
peer mx.club.co.nz 16 ok
dns "club.co.nz MX 10 mx.club.co.nz."

# sent FROM [OPTION...] < LINES: exit status and what sendmail said.
sent()
{
	{ cat; printf 'Subject: s\n\nHello.\n'; } |
	    in_a sendmail "$@" >"$BED/log/sent" 2>&1
	echo $?
}
signed()
{
	grep -q '^DKIM-Signature: .*s=sge' "$(grep -l "<$1@club.co.nz>" \
	    "$BED"/mail/*)"
}
# The one who is there; smtpd's log has each start.
signer()
{
	pgrep -x filter-dkimsign
}
# another THAN: one has taken its place. A mail is answered before its end is
# in the log and the next is there.
another()
{
	now=$(signer) && [ -n "$now" ] && [ "$now" != "$1" ]
}
ends()
{
	[ "$(bed_log smtpd.A \
	    'filter-dkimsign ended (signal 11) with [01] mails')" = "$1" ]
}

first=$(signer)
ok "$(test -n "$first"; echo $?)" "the signer runs"
is "$(printf 'From: <staff@minties.govt.nz>\n' |
    sent -f staff@minties.govt.nz a@club.co.nz)" 0 "a mail"
check "arrives" wait_for 60 got_mail '<a@club.co.nz>'
signed a
ok $? "signed"

# What ends it: by the envelope's sender, which sendmail writes into From:, by
# the line itself, by its comments.
is "$(sent -f '@a.nz:q@minties.govt.nz' b@club.co.nz </dev/null)" 70 \
    "a sender with a source route"
is "$(printf 'From: X\n\t<@a.nz,@b.nz:staff@minties.govt.nz>\n' |
    sent -f staff@minties.govt.nz c@club.co.nz)" 70 "such a From: line"
is "$(awk 'BEGIN { s = sprintf("%900s", ""); gsub(" ", "(", s);
    printf "From: q@minties.govt.nz"; for (i = 0; i < 300; i++)
	printf "\n %s", s; print "" }' |
    sent -f staff@minties.govt.nz d@club.co.nz)" 70 \
    "comments within comments"
check "smtpd goes on" bed_alive smtpd.A
check "each end is in the log" wait_for 60 ends 3
check "and another signer is there" wait_for 60 another "$first"
is "$(mails '<[bcd]@club.co.nz>')" 0 "none of these has left"

# A killed one, while nothing is in its hands.
last=$(signer)
kill -KILL "$last"
check "an end is seen" wait_log 60 smtpd.A 'filter-dkimsign ended (signal 9)'
check "and made good" wait_for 60 another "$last"
is "$(printf 'From: <staff@minties.govt.nz>\n' |
    sent -f staff@minties.govt.nz e@club.co.nz)" 0 "the next mail"
check "arrives too" wait_for 60 got_mail '<e@club.co.nz>'
signed e
ok $? "and signed"
finish
