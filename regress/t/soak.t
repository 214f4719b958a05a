#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Many days on a clock that is moved on: mail to some domains each day, a
# sendmail that fails now and then, reloads, kill -9 of one process or of all.
# Each (day, domain) has its report once, all sessions are counted, and what
# sged takes of disk and memory levels off.  By itself some days; "make faults"
# does a year and more (SOAK_DAYS).
. "$(dirname "$0")/../bed/local.sh"
[ "$(uname)" = Linux ] || local_skip "the clock is moved as glibc has it"
local_up

[ "${FAULTS:-10}" -ne 0 ] || : "${SOAK_DAYS:=430}"
: "${SOAK_DAYS:=6}"
DOMAINS=6
RECORDS=60
. "$TOP/regress/bed/clock.sh"
clock_make "$L/bin/clock.so" "$L/clock"
SGED_ENV="$CLOCK_ENV"

# A mail is told by its domain and its day; one of nine is not taken at first.
cat >"$L/sendmail" <<EOT
#!/bin/sh
n=\$(cat "$L/mails/.n" 2>/dev/null)
echo \$((n + 1)) >"$L/mails/.n"
[ \$((n % 9)) -ne 4 ] || exit 1
for to; do :; done
f=\$(mktemp "$L/mails/.in.XXXXXX") || exit 75
cat >"\$f"
echo "\$to" \$(sed -n 's/^Subject: *//p; s/^ *Report-ID: *//p' "\$f") \
    >>"$L/sent"
rm "\$f"
printf '>>> .\n<<< 250 2.0.0 1a2b3c4d Message accepted for delivery\n'
EOT
chmod 755 "$L/sendmail"
: >"$L/sent"
local_conf "report spread 0s" "report retry 24h" "keep sessions 1d" \
    "keep reports 2d"
i=0
while [ $i -lt $DOMAINS ]; do
	echo "_smtp._tls.d$i.example.nz TXT v=TLSRPTv1; rua=mailto:tls@d$i.nz"
	i=$((i + 1))
done | local_dns

query()
{
	sqlite3 -cmd '.timeout 20000' "$L/db/sged.db" "$1"
}

pids()
{
	ps -eo pid,args | awk -v conf="$L/sge.conf" \
	    '$2 ~ /sged$/ && $NF == conf { print $1 }'
}

gone()
{
	[ -z "$(pids)" ]
}

started()
{
	grep -q 'parent: started$' "$L/log/sged"
}

start()
{
	cat "$L/log/sged" >>"$L/log/all" 2>/dev/null
	: >"$L/log/sged"
	local_sged
	wait_for 60 started || bail "sged starts: $(tail -n 5 "$L/log/sged")"
}

# goes_on WHAT: once more than it was.
goes_on()
{
	[ "$(grep -c "parent: $1" "$L/log/sged")" -gt "$before" ]
}

# Tallies go after 400 days: those of the last 390 are counted.
counted()
{
	[ "$(query "SELECT coalesce(sum(ok + fail), 0) FROM tally
	    WHERE day > $day - 390")" -eq "$(awk -v day="$day" \
	    '$1 > day - 390 { n += $2 } END { print n + 0 }' "$L/days")" ]
}

opened()
{
	clock_pass 6
	[ "$(query "SELECT count(*) FROM report WHERE day = $day")" -gt 0 ]
}

# Whatever is due now has been tried: time may go on.
quiet()
{
	[ "$(query "SELECT (SELECT count(*) FROM report WHERE state = 'due' AND
	    due <= $1 + 600) + (SELECT count(*) FROM delivery WHERE state =
	    'sending' OR (state = 'due' AND next <= $1))")" -eq 0 ]
}

all_sent()
{
	[ "$(query "SELECT count(*) FROM report WHERE day = $day AND state =
	    'sent'")" -eq "$DOMAINS" ]
}

largest()
{
	for p in $(pids); do
		awk '/^VmRSS/ { print $2 }' "/proc/$p/status" 2>/dev/null
	done | sort -n | tail -n 1
}

size_of()
{
	du -sk "$@" | awk '{ n += $1 } END { print n }'
}

