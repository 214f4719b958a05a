#!/bin/sh
#
# sgectl deliver: a mail costs what a mail may cost, whatever is nested in it,
# and nobody waits for it: what strangers wrote is read before the database is
# touched, by a process that has nothing but the mail.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"
bomb=$here/tool/bomb.py
command -v python3 >/dev/null || { echo '1..0 # SKIP python3 makes the mails'; exit 0; }

# A report of a reporter that behaves, in between.
report Good a@good.example good 2026-03-05 "$(policy sts 9 0 '')" \
    > "$dir/good.json"
mail x@good.example "$dir/good.json" > "$dir/good"
ctl deliver < "$dir/good"
is $? 0 'a report'

# The child's CPU time is its parent's parent's too: what perl sees.
timed()
{
	perl -e 'my $rc = system(@ARGV); my @t = times;
	    printf "%d %.1f\n", $rc >> 8, $t[2] + $t[3];' sh -c \
	    "exec \"$sgectl\" -f \"$dir/sge.conf\" deliver < \"$dir/bomb\""
}

# behind: the reader of this test's mail lets others go first.
behind()
{
	ps -eo ni,args | awk -v conf="$dir/sge.conf" \
	    '$1 >= 10 && $3 == "-f" && $4 == conf { n++ }
	    END { exit n == 0 }'
}

for kind in nested mbox parts huge fat rows reports words; do
	python3 "$bomb" $kind > "$dir/bomb"
	timed > "$dir/took" &
	pid=$!
	# Another's write, while that is read.
	if [ $kind = nested ]; then
		check 'its reader lets others go first' wait_for 20 behind
	fi
	n=0
	while [ $n -lt 5 ] && kill -0 $pid 2>/dev/null; do
		sqlite3 -cmd '.timeout 5000' "$dir/sged.db" \
		    'BEGIN IMMEDIATE; ROLLBACK' || touch "$dir/locked"
		n=$((n + 1))
	done
	wait $pid
	read -r rc cpu < "$dir/took"
	is "$rc" 0 "$kind: answered for"
	note "$(($(wc -c < "$dir/bomb") / 1024)) kB, $cpu s of CPU"
	check "$kind: in its time" test "${cpu%.*}" -lt 12
done
check 'nobody waited for the database' test ! -e "$dir/locked"
kb=$(($(wc -c < "$dir/sged.db") / 1024))
note "$kb kB of database"
check 'the database holds little of them' test "$kb" -lt 8000
n=$(sqlite3 "$dir/sged.db" 'SELECT count(*) FROM received_detail')
note "$n rows"
check 'in few rows' test "$n" -lt 20000
is "$(sqlite3 "$dir/sged.db" "SELECT sum(d.count) FROM received_detail d
    JOIN received_policy p ON p.id = d.policy JOIN received r
    ON r.id = p.received WHERE r.report_id = 'rows'")" 100000 \
    'what is not kept by itself is in a sum'
check 'what was not read is kept' test "$(find "$dir/unread" -type f |
    wc -l)" -ge 3
like "$(ctl digest -a)" '*to the mailbox of reports could not be read*' \
    'and said'
ctl deliver < "$dir/good"
is $? 0 'and life goes on'
finish
