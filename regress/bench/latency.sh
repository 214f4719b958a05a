#!/bin/sh
# SPDX-License-Identifier: ISC
#
# How long a client that may relay waits for the answer to RCPT, on a real mail
# host: DNS that is good, slow or dead, a policy host that hangs, sged stopped;
# public and government domains that nobody knows yet ("first"), that were just
# named ("again"), a member with a connector.  Milliseconds, the median and the
# worst of so many rounds, each with domains of its own.
#
#	latency.sh [rounds]
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
rounds=${1:-5}
bed_up
sge_conf_usual
sed -i 's/^resolver .*/resolver 127.0.0.1 port 5300/' "$A/etc/mail/sge.conf"
smtpd_conf_usual
sed -i 's/^listen on socket.*/&\
listen on lo filter "local"/' "$A/etc/smtpd.conf"
cp "$A/etc/smtpd.conf" "$A/etc/mail/own-smtpd.conf"
echo 0 >"$BED/wait"
bed_start delay at_a python3 "$TOP/regress/bench/dns-delay.py" 5300 "$BED/wait"
mail_host_up
# One that takes connections and says nothing.
bed_start hang at_b python3 -c 'import socket, time
s = socket.socket(); s.bind(("0.0.0.0", 443)); s.listen(500)
time.sleep(100000)'
# The first of all opens connections that the others find.
at_a "$BIN/smtpc" -d -f staff@minties.govt.nz 127.0.0.1 x@warm.nz >/dev/null

# rcpt WHAT DOMAIN: one RCPT, its time kept under WHAT.
rcpt()
{
	at_a "$BIN/smtpc" -d -f staff@minties.govt.nz 127.0.0.1 "x@$2" \
	    >"$BED/said" || note "$2: $(grep '^S: [45]' "$BED/said")"
	echo "$1 $(sed -n 's/^#  rcpt \([0-9]*\) us/\1/p' "$BED/said")" \
	    >>"$BED/times"
}

# row NAME: every kind of destination under what holds now.
row()
{
	: >"$BED/times"
	i=0
	while [ $i -lt "$rounds" ]; do
		i=$((i + 1))
		rcpt public-first "$1$i.example.nz"
		rcpt public-again "$1$i.example.nz"
		rcpt government-first "$1$i.govt.nz"
		rcpt government-again "$1$i.govt.nz"
		rcpt member dia.govt.nz
	done
	awk -v name="$1" '{ n[$1]++; v[$1, n[$1]] = $2 }
	END {
		split("public-first public-again government-first " \
		    "government-again member", kind, " ")
		printf "%-10s", name
		for (k = 1; k <= 5; k++) {
			m = n[kind[k]]
			for (i = 1; i <= m; i++)
				a[i] = v[kind[k], i]
			for (i = 2; i <= m; i++)
				for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
					t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
				}
			printf " %7.1f %7.1f", a[int((m + 1) / 2)] / 1000,
			    a[m] / 1000
		}
		print ""
	}' "$BED/times"
}

# hangs NAME: these domains have a policy whose host hangs.
hangs()
{
	i=0
	while [ $i -lt "$rounds" ]; do
		i=$((i + 1))
		for d in "$1$i.example.nz" "$1$i.govt.nz"; do
			dns "_mta-sts.$d TXT v=STSv1; id=1;" \
			    "mta-sts.$d A $NET4.200"
		done
	done
}

echo "load $(cut -d' ' -f1 /proc/loadavg), $rounds rounds; median and worst, ms"
printf '%-10s %15s %15s %15s %15s %15s\n' "" public again government again \
    member
row good
echo 1 >"$BED/wait"
row slow
echo 0 >"$BED/wait"
hangs hanging
row hanging
engines=$(pgrep -P "$(bed_pid sged)")
# shellcheck disable=SC2086
kill -STOP $engines
row frozen
# shellcheck disable=SC2086
kill -CONT $engines
echo dead >"$BED/wait"
row dead
bed_stop sged
row stopped
