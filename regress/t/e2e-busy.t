#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Hosts that are busy, block us or go away before TLS was asked for: that is
# no failure of TLS, whether TLS is a choice (NAME.co.nz) or forced
# (sNAME.co.nz).  Beside them hosts that do fail in TLS, which count.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
https_up 200

n=60
odd()
{
	for odd_domain in "$1.co.nz" "s$1.co.nz"; do
		n=$((n + 1))
		dns "$odd_domain MX 10 mx.$odd_domain."
		[ "$odd_domain" = "$1.co.nz" ] ||
		    policy "$odd_domain" 200 enforce 86400 "mx.$odd_domain"
		peer "mx.$odd_domain" $n "$1"
		eval "addr_$1=\"\${addr_$1:-} $NET4.$n\""
	done
}
busy="banner421 ehlo421 ehlo554 ehlo450 ehlodrop starttls421"
for m in $busy starttlsdrop nostarttls mail450; do
	odd $m
done
for m in $busy starttlsdrop nostarttls mail450; do
	submit staff@minties.govt.nz "u@$m.co.nz"
	submit staff@minties.govt.nz "u@s$m.co.nz"
done

today=$(date -u +%Y-%m-%d)
db()
{
	sqlite3 "file:$A/var/db/sged/sged.db?mode=ro" "$1" 2>/dev/null ||
	    python3 -c 'import sqlite3, sys
for row in sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]):
    print("|".join(str(x) for x in row))' "$A/var/db/sged/sged.db" "$1"
}
# Every session was on record and is judged.
judged()
{
	[ "$(db 'SELECT count(*) FROM detail WHERE pending = 1')" = 0 ] &&
	    [ "$(db 'SELECT sum(lines) FROM segment')" = "$(records)" ]
}
for m in $busy starttlsdrop nostarttls mail450; do
	eval "addrs=\$addr_$m"
	for a in $addrs; do
		check "$m: tried at $a" wait_for 60 record_seen \
		    "\"dir\":\"out\".*\"remote\":\"$a\""
	done
done
check "what has to be asked for is known" wait_for 60 judged
tally()
{
	db "SELECT ok, fail FROM tally WHERE domain = '$1'"
}
for m in $busy; do
	is "$(tally $m.co.nz)" "" "$m: nothing"
	is "$(tally s$m.co.nz)" "" "$m, TLS forced: nothing"
done
is "$(db 'SELECT * FROM unknown')" "" "nothing is anybody's or nobody's"
is "$(tally starttlsdrop.co.nz)" "" "gone when asked for TLS: nothing was sent"
is "$(tally sstarttlsdrop.co.nz)" "0|1" "but where TLS is forced, it failed"
is "$(tally nostarttls.co.nz)" "0|1" "no STARTTLS: failed"
is "$(tally snostarttls.co.nz)" "0|1" "so where TLS is forced"
is "$(db "SELECT type, pending FROM detail WHERE domain = 'snostarttls.co.nz'")" \
    "starttls-not-supported|0" "the host itself said so"
is "$(tally mail450.co.nz)" "1|0" "MAIL FROM refused, with TLS: good"
is "$(tally smail450.co.nz)" "1|0" "so where TLS is forced"
check "no report of the busy ones" test \
    "$(sgectl report -d "$today" sehlo421.co.nz 2>/dev/null | wc -l)" -eq 0
finish
