#!/bin/sh
# SPDX-License-Identifier: ISC
#
# filter-keep and filters that do not end but hang, do not read, or say too
# much: smtpd has its answers, and neither memory nor the disk is filled.
. "$(dirname "$0")/../bed/filter.sh"

s=aa00000000000000
k=f0fe8ae50f0c3055
KEEP=$TOP/filter/filter-keep

# filter SECONDS WHAT: one that wants mails and recipients, then does that; it
# hangs when it says nothing for so long.
filter()
{
	cat >"$T/filter" <<-EOT
	#!/bin/sh
	echo \$\$ >>"$T/pids"
	while read -r l; do [ "\$l" != "config|ready" ] || break; done
	echo 'register|filter|smtp-in|rcpt-to'
	echo 'register|filter|smtp-in|data-line'
	echo 'register|ready'
	$2
	EOT
	chmod 755 "$T/filter"
	rm -f "$T/in" "$T/pids"
	mkfifo "$T/in"
	"$KEEP" -t "$1" "$T/filter" <"$T/in" >"$T/all" 2>"$T/err" &
	filter_pid=$!
	exec 9>"$T/in"
	filter_say 'config|smtpd-version|7.6.0' 'config|ready'
	wait_for 60 grep -q '^register|ready$' "$T/all" ||
	    bail "filter-keep starts: $(cat "$T/err")"
	filter_say "$(connect $s 192.0.2.1)"
}

ask()
{
	filter_say "filter|0.7|$now.1|smtp-in|$1|$s|$k${2:+|$2}"
}

logged()
{
	wait_for 120 grep -q "$1" "$T/err"
}

runs()
{
	[ "$(wc -l <"$T/pids")" -ge "$1" ]
}

gone()
{
	! kill -0 "$1"
}

rss()
{
	ps -o rss= -p "$filter_pid" | tr -d ' '
}

# One that never answers.
filter 1 'exec sleep 10000'
ask rcpt-to b@c.nz
check "one that hangs is ended" logged 'says nothing for 1 s: it is ended'
check "what it owed is answered" wait_for 60 answered $s 'reject|451 4.3.0 '
check "and it is started again" wait_for 60 runs 2
filter_say "$(bye $s)" "$(connect $s 192.0.2.1)"
ask data-line 'x'
ask data-line '.'
check "smtpd has the end of a mail it had" wait_for 120 grep -qF \
    "filter-dataline|$s|$k|." "$T/all"
ask commit
check "which is not refused for good" wait_for 60 grep -qF \
    "filter-result|$s|$k|reject|451 4.3.0 A filter" "$T/all"
is "$(grep -c '554 5.6.0' "$T/all")" 0 "nor was anything"
check "the filter is there for the next" wait_for 60 runs 3
filter_end
is $? 0 "smtpd's end is its own"

# A script that waits for one that hangs.
filter 1 'sh -c "echo \$\$ >>'"'$T/kids'"'; exec sleep 10000"
    :'
ask rcpt-to b@c.nz
check "what a script runs is ended with it" \
    logged 'says nothing for 1 s: it is ended'
check "  not left behind each time" wait_for 60 gone "$(head -n 1 "$T/kids")"
check "  and another started" wait_for 60 runs 2
filter_end
check "  nor when smtpd ends" wait_for 60 gone "$(tail -n 1 "$T/kids")"

# One that ends and leaves what holds its pipes.
filter 86400 'while read -r l; do case $l in *rcpt-to*)
	exec 3<&0
	sleep 10000 <&3 &
	echo $! >'"'$T/kid'"'
	exit 3 ;;
    esac; done'
ask rcpt-to b@c.nz
check "one whose child holds its pipes has ended" logged 'ended (status 3)'
check "which is answered for at once" wait_for 60 answered $s \
    'reject|451 4.3.0 '
check "its child is ended" wait_for 60 gone "$(cat "$T/kid")"
check "and another started" wait_for 60 runs 2
filter_end

# One that hangs when smtpd ends.
filter 86400 'exec sleep 10000'
filter_end
is $? 0 "smtpd ends while one hangs"
check "which is ended" wait_for 60 gone "$(tail -n 1 "$T/pids")"
check "and said" grep -q 'does not end when smtpd does: it is ended' "$T/err"

# One that is at something then.
filter 86400 'while read -r l; do :; done; sleep 0.5
    awk "BEGIN { for (i = 0; i < 20000; i++) print \"x\" }"
    echo done >"'"$T"'/last"'
