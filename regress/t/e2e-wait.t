#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A real smtpd while sged finds nothing out: recipients wait and are answered when the time
# is over, others go on meanwhile; a client that goes away while it waits (its
# answer comes for a session that is over) harms nobody.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
mail_host_up
bed_stop smtpd.A
sed -i 's/^learn timeout .*/learn timeout 10s/' "$A/etc/mail/sge.conf"
# Only who may relay waits: this host's own programs.
echo 'listen on lo filter "sge"' >>"$A/etc/smtpd.conf"
smtpd_up
# freeze [USER]: sged's processes, or those of one user.
freeze()
{
	for pid in $(ps -eo pid,uid,comm | awk -v u="$1" \
	    '$3 == "sged" && (u == "" || $2 == u) { print $1 }'); do
		kill -STOP "$pid"
	done
}
# Those that ask others: sged lives, and finds nothing out.
freeze 874

# here RCPT: such a program.
here()
{
	at_a "$BIN/smtpc" -d -f a@club.co.nz 127.0.0.1 "$1"
}

# The first line of the answer to a client's RCPT.
said()
{
	sed -n '/^C: RCPT/{n;s/^S: //;p;}' "$BED/log/$1"
}

bed_start gone here b@unknown-1.nz
check "a recipient of an unknown domain waits" \
    wait_log 20 gone '^C: RCPT'
bed_start stays here b@unknown-2.nz
out=$(client 104 -d -f a@club.co.nz "$A4" staff@minties.govt.nz)
like "$out" '*C: RCPT*S: 250*' "a domain of ours is answered meanwhile"
is "$(said gone)" "" "while the other still waits"
is "$(sgectl show status | grep -c 'no session')" 0 \
    "a host's first day is no fault"
bed_stop gone KILL
check "the time is over: smtpd goes on" wait_log 60 stays '^S: [25]50'
check "who went away is on record" \
    wait_for 40 record_seen '"to":"unknown-1.nz"'
ok "$(bed_alive smtpd.A; echo $?)" "smtpd is alive"
is "$(grep -c -i -e 'lost processor' -e fatal "$BED/log/smtpd.A")" 0 \
    "and has no complaint"
out=$(client 104 -d -f a@club.co.nz "$A4" staff@minties.govt.nz)
like "$out" '*C: RCPT*S: 250*' "and serves the next one"

# All of it.
freeze
bed_start silent here b@unknown-3.nz
check "smtpd goes on without it" wait_log 60 silent '^S: [25]50'
like "$(sgectl show status)" '*DOES NOT ANSWER, though it runs*' \
    "show status says that it hangs"
like "$(sgectl show status)" "*last wrote to its database at $(date -u +%Y | cut -c1-2)*" \
    "and what is known of it"
like "$(sgectl digest -d today)" '*sged does not answer: restart it*' \
    "so does the digest"
is "$(sgectl -j show status | grep -c '"running": *0.*"hangs": *1')" 1 \
    "and the machine's form"
finish
