#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Ten domains with an enforce policy whose MX hosts share one address, five of
# them with a certificate that does not hold their name.  A session that fails
# names nobody; smtpd's log, which does, is the truth: what is told is true, and
# what can't be told is counted as not known.  Of mail that is tried alone all
# is told.  Of several such hosts that are tried at once nothing is: smtpd gives
# an address to one of those that wait for it, in an order that shows nowhere.
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
failed_of()
{
	grep -c "mta error reason=.*name .mx.d$1.co.nz. not present" \
	    "$BED/log/smtpd.A"
}
told_of()
{
	db "SELECT coalesce(sum(fail), 0) FROM tally WHERE domain = 'd$1.co.nz'"
}
told()
{
	[ "$(told_of "$1")" = "$2" ]
}
all_failed()
{
	grep -c "mta error reason=.*not present in server certificate" \
	    "$BED/log/smtpd.A"
}

# One after the other, each when smtpd looks at the address again.
is_failed()
{
	[ "$(failed_of "$1")" -gt 0 ]
}
is_enabled()
{
	[ "$(bed_log smtpd.A "Enabling route.*$NET4.60")" -ge "$1" ]
}
n=0
for i in 5 8; do
	n=$((n + 1))
	submit staff@minties.govt.nz "u@d$i.co.nz" || note "d$i: sendmail failed"
	wait_for 60 is_failed $i
	check "d$i.co.nz, tried alone: told" wait_for 90 told $i "$(failed_of $i)"
	wait_for 90 is_enabled $n
done

# Mixed: new mail in changing order, one or many at a time, and what waits.
# Each line: a domain, another one or -, whether to retry, and how long to wait.
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
seen()
{
	[ "$(db 'SELECT sum(lines) FROM segment')" = "$(records)" ]
}
bed_stop smtpd.A
check "each failed session is on record and counted" wait_for 60 seen
truth=$(all_failed) sum=0
check "some of them failed: $truth" test "$truth" -ge 2
for i in $good; do
	is "$(db "SELECT coalesce(sum(fail), 0) FROM tally WHERE domain = 'd$i.co.nz'")" \
	    0 "d$i.co.nz: none of its sessions failed"
done
for i in $bad; do
	got=$(db "SELECT coalesce(sum(fail), 0) FROM tally WHERE domain = 'd$i.co.nz'")
	note "d$i.co.nz: $got told, $(failed_of $i) in truth"
	check "d$i.co.nz: no failure that was not its own" \
	    test "$got" -le "$(failed_of $i)"
	sum=$((sum + got))
done
unknown()
{
	db "SELECT coalesce(sum(sessions), 0) FROM unknown WHERE addr = '$NET4.$1'"
}
note "$sum of $truth attributed, unknown: $(unknown 60)"
is "$(unknown 60)" $((truth - sum)) "the rest is counted as not known"

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
