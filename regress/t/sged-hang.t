#!/bin/sh
# SPDX-License-Identifier: ISC
#
# One of sged's processes hangs: it is noticed, named, ended, and all are
# started again; a short while does no harm.  On a clock that is moved on.  So
# it is where one is killed before it was ever ready; one that ends by itself
# then is the operator's to look at.
. "$(dirname "$0")/../bed/local.sh"
[ "$(uname)" = Linux ] || local_skip "the clock is moved as glibc has it"
local_up
. "$TOP/regress/bed/clock.sh"
clock_make "$L/bin/clock.so" "$L/clock"
SGED_ENV="$CLOCK_ENV"
local_sendmail
local_conf
local_dns </dev/null

log=$L/log/sged

# In the order of their start.
children()
{
	local_children sged | tr ' ' '\n' | grep . | sort -n
}

all_there()
{
	[ "$(children | wc -l)" -eq 4 ] &&
	    ! children | grep -qx "${1:-none}"
}

answers()
{
	sgectl -p show status | grep -q '^status|1|'
}

# said TEXT: a turn goes by, unless it is in the log.  What the last one brought
# is, once the engine answers or has ended: what goes by after that would be time
# that the parent waits.
said()
{
	grep -q "$1" "$log" && return
	[ "$name" = engine ] || answers
	grep -q "$1" "$log" && return
	clock_pass 31
	return 1
}

# A turn of the engine's goes by, until it has the database.
released()
{
	answers && return
	clock_pass 11
	return 1
}

# Only the pause before the next start goes by at once: to end takes a loaded
# host some of its own time.
again()
{
	grep -q 'started again$' "$log" && return
	! grep -q 'are started again in' "$log" || clock_pass 4
	return 1
}

# Another program has the database from the beginning.
[ -z "$AS" ] || chown -R 65534:65534 "$L"
mkfifo "$L/hold"
{
	echo 'BEGIN EXCLUSIVE; CREATE TABLE held (x);'
	echo ".shell touch $L/held"
	cat "$L/hold"
	echo 'ROLLBACK;'
} | $AS sqlite3 "$L/db/sged.db" &
holder=$!
echo $holder >"$L/holder.pid"
wait_for 20 test -e "$L/held" || bail "the database is held"
local_sged
wait_for 60 grep -q 'parent: started$' "$log" || bail "sged starts"
wait_for 60 grep -q 'engine: .*: tried again in 10 s' "$log" ||
    bail "sged waits for its database"
i=0
while [ $i -lt 15 ]; do
	clock_pass 31
	sleep 0.2
	i=$((i + 1))
done
is "$(grep -c 'answer\|ended' "$log")" 0 \
    "who waits for the database before it is ready is waited for"
for name in engine resolve; do
	: >"$log"
	case $name in
	engine) victim=$(children | sed -n 4p) ;;
	resolve) victim=$(children | sed -n 1p) ;;
	esac
	kill -9 "$victim"
	wait_for 60 again
	ok $? "$name is killed before it was ever ready: all are started again" ||
	    sed 's/^/# /' "$log"
	check "it is said who it was" grep -q \
	    "$name was ended by signal 9" "$log"
	check "all are there" wait_for 60 all_there "$victim"
done
# There may be no more processes for a while.
forkless()
{
	[ "$(grep -c 'parent: fork:' "$log")" -ge 3 ] && return
	clock_pass 4
	return 1
}

# The last that was started is killed while there may be no others.
kill_forkless()
{
	: >"$log"
	victim=$(children | tail -n 1)
	# shellcheck disable=SC2086
	$AS prlimit --pid "$(cat "$L/sged.pid")" --nproc=1:
	kill -9 "$victim"
	wait_for 60 forkless
	ok $? "where it can't start them $1 it tries again" ||
	    sed 's/^/# /' "$log"
	# shellcheck disable=SC2086
	$AS prlimit --pid "$(cat "$L/sged.pid")" --nproc=4096:
	wait_for 60 again
	ok $? "until it can"
}

