#!/bin/sh
# SPDX-License-Identifier: ISC
#
# sged itself: options, one at a time, reload, stop, privileges, its socket.
. "$(dirname "$0")/../bed/daemon.sh"
daemon_world
sged=$TOP/reporter/sged

record()
{
	echo '{"v":1,"time":"2026-11-21T03:04:05Z","host":"m.minties.govt.nz",
"dir":"out","session":"66a87376800c5074","local":"192.0.2.1",
"remote":"198.51.100.7","rdns":"mx.a.example","helo":"mx.a.example",
"starttls":"offered","tls":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384",
"failure":null,"tx":[{"from":"minties.govt.nz","to":"a.example",
"flow":"government>public","verdict":"pass","messages":1,"rcpts":1}]}' |
	    tr -d '\n'
	echo
}

# ask JSON: one question to the socket, its answer on standard output.
ASK_AS=
ask()
{
	$ASK_AS perl -MSocket -e '
		socket(my $s, PF_UNIX, 5, 0) or die "socket: $!";
		connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
		setsockopt($s, SOL_SOCKET, SO_RCVTIMEO, pack("l!l!", 10, 0));
		send($s, $ARGV[1], 0) or die "send: $!";
		defined recv($s, my $answer, 200000, 0) or die "recv: $!";
		print "$answer\n";' "$W/sock" "$1" 2>&1
}

counted()
{
	[ "$(query 'SELECT coalesce(sum(lines), 0) FROM segment')" = "$1" ]
}

# 1. The command line.
out=$("$sged" -n -f "$W/conf" 2>&1)
is $? 0 "-n: a good file"
is "$out" "configuration OK" "-n says so"
"$sged" -nn -f "$W/conf" >"$W/printed" 2>/dev/null
is $? 0 "-nn prints it"
"$sged" -nn -f "$W/printed" >"$W/again" 2>&1
check "and what it prints reads back to the same" \
    cmp "$W/printed" "$W/again"
echo 'nonsense' >"$W/bad"
out=$("$sged" -n -f "$W/bad" 2>&1)
is $? 1 "-n: a bad file"
like "$out" "$W/bad:1: *" "names the line"
"$sged" -x >/dev/null 2>"$W/usage"
is $? 1 "an option that there is not"
like "$(cat "$W/usage")" "*usage: sged \[-dnVv] \[-f file]*" "shows the usage"
if [ "$(id -u)" -ne 0 ]; then
	out=$("$sged" -f "$W/conf" 2>&1)
	is $? 1 "without -d it must be root"
fi

