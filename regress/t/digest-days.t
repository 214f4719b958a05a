#!/bin/sh
#
# Ten days of reports as they really come, Google's 10 to 16 hours after the
# day and Microsoft's 20 hours to 23 days: each that tells of a failure is told
# in one digest, whenever daily(8) runs, and each command shows the numbers
# that it stands below.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"
${CC:-cc} -shared -fPIC -o "$dir/clock.so" "$here/tool/clock.c" ||
    bail 'the clock'

# at EPOCH COMMAND...: sgectl at that time
at()
{
	at_when=$1
	shift
	SGE_CLOCK=$at_when LD_PRELOAD="$dir/clock.so" "$sgectl" \
	    -f "$dir/sge.conf" "$@"
}

# come EPOCH ORGANISATION DOMAIN DAY FAILED: a report arrives
come()
{
	report "$2" "a@$3" "$4_$3" "$4" "$(policy sts 1000 "$5" "$(detail \
	    certificate-expired "$5" 192.0.2.1 mx1.minties.govt.nz)")" \
	    > "$dir/one.json"
	mail "x@$3" "$dir/one.json" > "$dir/one"
	at "$1" deliver < "$dir/one" || echo "# deliver: $?"
}

# day N: its date, from 2026-03-01 on
day()
{
	perl -MPOSIX -e 'print strftime("%Y-%m-%d", gmtime(1772323200 +
	    86400 * $ARGV[0]))' "$1"
}

begin=1772323200

# simulate ZONE OFFSET EVERY OPTIONS...: the digest each EVERY days at 01:30
# of that zone, while reports come in; how often each was told.
simulate()
{
	sim_offset=$2
	sim_every=$3
	sim_zone=$1
	shift 3
	rm -rf "$dir"/sged.db* "$dir/unread" "$dir/told"
	# Ten days of two reporters; failures from 11 to 30, one of each.
	n=0
	: > "$dir/plan"
	while [ $n -lt 10 ]; do
		end=$((begin + (n + 1) * 86400))
		echo "$((end + 36000 + n * 2300)) Google google.com $n" \
		    "$((11 + n))" >> "$dir/plan"
		late=$((72000 + n * n * 23500))
		echo "$((end + late)) Microsoft microsoft.com $n $((21 + n))" \
		    >> "$dir/plan"
		n=$((n + 1))
	done
	n=1
	while [ $n -le 36 ]; do
		[ $((n % sim_every)) -ne 0 ] || echo "$((begin + n * 86400 +
		    5400 - sim_offset)) digest" >> "$dir/plan"
		n=$((n + 1))
	done
	sort -n "$dir/plan" > "$dir/sorted"
	while read -r when who domain n failed; do
		if [ "$who" = digest ]; then
			TZ=$sim_zone at "$when" digest -n 0 "$@"
		else
			come "$when" "$who" "$domain" "$(day "$n")" "$failed"
		fi >> "$dir/told" 2>&1
	done < "$dir/sorted"
	tr '\n' ' ' < "$dir/told" | tr -s ' ' > "$dir/flat"
	n=11
	once=0
	while [ $n -le 30 ]; do
		[ "$(grep -o " $n of $((1000 + n)) sessions" "$dir/flat" |
		    wc -l)" -ne 1 ] || once=$((once + 1))
		n=$((n + 1))
	done
	echo $once
}

is "$(simulate UTC 0 1)" 20 'daily, at UTC'
# Each command, on its numbers.
wrong=0
grep -o 'sgectl show received -d [^ ]* -D [^ ]*' "$dir/flat" | sort -u \
    > "$dir/commands"
