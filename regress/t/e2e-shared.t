#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Ten domains with an enforce policy whose MX hosts share one address, five of
# them with a certificate that does not hold their name.  A session that fails
# names nobody; smtpd's log, which does, is the truth: of each session.  What is
# told is true, what can't be told is counted as not known, and that is little:
# failing hosts of one address take turns.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
https_up 200

good="0 1 2 3 4" bad="5 6 7 8 9"
names=
for i in $good; do
	names="$names mx.d$i.co.nz"
done
# shellcheck disable=SC2086
cert -o shared.co.nz shared.co.nz $names
peer shared.co.nz 60 ok
for i in $good $bad; do
	dns "mx.d$i.co.nz A $NET4.60" "d$i.co.nz MX 10 mx.d$i.co.nz."
	policy "d$i.co.nz" 200 enforce 86400 "mx.d$i.co.nz"
done

# And five that share the host itself, as customers of one provider do.
cert -e mx.host.co.nz
peer mx.host.co.nz 61 ok
for i in 0 1 2 3 4; do
	dns "h$i.co.nz MX 10 mx.host.co.nz."
	policy "h$i.co.nz" 200 enforce 86400 mx.host.co.nz
	submit staff@minties.govt.nz "u@h$i.co.nz" || note "h$i: sendmail failed"
done

db()
{
	python3 -c 'import sqlite3, sys
for row in sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]):
    print("|".join(str(x) for x in row))' "$A/var/db/sged/sged.db" "$1"
}
all_failed()
{
	grep -c "mta error reason=.*not present in server certificate" \
	    "$BED/log/smtpd.A"
}
has_failed()
{
	[ "$(all_failed)" -ge "$1" ]
}

# One mail to all of them, which nobody knew before: smtpd tries all at once,
# and gives the address to one of them every five seconds.
turns()
{
	cat "$A/var/spool/sged/turns" 2>/dev/null | wc -l
}
all_known()
{
	[ "$(turns)" -eq 5 ]
}
in_a smtpctl pause mta >/dev/null
# shellcheck disable=SC2046
submit staff@minties.govt.nz $(for i in $good $bad; do echo "u@d$i.co.nz"; done)
check "five of ten are seen to fail, at one address" wait_for 120 all_known
in_a smtpctl resume mta >/dev/null
# Then new mail in changing order, one or many at a time, and what waits.  Each
# line: a domain, another one or -, whether to retry, and how long to wait.
awk -v seed="${SEED:-7}" -v rounds="${ROUNDS:-12}" 'BEGIN {
    srand(seed)
    for (i = 0; i < rounds; i++)
	print int(rand() * 10), rand() < .25 ? int(rand() * 10) : "-",
	    rand() < .33 ? "retry" : "-", rand() * 2 }' >"$BED/load"
while read -r one other retry pause; do
	submit staff@minties.govt.nz "u@d$one.co.nz" ||
	    note "d$one: sendmail failed"
	[ "$other" = - ] || submit staff@minties.govt.nz "v@d$other.co.nz"
	[ "$retry" = - ] || retry_now >/dev/null
	sleep "$pause"
done <"$BED/load"
# smtpd leaves an address alone for ever longer after each failure.
fail_again()
{
	has_failed "${FAILURES:-4}" && return 0
	for route in $(in_a smtpctl show routes |
	    sed -n "s/^\([0-9]*\)\. .* $NET4.60 .*/\1/p"); do
		in_a smtpctl resume route "$route"
	done
	retry_now
	sleep 1
	return 1
}
check "some of them fail" wait_for 180 fail_again
seen()
{
	[ "$(db 'SELECT sum(lines) FROM segment')" = "$(records)" ]
}
bed_stop smtpd.A
check "each failed session is on record and counted" wait_for 60 seen

# "session|domain" a line.
sed -n 's/.*\([0-9a-f]\{16\}\) mta error reason=.*name .mx.\(d[0-9].co.nz\). not present.*/\1|\2/p' \
    "$BED/log/smtpd.A" | sort >"$BED/truth"
db "SELECT session, domain FROM trace WHERE domain LIKE 'd_.co.nz'" |
    sort >"$BED/told"
truth=$(wc -l <"$BED/truth")
told=$(wc -l <"$BED/told")
unknown()
{
	db "SELECT coalesce(sum(sessions), 0) FROM unknown WHERE addr = '$NET4.$1'"
}
note "$told of $truth told, unknown: $(unknown 60)"
is "$(comm -13 "$BED/truth" "$BED/told")" "" "no session is told another's"
is "$(unknown 60)" $((truth - told)) "the rest is counted as not known"
check "at least 95 of 100 are told" test $((told * 100)) -ge $((truth * 95))
for i in $good $bad; do
	is "$(db "SELECT coalesce(sum(fail), 0) FROM tally WHERE domain = 'd$i.co.nz'")" \
	    "$(grep -c "|d$i.co.nz" "$BED/told")" "d$i.co.nz: its count"
done

sessions=$(records "\"dir\":\"out\".*\"remote\":\"$NET4.61\".*\"failure\":\"validation-failure\"")
check "one host: it was tried: $sessions" test "$sessions" -gt 0
is "$(unknown 61)" 0 "and each session is told"
told=0
for i in 0 1 2 3 4; do
	got=$(db "SELECT coalesce(sum(fail), 0) FROM tally WHERE domain = 'h$i.co.nz'")
	check "h$i.co.nz: $got, no more than there were" \
	    test "$got" -le "$sessions"
	told=$((told + got))
done
check "to at least one domain each: $told" test "$told" -ge "$sessions"
finish