# 2. Running.
mkdir "$W/spool/attempts"
chmod 755 "$W/spool/attempts"
daemon_start
check "starts" wait_for 20 daemon_ready || cat "$W/log"
record >"$SESSIONS/20261121T03Z.jsonl"
check "counts what is there" wait_for 10 counted 1
if [ "$(id -u)" -eq 0 ]; then
	# Never as root.
	grep -v '^_sgenet' "$W/passwd" >"$W/few"
	out=$(unshare -m sh -c 'mount --bind "$1/few" /etc/passwd &&
	    "$2" -d -f "$1/conf"' sh "$W" "$sged" 2>&1)
	is $? 1 "as root without one of its users it does not start"
	like "$out" '*no such user: _sgenet: useradd *_sgenet*' "and says how"
	chmod o+w "$W/db"
	out=$( ( daemon_exec "$sged" -d -f "$W/conf" ) 2>&1 )
	is $? 1 "nor with a folder that others can write to"
	like "$out" "*$W/db: others can write*chmod go-w $W/db*" "by name"
	chmod o-w "$W/db"
	out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$sged" -d \
	    -f "$W/conf" 2>&1)
	is $? 1 "nor for another user"
	like "$out" "*/spool: another user's: sged is to be started as root" \
	    "who is not told to take the folders' modes away"
fi
for what in db/sged.db conf; do
	chmod g+w "$W/$what"
	out=$( ( daemon_exec "$sged" -d -f "$W/conf" ) 2>&1 )
	is $? 1 "nor where others can write to $what"
	like "$out" "*$W/$what:* others can write to it: chmod go-w*" "by name"
	chmod g-w "$W/$what"
done
out=$( ( daemon_exec "$sged" -d -f "$W/conf" ) 2>&1 )
is $? 1 "a second one does not start"
like "$out" "*already running*" "and says why"
sed -e "s,db/sged.db,db/other.db,; s,^socket .*,socket \"$W/other\"," \
    "$W/conf" >"$W/second"
out=$( ( daemon_exec "$sged" -d -f "$W/second" ) 2>&1 )
is $? 1 "nor one with another database, and the same spool"
like "$out" "*already running ($W/spool/sged.lock)*" "which is named"
if [ "$(id -u)" -eq 0 ]; then
	others=$(daemon_pids | grep -vx "$SGED" | while read -r pid; do
		awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status"
	done | sort | uniq -c | awk '{ $1 = $1; print }' | tr '\n' ,)
	is "$others" "2 871 871 871 871,2 874 874 874 874," \
	    "engine and mailer became _sged, resolve and net _sgenet"
	is "$(stat -c '%a %u %g' "$W/sock")" "660 871 875" \
	    "the socket is _sged's, and filter-sge may connect"
	is "$(stat -c '%a %u %g' "$SESSIONS")" "755 871 871" \
	    "a folder that was there is not given away"
	check "but it is said whose it should be" grep -q \
	    "$SESSIONS: not its right owner: .*_sgefilter:_sgefilter $SESSIONS" \
	    "$W/log"
	check "so of that which table-sge adds to" grep -q \
	    "$W/spool/attempts: not its right owner: chown _sged $W/spool/att" \
	    "$W/log"
fi

check "and which mode that should have" grep -q \
    "$W/spool/attempts: not its right mode: chmod 1733 $W/spool/attempts" \
    "$W/log"

# 3. The socket.
like "$(ask '{"status":true}')" '{"status":{*"pid":*}}' "status"
ask '{"learn":"B.Example."}' >/dev/null &
like "$(ask '{"status":true}')" '{"status":{*"learned":*}}' \
    "a question that takes long holds up nobody"
is "$(ask '{"learn":"no domain!"}')" '{"error":"not a domain name"}' \
    "learn nonsense"
like "$(ask '{"send":{"day":"2026-13-01"}}')" '{"error":*}' \
    "send for no day"
is "$(ask '{"reload":true}')" '{"error":"unknown request"}' "unknown"
# More than any question has: the end of that client.
is "$(ask '{"status":true,"x":"'"$(awk 'BEGIN { printf "%05000d", 0 }'
    )"'"}' | grep -c '"status"')" 0 "a question that is too long has no answer"
ask '[1]' >/dev/null
ask 'not JSON at all' >/dev/null
like "$(ask '{"status":true}')" '{"status":*' "nonsense harms nobody else"

# As filter-sge, who may connect by the socket's group.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$W"
	ASK_AS="setpriv --reuid 875 --regid 875 --clear-groups"
	for asked in '{"status":true}' '{"send":{}}' '{"unknown":1}' \
	    '{"announce":"tls@b.example"}'; do
		like "$(ask "$asked")" '{"error":"*"}' \
		    "filter-sge may not ask $asked"
	done
	is "$(ask '{"learn":"no domain!"}')" '{"error":"not a domain name"}' \
	    "but may ask for learning"
	is "$(ask '{"announced":"tls@b.example"}')" \
	    '{"unannounced":"tls@b.example"}' "and whether a report goes out"
	# shellcheck disable=SC2086
	$ASK_AS perl -MSocket -e '
		for (1 .. 140) {
			socket(my $s, PF_UNIX, 5, 0) or die;
			connect($s, sockaddr_un($ARGV[0])) or die;
			push @all, $s;
			select(undef, undef, undef, 0.01);
		}
		$| = 1;
		print "all\n";
		sleep 60;' "$W/sock" >"$W/clients" &
	clients=$!
	check "filter-sge takes all the places that it may" \
	    wait_for 20 grep -q all "$W/clients"
	ASK_AS=
	like "$(ask '{"status":true}')" '{"status":{*"clients":12[0-9]*}}' \
	    "an operator is answered all the same"
	kill "$clients"
	ASK_AS="setpriv --reuid 65534 --regid 65534 --clear-groups"
	like "$(ask '{"learn":"b.example"}')" 'connect: Permission denied*' \
	    "nobody else may ask anything"
	ASK_AS=
fi

since()
{
	ask '{"status":true}' | sed 's/.*"since":"\([^"]*\)".*/\1/'
}
began=$(since)

