#!/bin/sh
# SPDX-License-Identifier: ISC
#
# One of sged's processes hangs: it is noticed, named, ended, and all are
# started again; a short while does no harm.  On a clock that is moved on.
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

# said TEXT: a turn goes by, unless it is in the log.
said()
{
	grep -q "$1" "$log" && return
	clock_pass 31
	return 1
}

again()
{
	grep -q 'started again$' "$log" && return
	clock_pass 4
	return 1
}

local_sged
wait_for 60 grep -q 'parent: started$' "$log" || bail "sged starts"
wait_for 60 answers || bail "sged answers"
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
	    "nobody waited for what was known to hang"
	check "it has ended" wait_for 60 all_there "$victim"
	is "$(grep -c 'does not answer' "$log")" 1 "the log has it once"
	check "and the new ones work" wait_for 60 answers
done

# Two at once.
: >"$log"
# shellcheck disable=SC2046
kill -STOP $(children | head -n 2)
wait_for 60 said "net does not answer"
wait_for 60 again
is "$(grep -c 'does not answer$' "$log")" 2 "two that hang are both said"
is "$(grep -c "waiting for resolve\|waiting for net" "$log")" 0 \
    "and nobody waited for either"
local_stop sged
finish
