#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Recipients whose domain nobody looked up yet wait for sged, the others do
# not; sged may be slow, or away.
. "$(dirname "$0")/../bed/filter.sh"

sged_pid=
sged_start()
{
	"$BIN/fakesged" "$@" "$T/sged.sock" >"$T/asked" &
	sged_pid=$!
	wait_for 10 test -S "$T/sged.sock" || bail "fakesged does not start"
}

sged_stop()
{
	kill "$sged_pid" 2>/dev/null
	wait "$sged_pid" 2>/dev/null
	rm -f "$T/sged.sock"
}
trap 'sged_stop; filter_kill; rm -rf "$T"' EXIT

# session ID SENDER RECIPIENT [TLS]: up to its first recipient.
session()
{
	filter_say "$(connect "$1" 198.51.100.5
	    [ -z "${4:-}" ] || tls "$1"
	    mail "$1" "$2"
	    rcpt "$1" "$3")"
}

answers()
{
	grep -c "^filter-result|$1" "$T/all"
}

asked()
{
	test "$(grep -cx "$1" "$T/asked")" -eq "$2"
}

# --- sged answers when the gate is opened -------------------------------

filter_conf 'learn timeout 60s'
echo 'known.nz|none|4000000000|' >"$T/spool/routes"
sged_start -d
filter_start
session 00000000000000a1 a@kiwi.org b@unknown.nz
session 00000000000000a2 a@kiwi.org c@unknown.nz
session 00000000000000a3 a@kiwi.org d@other.nz
session 00000000000000a4 a@ird.govt.nz e@unknown.govt.nz TLS
session 00000000000000b1 a@kiwi.org b@known.nz
session 00000000000000b2 a@kiwi.org b@mbie.govt.nz
session 00000000000000b3 a@ird.govt.nz b@unknown.govt.nz
session 00000000000000b4 a@ird.govt.nz b@dia.govt.nz TLS
check "a known domain: at once" \
    wait_for 10 answered 00000000000000b1 proceed
check "a domain of ours: at once" \
    wait_for 10 answered 00000000000000b2 proceed
check "what is refused anyway: at once" \
    wait_for 10 answered 00000000000000b3 "reject|530"
check "a domain with a connector: at once" \
    wait_for 10 answered 00000000000000b4 proceed
check "sged was asked" wait_for 10 asked other.nz 1
check "once for two recipients" asked unknown.nz 1
is "$(answers 00000000000000a)" 0 "the others wait"
# One goes away, another's client too.
filter_say "$(bye 00000000000000a3)"
check "who went away has his answer, and a record" \
    wait_for 10 answered 00000000000000a3 proceed
like "$(filter_records)" '*00000000000000a3*"to":"other.nz"*"rcpts":1*' \
    "with his recipient"
session 00000000000000ff a@kiwi.org g@gate.nz
check "learned: proceeds" wait_for 10 answered 00000000000000a1 proceed
check "learned: the second one too" answered 00000000000000a2 proceed
check "learned: and where TLS is required" \
    wait_for 10 answered 00000000000000a4 proceed
# sged goes away and comes back while somebody waits.
session 00000000000000a5 a@kiwi.org b@third.nz
check "asked" wait_for 10 asked third.nz 1
sged_stop
sged_start
check "asked again when sged is back" \
    wait_for 10 answered 00000000000000a5 proceed
sged_stop
filter_end
is $? 0 "ends well"
is "$(grep -c '^filter-result' "$T/all")" 10 "each was answered once"
is "$(filter_records | grep -c '"rcpts":1}')" 10 "and is on record"

# --- the time is over ----------------------------------------------------

filter_conf 'learn timeout 1s'
sged_start -n
filter_start
session 00000000000000c1 a@kiwi.org b@unknown.nz
session 00000000000000c2 a@ird.govt.nz b@unknown.govt.nz TLS
check "time over, prefer tls: proceeds" \
    wait_for 10 answered 00000000000000c1 proceed
check "time over, TLS required: try again" \
    wait_for 10 answered 00000000000000c2 "reject|451 4.7.5 government>gov"
sged_stop
session 00000000000000c3 a@kiwi.org b@unknown.nz
session 00000000000000c4 a@ird.govt.nz b@unknown.govt.nz TLS
check "sged away, prefer tls: proceeds" \
    wait_for 10 answered 00000000000000c3 proceed
check "sged away, TLS required: try again" \
    wait_for 10 answered 00000000000000c4 "reject|451 4.7.5"
filter_say "$(bye 00000000000000c4)"
filter_end
is "$(grep -c '^filter-result' "$T/all")" 4 "each was answered once"
like "$(cat "$T/err")" '*00000000000000c2 refused *reply="451 4.7.5 *' \
    "the refusal is logged"
is "$(grep -c 'sged does not answer' "$T/err")" 1 \
    "that sged is away is said once"

# --- smtpd ends, mode testing -------------------------------------------

filter_conf 'learn timeout 1s' 'mode testing'
filter_start
session 00000000000000d1 a@ird.govt.nz b@unknown.govt.nz TLS
check "mode testing: proceeds" wait_for 10 answered 00000000000000d1 proceed
session 00000000000000d2 a@kiwi.org b@unknown.nz
filter_end
is $? 0 "ends well while somebody waits"
check "who has his answer" answered 00000000000000d2 proceed
finish