# 4. Reload: a bad file first.
pids=$(daemon_pids)
cp "$W/conf" "$W/conf.good"
{ cat "$W/conf.good"; echo 'mode maybe'; echo 'nonsense'; } >"$W/conf"
kill -HUP "$SGED"
check "a bad file is refused" wait_for 10 grep -q 'not reloaded' "$W/log"
bad=$(wc -l <"$W/conf.good")
check "with its first mistake" grep -q "$W/conf:$((bad + 1)): " "$W/log"
check "and its second" grep -q "$W/conf:$((bad + 2)): " "$W/log"
is "$(daemon_pids)" "$pids" "the same processes go on"
record >>"$SESSIONS/20261121T03Z.jsonl"
check "and count" wait_for 10 counted 2

# A good one with another spool.
mkdir -p "$W/spool2/sessions"
record >"$W/spool2/sessions/20261121T04Z.jsonl"
[ "$(id -u)" -ne 0 ] || chown -R 871:871 "$W/spool2" 2>/dev/null
sed "s|$W/spool|$W/spool2|" "$W/conf.good" >"$W/conf"
kill -HUP "$SGED"
check "a good file is taken" wait_for 20 grep -q 'reloaded ' "$W/log"
check "and what it says holds" wait_for 20 counted 3
check "the parent stays" sh -c 'echo "$1" | grep -qx "$2"' sh \
    "$(daemon_pids)" "$SGED"
like "$(ask '{"status":true}')" '{"status":*' "its socket too"
is "$(since)" "$began" "and it runs since when it started"

# 5. One of them dies: all end, the log says who, and all are started again.
# The parent is halted meanwhile, so that it finds them all ended, in whatever
# order.
ended()
{
	for pid in "$@"; do
		case $(ps -o stat= -p "$pid") in
		Z*) ;;
		*) return 1 ;;
		esac
	done
}
for name in engine mailer net resolve; do
	[ -n "$SGED" ] || { daemon_start; wait_for 20 daemon_ready; }
	: >"$W/log"
	# shellcheck disable=SC2046
	set -- $(daemon_pids | grep -vx "$SGED" | sort -n)
	case $name in
	resolve) victim=$1 ;;
	net) victim=$2 ;;
	mailer) victim=$3 ;;
	engine) victim=$4 ;;
	esac
	kill -STOP "$SGED"
	kill -9 "$victim"
	check "$name is killed: the others end" wait_for 20 ended "$@"
	kill -CONT "$SGED"
	check "and are started again" wait_for 60 daemon_ready ||
	    sed 's/^/# /' "$W/log"
	is "$(daemon_pids | wc -l | tr -d ' ')" 5 "all of them"
	is "$(grep -c 'ended' "$W/log")" 1 "the log says one thing"
	check "that it was $name" grep -q "$name was ended by signal 9" \
	    "$W/log" || sed 's/^/# /' "$W/log"
	if [ $name != resolve ]; then
		kill "$SGED"
		wait "$SGED"
		SGED=
	fi
done

# 6. Stop; one that does not is named.
# shellcheck disable=SC2046
set -- $(daemon_pids | grep -vx "$SGED" | sort -n)
kill -STOP "$2"
kill "$SGED"
check "it is said who is waited for" \
    wait_for 20 grep -q "waiting for net (pid $2) to end" "$W/log"
kill -CONT "$2"
check "SIGTERM ends all" wait_for 20 daemon_gone
wait "$SGED"
is $? 0 "with status 0"
SGED=
check "the socket is gone" test ! -e "$W/sock"
is "$(query 'SELECT sum(ok) FROM tally')" 3 "all is counted"

# A database that can't be written to, for now.
chmod a-w "$W/db/sged.db"
if [ "$(id -u)" -eq 0 ]; then
	daemon_start
	check "a database that can't be written to is tried again" \
	    wait_for 20 grep -q "sged.db: tried again in" "$W/log"
	chmod u+w "$W/db/sged.db"
	check "and had, once it can be" wait_for 60 daemon_ready
	kill "$SGED"
	check "SIGTERM ends all" wait_for 20 daemon_gone
	wait "$SGED"
	SGED=
fi
chmod u+w "$W/db/sged.db"

# 7. A signal to every process, as a service manager sends it.
daemon_start
wait_for 20 daemon_ready
# shellcheck disable=SC2046
kill $(daemon_pids) 2>/dev/null
check "SIGTERM to each of them ends all" wait_for 20 daemon_gone
wait "$SGED"
is $? 0 "with status 0 as well"
SGED=
finish
