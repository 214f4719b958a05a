#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A clock that is set wrong while records come in: years ahead, a day, an hour
# or a day back, 1970 when the host starts.  What is young stays, no day ends
# before it is over, each session is counted, and each report goes out once.
. "$(dirname "$0")/../bed/local.sh"
[ "$(uname)" = Linux ] || local_skip "the clock is moved as glibc has it"
local_up

# So many jumps at random; "make faults" does more.
if [ "${FAULTS:-10}" -eq 0 ]; then
	JUMPS=200
else
	JUMPS=8
fi
DOMAINS=6
. "$TOP/regress/bed/clock.sh"
clock_make "$L/bin/clock.so" "$L/clock"
SGED_ENV="$CLOCK_ENV"
cat >"$L/sendmail" <<EOT
#!/bin/sh
sed -n 's/^ *Report-ID: *//p' >>"$L/sent"
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOT
chmod 755 "$L/sendmail"
: >"$L/sent"
local_conf "report spread 0s" "keep sessions 2d" "keep reports 2d"
i=0
while [ $i -lt $DOMAINS ]; do
	echo "_smtp._tls.d$i.example.nz TXT v=TLSRPTv1; rua=mailto:tls@d$i.nz"
	i=$((i + 1))
done | local_dns

query()
{
	sqlite3 -cmd '.timeout 20000' "$L/db/sged.db" "$1"
}

start()
{
	: >"$L/log/sged"
	local_sged
	wait_for 60 grep -q 'parent: started$' "$L/log/sged" ||
	    bail "sged starts: $(tail -n 5 "$L/log/sged")"
}

stop()
{
	local_stop sged
	cat "$L/log/sged" >>"$L/log/all"
}

# come N: so many records, by the clock as it is.
sessions=0
lines=0
come()
{
	name=$(clock_date '+%Y%m%dT%HZ')
	"$BIN/records" "$1" $DOMAINS "$(clock_now)" \
	    >>"$L/spool/sessions/$name.jsonl" 2>"$L/sums"
	# As the kernel would, by that clock.
	touch -d "@$(clock_now)" "$L/spool/sessions/$name.jsonl" \
	    "$L/spool/sessions"
	[ -z "$AS" ] || chown 65534 "$L/spool/sessions/$name.jsonl"
	. "$L/sums"
	sessions=$((sessions + ok + fail))
	lines=$((lines + $1))
}

read_all()
{
	clock_pass 1
	[ "$(query 'SELECT coalesce(sum(lines), 0) FROM segment')" -eq "$lines" ]
}

# go_on SECONDS: they go by, not all at once.
go_on()
{
	go=0
	while [ $go -lt "$1" ]; do
		clock_pass 5
		sleep 0.1
		go=$((go + 5))
	done
}

# What must not change while the clock is wrong.
state()
{
	query "SELECT count(*), coalesce(max(day), 0) FROM report;
	    SELECT value FROM meta WHERE key = 'report_opened';
	    SELECT sum(ok + fail) FROM tally WHERE day = $first"
	(cd "$L/spool/sessions" && ls $files)
}

# wrong TEXT SECONDS FOR: the clock is so wrong for so long.
wrong()
{
	come 20
	clock_set "$2"
	come 20
	go_on "$3"
	come 20
	clock_set 0
	come 20
	go_on 10
	check "$1: all is read" wait_for 60 read_all
	is "$(query 'SELECT sum(ok + fail) FROM tally')" $sessions \
	    "$1: $sessions sessions in all"
	is "$(state)" "$before" "$1: nothing went, no report was made"
}

opened()
{
	clock_pass 6
	[ "$(query "SELECT value FROM meta WHERE key = 'report_opened'")" = \
	    "$1" ]
}

all_sent()
{
	clock_pass 1
	[ "$(wc -l <"$L/sent")" -eq "$(query "SELECT count(*) FROM report")" ] &&
	    [ "$(query "SELECT count(*) FROM report WHERE state <> 'sent'")" \
	    -eq 0 ]
}

# Two days as they should be.
first=$(($(clock_now) / 86400 + 1))
clock_to $((first * 86400 + 60))
start
for day in $first $((first + 1)); do
	clock_to $((day * 86400 + 43200))
	come 60
	check "day $((day - first + 1)): all is read" wait_for 60 read_all
	clock_to $(((day + 1) * 86400 + 400))
	check "its reports are made" wait_for 60 opened "$day"
	check "and sent" wait_for 60 all_sent
done
# The third one, before noon: what follows takes less than an hour of it.
clock_to $(((first + 2) * 86400 + 36000))
come 60
wait_for 60 read_all || bail "the third day's records"
go_on 70
files=$(cd "$L/spool/sessions" && ls)
before=$(state)
year=$((365 * 86400))
wrong "three years ahead for 75 s" $((3 * year)) 75
wrong "a day ahead for 20 s" 86400 20
wrong "an hour back" -3600 60
wrong "a day back" -86400 60
stop
clock_set $((-$(clock_now) + 40000))
start
come 20
go_on 60
wrong "1970 as it starts" $clock_wrong 30
stop
# The hardware's clock has local time, or none, until a time server sets it.
clock_set 86400
start
go_on 30
wrong "a day ahead as it starts" 86400 20

# --- at random --------------------------------------------------------------

below()
{
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}

jumps=
i=0
while [ $i -lt $JUMPS ]; do
	i=$((i + 1))
	# No day that the others are told from.
	case $(below 7) in
	0)	by=$((3 * year));;
	1)	by=86400;;
	2)	by=-3600;;
	3)	by=-86400;;
	4)	by=$((900000 + $(below 2000000)));;
	5)	by=$((-900000 - $(below 2000000)));;
	*)	by=$((-$(clock_now) + 40000));;
	esac
	come 7
	sleep "0.$(printf '%03d' "$(below 400)")"
	clock_set $by
	come 7
	clock_pass $(($(below 30) + 1))
	sleep "0.$(printf '%03d' "$(below 400)")"
	clock_set 0
	clock_pass 2
	jumps="$jumps $by"
done
come 7
note "seconds that it was wrong by:$jumps"
check "at random: all is read" wait_for 60 read_all
is "$(query 'SELECT sum(ok + fail) FROM tally')" $sessions \
    "at random: $sessions sessions in all"
is "$(state)" "$before" "at random: nothing went, no report was made"

# The day ends as each does; what had a date to come is not of it.
clock_to $(((first + 3) * 86400 + 400))
clock_pass 150
sleep 1
clock_pass 160
check "the day ends" wait_for 60 opened $((first + 2))
check "its reports are sent" wait_for 60 all_sent
is "$(sort "$L/sent" | uniq -d)" "" "no report twice"
is "$(query "SELECT count(*) FROM report WHERE day IN ($first, $first + 1,
    $first + 2)")" $((3 * DOMAINS)) "one for each day and domain"
is "$(query "SELECT count(*) FROM report WHERE day > $first + 2")" 0 \
    "none of a day to come"
is "$(query 'SELECT sum(ok + fail) FROM tally')" $sessions \
    "each session is counted once"
stop
is "$(grep -c 'does not answer' "$L/log/all")" 0 "no process was ended"
note "$(grep -c 'the clock went' "$L/log/all") jumps were seen by sged"
finish