while read -r _ command; do
	set -- $command
	# One line for each of the day's reports, as the reporter has but one.
	out=$(at $((begin + 40 * 86400)) "$@" | tr '\n' ' ')
	failed=${out#*Failed }
	failed=${failed%% sessions*}
	grep -q "$failed sessions.*$*" "$dir/flat" || wrong=$((wrong + 1))
done < "$dir/commands"
is "$wrong" 0 'each command shows the numbers it stands below'
is "$(wc -l < "$dir/commands" | tr -d ' ')" 20 'of twenty'
is "$(at $((begin + 36 * 86400 + 6000)) digest | grep -c google.com)" 0 \
    'nothing of it is new later'
is "$(simulate Pacific/Auckland 46800 1)" 20 'daily, at Pacific/Auckland'
is "$(simulate UTC 0 7)" 20 'weekly, at UTC'
is "$(simulate Pacific/Auckland 46800 7)" 20 'weekly, at Pacific/Auckland'
is "$(simulate Pacific/Auckland 46800 7 -a -d 7)" 20 'weekly, with -a -d 7'

# The same day's digest again, as after a mail that got lost.
rm -rf "$dir"/sged.db*
come $((begin + 86400 + 40000)) Google google.com "$(day 0)" 11
at $((begin + 86400 + 50000)) digest > "$dir/first"
at $((begin + 86400 + 50001)) digest > "$dir/second"
check 'the same again on the same day' cmp "$dir/first" "$dir/second"
like "$(cat "$dir/first")" '*google.com*11 of 1011*' 'with its news'
at $((begin + 86400 + 50002)) digest > /dev/full 2>/dev/null
check 'one that can not be written is no good' test $? -ne 0
come $((begin + 86400 + 60000)) Microsoft microsoft.com "$(day 0)" 21
out=$(at $((begin + 86400 + 60001)) digest | tr '\n' ' ' | tr -s ' ')
like "$out" '*google.com*' 'and what came since: both'
like "$out" '*21 of 1021*' 'are in it'
out=$(at $((begin + 2 * 86400 + 50000)) digest)
is "$(printf '%s' "$out" | grep -c 'of 10')" 0 'a day later: neither'
# A month of reports, and then the first digest: a week of them by name, how
# many came before, and none of either a second time.
rm -rf "$dir"/sged.db* "$dir/unread"
n=1
while [ $n -le 30 ]; do
	come $((begin + n * 86400 + 40000)) Google google.com \
	    "$(day $((n - 1)))" $((10 + n))
	n=$((n + 3))
done
come $((begin + 29 * 86400 + 40000)) Microsoft microsoft.com "$(day 2)" 9
at $((begin + 30 * 86400 + 50000)) digest >"$dir/first"
tr '\n' ' ' <"$dir/first" | tr -s ' ' >"$dir/flat"
is "$(grep -o '[0-9]* of 10[0-9]*' "$dir/flat" | sort | tr '\n' ';')" \
    '35 of 1035;38 of 1038;9 of 1009;' 'a first digest: the last week'
like "$(cat "$dir/flat")" "*and 8 earlier reports of failures, by 1 reporter, \
came before $(day 23), when no digest was made sgectl show received -d \
$(day 0)..$(day 21)*" 'and how many came before'
at $((begin + 30 * 86400 + 50001)) digest >"$dir/second"
check 'again, the same' cmp "$dir/first" "$dir/second"
is "$(at $((begin + 31 * 86400 + 50000)) digest | grep -c -e earlier \
    -e 'of 10')" 0 'a day later: neither'
rm -rf "$dir"/sged.db* "$dir/unread"
come $((begin + 86400 + 40000)) Google google.com "$(day 0)" 11
at $((begin + 86400 + 50000)) digest >/dev/null
# A fix that holds.
report Google a@google.com fixed "$(day 1)" "$(policy sts 900 0 '')" \
    > "$dir/one.json"
mail x@google.com "$dir/one.json" > "$dir/one"
at $((begin + 2 * 86400 + 60000)) deliver < "$dir/one"
out=$(at $((begin + 3 * 86400)) digest | tr '\n' ' ' | tr -s ' ')
like "$out" '*mended: google.com found our certificate expired at mx1.*none of 900*' \
    'a fix was seen to hold'
# A report that fails and does not say how.
report Quiet a@quiet.example q "$(day 2)" "$(policy sts 90 7 '')" \
    > "$dir/one.json"
mail x@quiet.example "$dir/one.json" > "$dir/one"
at $((begin + 3 * 86400 + 60000)) deliver < "$dir/one"
like "$(at $((begin + 4 * 86400)) digest | tr '\n' ' ' | tr -s ' ')" \
    '*quiet.example reported a failure: 7 of 97*' 'failures without details'
# come_as N FROM ID DAY OK FAILED [MARK [DOMAIN]]: on day N a report of
# g.example's comes from there, with that mark; the news of that day's digest.
come_as()
{
	details=
	[ "$6" -eq 0 ] ||
	    details=$(detail certificate-expired "$6" 192.0.2.1 mx.test)
	report G a@g.example "$3" "$(day "$4")" \
	    "$(policy sts "$5" "$6" "$details" "${8:-minties.govt.nz}")" \
	    > "$dir/one.json"
	mail "$2" "$dir/one.json" | sed "s/dkim=pass/dkim=${7:-pass}/" \
	    > "$dir/one"
	at $((begin + $1 * 86400 + 40000)) deliver < "$dir/one" ||
	    echo "# deliver: $?"
	at $((begin + $1 * 86400 + 50000)) digest | tr -s '\n ' ' '
}
# The proof of what a digest told as unproved is news.
rm -rf "$dir"/sged.db*
like "$(come_as 1 x@g.example A 0 970 30 none)" \
    '*WATCH*30 of 1000*nothing proves*' 'unproved: to be watched'
like "$(come_as 2 x@g.example A 0 970 30)" '*2 to fix, 0 to watch*30 of 1000*' \
    'the same signed: to be fixed'
is "$(come_as 3 x@g.example A 0 970 30 |
    grep -c g.example)" 0 'signed once more: no news'