# What happens while a day's reports go out.
trouble()
{
	case $((n % 7)) in
	2)	before=$(grep -c 'parent: reloaded' "$L/log/sged")
		kill -HUP "$(cat "$L/sged.pid")"
		wait_for 60 goes_on reloaded || bail "day $n: reload"
		;;
	3|6)	# shellcheck disable=SC2046
		kill -9 $(pids) 2>/dev/null
		wait_for 60 gone || bail "day $n: kill -9"
		start
		# What was being looked up is again after ten minutes.
		clock_pass 610
		;;
	5)	# One of the parent's children; it starts them all again.
		before=$(grep -c 'parent: started again' "$L/log/sged")
		# shellcheck disable=SC2046
		set -- $(local_children sged)
		shift $((n / 7 % $#))
		kill -9 "$1"
		wait_for 120 goes_on "started again" || bail "day $n: again"
		clock_pass 610
		;;
	esac
}

views()
{
	for view in "show status" "show flow -d 30" "show sent -d 30" \
	    "show failures -d 30" "digest -a" "show metrics"; do
		# shellcheck disable=SC2086
		$AS env $CLOCK_ENV "$L/bin/sgectl" -f "$L/sge.conf" $view \
		    >"$L/view" 2>"$L/view.err" || {
			wrong="$wrong day $n: $view: $(head -n 2 "$L/view.err")"
			continue
		}
		[ -s "$L/view" ] || wrong="$wrong day $n: $view: nothing"
	done
}

# What is old goes once an hour, a step after the other.
trimmed()
{
	[ "$(query 'SELECT count(DISTINCT day) FROM report')" -le 5 ] && return
	[ $((trims += 1)) -gt 14 ] || clock_pass 600
	return 1
}

# --- the days ---------------------------------------------------------------

today=$(($(clock_now) / 86400))
clock_pass $(((today + 1) * 86400 - $(clock_now) + 60))
start
n=0
sessions=0
lines=0
wrong=
rss=0
trims=0
sizes=
while [ $n -lt "$SOAK_DAYS" ]; do
	n=$((n + 1))
	day=$(($(clock_now) / 86400))
	# Morning and evening.
	for hour in 8 20; do
		clock_to $((day * 86400 + hour * 3600))
		name=$(clock_date '+%Y%m%dT%HZ')
		"$BIN/records" $RECORDS $DOMAINS "$(clock_now)" \
		    >>"$L/spool/sessions/$name.jsonl" 2>"$L/sums"
		# As the kernel would, by that clock.
		touch -d "@$(clock_now)" "$L/spool/sessions/$name.jsonl" \
		    "$L/spool/sessions"
		[ -z "$AS" ] ||
		    chown 65534 "$L/spool/sessions/$name.jsonl"
		. "$L/sums"
		echo "$day $((ok + fail))" >>"$L/days"
		sessions=$((sessions + ok + fail))
		lines=$((lines + RECORDS))
		wait_for 60 counted || bail "day $n: $sessions sessions: $(query \
		    'SELECT sum(ok), sum(fail) FROM tally')"
	done
	is_rss=$(largest)
	[ "$is_rss" -le $rss ] || rss=$is_rss
	# Midnight, and what is late has come.
	clock_to $(((day + 1) * 86400 + 400))
	wait_for 60 opened || bail "day $n: its reports: $(tail -n 5 "$L/log/sged")"
	trouble
	hours=0
	until all_sent; do
		wait_for 60 quiet "$(clock_now)" || bail "day $n: waits: $(query \
		    "SELECT * FROM report WHERE day = $day AND state <> 'sent'")"
		all_sent && break
		hours=$((hours + 1))
		[ $hours -lt 40 ] || bail "day $n: not all sent: $(query \
		    "SELECT state, note FROM report WHERE day = $day")"
		clock_pass 1800
	done
	wanted="$wanted $day"
	[ $((n % 30)) -ne 0 ] && [ $n -ne "$SOAK_DAYS" ] || {
		views
		sizes="$sizes $n:$(size_of "$L/db")/$(size_of \
		    "$L/spool")/$is_rss"
	}
done
cat "$L/log/sged" >>"$L/log/all"
ok 0 "$n days, $lines records, $(wc -l <"$L/sent" | tr -d ' ') reports"
note "day:database kB/spool kB/largest process kB:$sizes; most $rss kB"
is "$(wc -l <"$L/sent" | tr -d ' ')" $((n * DOMAINS)) \
    "a report for each day and domain"
is "$(sort "$L/sent" | uniq -d)" "" "and none twice"
is "$(query "SELECT value FROM meta WHERE key = 'late'")" "" "nothing came late"
files=$(find "$L/spool/sessions" -name '*.jsonl' | wc -l)
check "session files go when their time has come ($files are left)" \
    [ "$files" -le 8 ]
wait_for 60 trimmed
ok $? "so do reports"
check "no process takes more than 32 MB" [ $rss -le 32768 ]
is "$wrong" "" "all views answer"
is "$(grep 'does not answer' "$L/log/all")" "" \
    "and no process is thought to hang where time went by"
is "$(query 'PRAGMA integrity_check')" ok "the database is whole"
finish
