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
source_route()
{
	sent -f '@a.nz:q@minties.govt.nz' b@club.co.nz </dev/null
}
route_in_from()
{
	printf 'From: X\n\t<@a.nz,@b.nz:staff@minties.govt.nz>\n' |
	    sent -f staff@minties.govt.nz c@club.co.nz
}
comments()
{
	awk 'BEGIN { s = sprintf("%900s", ""); gsub(" ", "(", s);
	    printf "From: q@minties.govt.nz"; for (i = 0; i < 300; i++)
		printf "\n %s", s; print "" }' |
	    sent -f staff@minties.govt.nz d@club.co.nz
}
# deadly N MAIL: is refused, and is the Nth end.  One that ended before it said
# what it wants is not there again for a second: then this is refused without it.
deadly()
{
	for try in 1 2 3 4 5; do
		[ "$($2)" = 70 ] || return 1
		! wait_for 5 ends "$1" || return 0
	done
	return 1
}
check "a sender with a source route" deadly 1 source_route
check "such a From: line" deadly 2 route_in_from
check "comments within comments" deadly 3 comments
check "smtpd goes on" bed_alive smtpd.A
check "each end is in the log" ends 3
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