# Nobody else's report stands between a failure and its end.
is "$(come_as 3 x@evil.example B 2 1 0 |
    grep -c g.example)" 0 'a good one of a stranger'
is "$(come_as 4 x@g.example C 3 5 0 pass other.example |
    grep -c g.example)" 0 'one on a domain of others'
is "$(come_as 5 x@g.example D 4 0 0 |
    grep -c g.example)" 0 'and one of no session mend nothing'
like "$(come_as 6 x@g.example E 5 900 0)" '*mended: g.example*none of 900*' \
    'the next good one does'
is "$(come_as 7 x@evil.example F 5 900 0 |
    grep -c g.example)" 0 'which a stranger does not have told again'
# Anybody can sign reports of domains of his own, with numbers as he likes.
rm -rf "$dir"/sged.db*
come $((begin + 3600)) Google google.com "$(day 0)" 11
for n in 1 2 3; do
	for k in $(seq 22); do
		come $((begin + n * 86400 + 40000)) "S$k" "s$k.example" \
		    "$(day $((n - 1)))" 900000
	done
	come $((begin + n * 86400 + 40001)) Google google.com \
	    "$(day "$n")" $((11 + n))
	[ $n -ne 1 ] || come $((begin + n * 86400 + 40002)) Late late.example \
	    "$(day 0)" 3
	at $((begin + n * 86400 + 50000)) digest > "$dir/flood$n"
done
is "$(cat "$dir"/flood[123] | grep -c 'D google.com')" 4 \
    'strangers hide nothing of whom is known'
is "$(grep -c 'D late.example' "$dir"/flood[123] | tr '\n' ' ' |
    grep -o ':.')" ':0
:1
:0' 'who was never heard of before waits for the next digest, and is told once'
like "$(tr -s '\n ' ' ' < "$dir/flood1")" \
    '*and 5 more rows of failures*3600003 failed*sgectl digest -n 0 *' \
    'what is left is said'
at $((begin + 3 * 86400 + 50001)) digest -n 0 > "$dir/whole"
is "$(grep -c 'and .* more' "$dir/whole")" 0 'and that command shows all:'
check 'the last ones too' grep -q 'D s22.example' "$dir/whole"
# What is refused every day, and strangers make as much of as they like, hides
# nothing that is new, and nothing that our own mail met.
sqlite3 "$dir/sged.db" "WITH RECURSIVE n (v) AS (VALUES (1) UNION ALL
    SELECT v + 1 FROM n WHERE v < 40) INSERT INTO incident (day, dir, domain,
    why, addr, host, sessions, first, last, testing) SELECT
    $begin / 86400 + d.v, 0, 'old' || n.v || '.example', 'no-tls', '192.0.2.1',
    'h.example', 1000, $begin + d.v * 86400, $begin + d.v * 86400, 0
    FROM n, (SELECT 10 AS v UNION SELECT 11) d;
    INSERT INTO incident (day, dir, domain, why, addr, host, sessions, first,
    last, testing) VALUES ($begin / 86400 + 11, 0, 'new.example', 'no-tls',
    '192.0.2.9', 'h.example', 1, $begin + 950400, $begin + 950400, 0),
    ($begin / 86400 + 11, 1, 'partner.example', 'no-tls', '192.0.2.9',
    'h.example', 1, $begin + 950400, $begin + 950400, 0)"
at $((begin + 12 * 86400 + 50000)) digest -n 2 -d "$(day 11)" >"$dir/flood"
is "$(sed -n 's/^ *[0-9]* public \([^ ]*\).*/\1/p' "$dir/flood" |
    tr '\n' ' ')" 'partner.example new.example ' 'what is new stands first'
like "$(tr -s '\n ' ' ' <"$dir/flood")" '*and 40 more *' 'the rest is counted'
# What goes on as ever wakes nobody.
rm -rf "$dir"/sged.db*
echo 'mode testing' >> "$dir/sge.conf"
at $((begin + 86400)) read -s < /dev/null > /dev/null 2>&1
sqlite3 "$dir/sged.db" "INSERT INTO flow (day, hour, dir, class, tls13, tls12,
    older, clear, refused) SELECT $begin / 86400, 5, d.v, '*', 5, 0, 0, 4, 0
    FROM (SELECT 0 AS v UNION SELECT 1) d"
is "$(at $((begin + 86400 + 50000)) digest)" '' 'silent: nothing is new'
like "$(at $((begin + 86400 + 50000)) digest -a)" '*mode testing*' '-a: all'
finish