[ -z "$AS" ] || ! command -v prlimit >/dev/null ||
    kill_forkless "before they ever ran"
echo >"$L/hold"
wait $holder
rm -f "$L/holder.pid"
wait_for 60 released
ok $? "once they have the database they go on" || sed 's/^/# /' "$log"
is "$(sgectl -p show status | sed -n 's/^status|\([01]\)|.*/\1/p')" 1 \
    "and answer"
n=0
for name in resolve net mailer engine; do
	n=$((n + 1))
	: >"$log"
	victim=$(children | sed -n "${n}p")
	kill -STOP "$victim"
	# For as long as a loaded host may keep one waiting.
	for _ in 1 2 3 4 5 6; do
		clock_pass 31
		sleep 0.2
	done
	is "$(grep -c 'answer\|ended' "$log")" 0 \
	    "$name hangs for some minutes: it is waited for"
	if [ $name != engine ]; then
		check "the others go on" answers
	fi
	kill -CONT "$victim"
	check "and are all there" wait_for 60 answers
	kill -STOP "$victim"
	# Not by check, in whose subshell the clock would be its own.
	wait_for 60 said "$name does not answer"
	ok $? "$name hangs for more: it is said"
	wait_for 60 again
	ok $? "all are started again" || sed 's/^/# /' "$log"
	is "$(grep -c "waiting for $name\|$name did not end" "$log")" 0 \
	    "nobody waited for what was known to hang" || sed 's/^/# /' "$log"
	check "it has ended" wait_for 60 all_there "$victim"
	is "$(grep -c 'does not answer' "$log")" 1 "the log has it once"
	check "and the new ones work" wait_for 60 answers
done

# Two at once.
name=both
: >"$log"
# shellcheck disable=SC2046
kill -STOP $(children | head -n 2)
wait_for 60 said "net does not answer"
wait_for 60 again
is "$(grep -c 'does not answer$' "$log")" 2 "two that hang are both said"
is "$(grep -c "waiting for resolve\|waiting for net" "$log")" 0 \
    "and nobody waited for either"

# The parent has not had a turn when the engine, which said so, has ended.
wait_for 60 answers || bail "sged answers"
: >"$log"
victim=$(children | sed -n 2p)
kill -STOP "$victim" "$(cat "$L/sged.pid")"
ended()
{
	[ "$(children | tail -n 1 | xargs ps -o stat= -p | cut -c 1)" = Z ] &&
	    return
	clock_pass 31
	return 1
}
wait_for 60 ended
ok $? "one hangs, and the engine ends while the parent is not there"
kill -CONT "$(cat "$L/sged.pid")"
wait_for 60 again
is "$(grep -c "waiting for\|did not end" "$log")" 0 \
    "nobody waited for it either" || sed 's/^/# /' "$log"
check "all are there" wait_for 60 all_there "$victim"

if [ -n "$AS" ] && command -v prlimit >/dev/null; then
	wait_for 60 answers || bail "sged answers"
	kill_forkless later
	check "and they are there" wait_for 60 answers
fi
local_stop sged

# Not a database: who opens it says so, and ends by itself.
: >"$log"
cp "$L/sge.conf" "$L/sge.conf.good"
printf 'no database, but some text that is long enough to be none at all' \
    >"$L/db/none.db"
sed 's,sged[.]db,none.db,' "$L/sge.conf.good" >"$L/sge.conf"
[ -z "$AS" ] || chown -R 65534:65534 "$L"
# shellcheck disable=SC2086
$AS timeout 60 "$L/bin/sged" -d -f "$L/sge.conf" >>"$log" 2>&1
is $? 1 "with what is no database sged ends"
check "with its reason" grep -q "can't go on without $L/db/none.db" "$log" ||
    sed 's/^/# /' "$log"
finish
