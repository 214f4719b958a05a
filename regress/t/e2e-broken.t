#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What each process could reach if somebody had taken it over: root has it make
# the system call (tool/broken.c).  What comes out is the table in
# regress/SECURITY; "sh regress/t/e2e-broken.t | sed -n 's/^#> //p'" prints it.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
[ "$("$BIN/broken" 2>/dev/null)" != "needs Linux on x86-64" ] ||
    bed_skip "needs Linux on x86-64"
bed_up
sge_conf_usual
bed_install
mkdir -p "$A/etc/ssl/private" "$A/tmp"
echo key >"$A/etc/ssl/private/key"
chmod 600 "$A/etc/ssl/private/key"
# smtpd's own user runs its tables, and sends mail.
smtpd_uid=$(sed -n 's/^opensmtpd:[^:]*:\([0-9]*\):.*/\1/p' "$A/etc/passwd")
sged_up
! grep -q "kernel.* has no\|landlock(7) has version" "$BED/log/sged" ||
    bed_skip "needs a newer kernel"
spool=/var/spool/sged

# As USER, what smtpd runs: it waits for smtpd's first line.
as()
{
	as_user=$1 as_label=$2
	shift 2
	mkfifo "$BED/$as_label.in" 2>/dev/null
	# Both ends, so that neither waits for the other.
	exec 8<>"$BED/$as_label.in"
	[ "$as_label" != deliver ] || exec 8<"$BED/bomb"
	(exec nsenter --net=/run/netns/A chroot --groups= \
	    --userspec="$as_user:$as_user" "$A" "$@" <&8 8>&- \
	    >"$BED/log/$as_label" 2>&1) &
	echo $! >"$BED/pid/$as_label"
	exec 8>&-
}

child_of()
{
	ps -eo pid,ppid | awk -v p="$1" '$2 == p { print $1 }'
}

# has FILE: of sged's processes, that which has it open.
has()
{
	for has_pid in $(child_of "$(bed_pid sged)"); do
		ls -l "/proc/$has_pid/fd" 2>/dev/null | grep -q "$1" &&
		    echo "$has_pid" && return
	done
}

# of_uid UID N: the N-th of sged's processes that run as that.
of_uid()
{
	ps -eo pid,ppid,uid | sort -n | awk -v p="$(bed_pid sged)" -v u="$1" \
	    -v n="$2" '$2 == p && $3 == u && ++i == n { print $1 }'
}

pid_of()
{
	case $1 in
	engine)
		has /sged.db ;;
	mailer)
		engine=$(has /sged.db)
		for m in $(of_uid 871 1) $(of_uid 871 2); do
			[ "$m" = "$engine" ] || echo "$m"
		done ;;
	resolve)
		of_uid 874 1 ;;
	net)
		of_uid 874 2 ;;
	filter-sge | table-sge)
		bed_alive "$1" && bed_pid "$1" ;;
	*-writer)
		child_of "$(bed_pid "${1%-writer}")" ;;
	parser)
		child_of "$(bed_pid deliver)" ;;
	esac
}

walled()
{
	grep -qs '^Seccomp:.*2' "/proc/$1/status"
}

parser_held()
{
	bed_alive deliver || as 873 deliver /usr/local/sbin/sgectl \
	    -f /etc/mail/sge.conf deliver
	until held=$(pid_of parser) && walled "$held"; do
		bed_alive deliver || return 1
	done
	kill -STOP "$held"
}

# Each is there, and has its walls.
stands()
{
	stands_pid=$(pid_of "$1" 2>/dev/null)
	[ -n "$stands_pid" ] || return 1
	[ "$1" = mailer ] || walled "$stands_pid"
}

start()
{
	case $1 in
	engine | mailer | resolve | net)
		bed_alive sged && bed_stop sged
		rm -f "$A/run/sged.sock"
		sged_up ;;
	filter-sge*)
		as 875 filter-sge /usr/libexec/opensmtpd/filter-sge \
		    -f /etc/mail/sge.conf ;;
	table-sge*)
		as "$smtpd_uid" table-sge /usr/libexec/opensmtpd/table-sge \
		    /etc/mail/sge.conf ;;
	parser)
		# One that has a lot to read is held while it does.
		wait_for 120 parser_held ;;
	esac
	wait_for 60 stands "$1" || bail "$1 does not start"
}

# try WORD WHAT [OF WHAT]: WORD is printed if that can be done.  pid: whose.
try()
{
	try_word=$1
	shift
	try_said= try_n=0
	# One that ends meanwhile, or is just begun, is held by nobody.
	until [ -n "$try_said" ] || [ $((try_n += 1)) -gt 20 ]; do
		[ $try_n -eq 1 ] || again
		try_said=$("$BIN/broken" "$pid" "$@" 2>>"$BED/log/broken")
	done
	echo "$role: $*: $try_said" >>"$BED/log/broken"
	case $try_said in
	yes)
		printf ' %s' "$try_word" ;;
	no)
		;;
	ended)
		# Let its end be seen.
		wait_for 60 another "$pid"
		again ;;
	*)
		printf ' %s?' "$try_word" ;;
	esac
}

another()
{
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"
}

again()
{
	stands "$role" || start "$role"
	pid=$stands_pid
}

reach()
{
	role=$1
	again
	printf '%s' "$role"
	try files read /etc/passwd
	try secrets read /etc/ssl/private/key
	try sge.conf read /etc/mail/sge.conf
	try database append /var/db/sged/sged.db
	try routes append $spool/routes
	try sessions make $spool/sessions/broken
	rm -f "$A$spool/sessions/broken"
	try attempts make $spool/attempts/broken
	rm -f "$A$spool/attempts/broken"
	try elsewhere make /tmp/broken
	rm -f "$A/tmp/broken"
	try socket connect /run/sged.sock
	try tcp tcp $NET4.200 9
	try udp udp
	try programs run /nonexistent
	for other in engine mailer resolve net filter-sge table-sge; do
		other_pid=$(pid_of $other)
		[ -z "$other_pid" ] || [ "$other_pid" = "$pid" ] ||
		    try "kill($other)" signal "$other_pid"
	done
	try root root
	echo
}

python3 "$TOP/regress/tool/bomb.py" nested >"$BED/bomb"
start filter-sge
start table-sge
for r in engine resolve net mailer filter-sge filter-sge-writer table-sge \
    table-sge-writer parser; do
	reach $r
done >"$BED/log/reach"
sed 's/^/#> /' "$BED/log/reach"
sed -n '/^    process  *reaches/,/^$/s/^    //p' "$TOP/regress/SECURITY" |
    sed 1d | tr -s ' ' >"$BED/log/security"
is "$(cat "$BED/log/reach")" "$(cat "$BED/log/security")" \
    "each process reaches what regress/SECURITY says, and nothing else" ||
    note "$(tail -n 20 "$BED/log/broken")"
finish