filter_end
check "one that has something left to do may do it" test -s "$T/last"
is "$(grep -c 'is ended' "$T/err")" 0 "and is not ended"

# One that no signal ends: here since a tracer does not let go of it.
filter 1 'exec sleep 10000'
"$BIN/broken" "$(cat "$T/pids")" hold 600 >"$T/held" 2>&1 &
holder=$!
wait_for 60 grep -q . "$T/held"
if grep -q '^held' "$T/held"; then
	ask rcpt-to b@c.nz
	check "one that does not end is not waited for" \
	    wait_for 120 answered $s 'reject|451 4.3.0 '
	check "which is in the log" logged 'ended (not by a signal)'
	check "and another started" wait_for 60 runs 2
fi
kill "$holder" 2>/dev/null
filter_end

# One that ends all the time.
begun=$(date +%s)
filter 1 'exit 3'
check "one that ends at once is started again" wait_for 120 runs 12
ok $([ $(($(date +%s) - begun)) -ge 2 ]; echo $?) "after a while"
filter_end

# One that answers late, but does.
filter 100 'while read -r l; do case $l in *rcpt-to*) sleep 0.5
    echo "filter-result|'"$s|$k"'|proceed";; esac; done'
ask rcpt-to b@c.nz
check "one that takes its time" wait_for 60 answered $s proceed
is "$(grep -c ended "$T/err")" 0 "goes on"
filter_end

# One that says something now and then, and never ends.
filter 1 'while read -r l; do case $l in *data-line*) break;; esac; done
    while :; do echo "filter-dataline|'"$s|$k"'|x"; sleep 0.2; done'
ask data-line .
check "one that does not end a mail is ended" \
    logged 'has not answered for 2 s: it is ended'
ask commit
check "the mail is refused for now" wait_for 60 grep -qF \
    "filter-result|$s|$k|reject|451 4.3.0 A filter" "$T/all"
check "and another is there for the next" wait_for 60 runs 2
filter_end

# One that closes what it reads, when it has said something.
filter 86400 'read -r l; echo "filter-result|'"$s|$k"'|proceed"
    exec sleep 10000 <&-'
ask rcpt-to b@c.nz
check "what one has said that reads no more" wait_for 60 answered $s proceed
check "is the last of it" logged 'does not read any more: it is ended'
check "another is started" wait_for 60 runs 2
ask rcpt-to b@c.nz
check "and what it is not told is answered" \
    wait_for 60 answered $s 'reject|451 4.3.0 '
filter_end
is $? 0 "  which lasts"

# One that wants what there is not.
cat >"$T/filter" <<'EOT'
#!/bin/sh
while read -r l; do [ "$l" != "config|ready" ] || break; done
echo 'register|report|smtp-in|link-connect|x'
echo 'register|report|smtp-in|link-tls'
echo 'register|ready'
exec sleep 10000
EOT
"$KEEP" "$T/filter" <"$T/in" >"$T/all" 2>"$T/err" &
filter_pid=$!
exec 9>"$T/in"
filter_say 'config|ready'
check "a wish that smtpd would end at: it starts" \
    wait_for 60 grep -q '^register|ready$' "$T/all"
is "$(grep -c 'connect|x' "$T/all")" 0 "it is not passed on"
check "and said" logged 'said 1 lines that smtpd would end at: not passed on'
check "the other one is" grep -q 'smtp-in|link-tls' "$T/all"
filter_end

# One that does not read.  What smtpd says after a while waits in its pipe.
filter 1 'exec sleep 10000'
mail=$(awk 'BEGIN { printf "%08000d", 0 }')
(
	i=0
	while [ $i -lt 200 ]; do
		ask data-line "$mail"
		i=$((i + 1))
	done
) &
check "one that does not read is ended" logged 'says nothing for 1 s'
wait $! || :
ok $([ "$(rss)" -lt 8192 ]; echo $?) "$(rss) kB of memory"
filter_end

# One that never stops.
filter 100 'while read -r l; do case $l in *data-line*) exec awk "BEGIN {
    for (;;) printf(\"filter-dataline|'"$s|$k"'|%01000d\n\", 0) }";; esac; done'
ask data-line x
check "one that never stops is ended" logged 'ended (signal 9) with 1 mails'
ok $([ "$(grep -c '^filter-dataline' "$T/all")" -le 1060 ]; echo $?) \
    "after a megabyte"
ask data-line .
ask commit
check "its mail is refused" wait_for 60 answered $s 'reject|'
ok $([ "$(rss)" -lt 8192 ]; echo $?) "$(rss) kB of memory"
filter_end
finish
