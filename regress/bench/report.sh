#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A day of 100,000 policy domains and 1,000,000 sessions: from the records to
# the mails.  sged reads and counts them, looks up each domain at a name
# server, builds each report and hands it to a sendmail that only counts.  The
# goal: ten minutes on two cores, 100 MB.  Another number of domains may be
# given as the argument; each has ten sessions.

. "$(dirname "$0")/../bed/local.sh"

DOMAINS=${1:-100000}
local_up

cp "$BIN/sink" "$L/sendmail"
: >"$L/sendmail.ids"
# All reports go to one address.
local_conf "report spread 0s" "report limit $DOMAINS"
# All names below bench.test are the same: each is asked for all the same.
local_dns <<EOF
+bench.test TXT v=TLSRPTv1; rua=mailto:tls-reports@rua.test
EOF

DAY=$(utc_day 1)
echo "# writing $((DOMAINS * 10)) records"
awk -v n="$DOMAINS" -v day="$DAY" -v out="$L/spool/sessions/$(echo "$DAY" |
    tr -d -)T" 'BEGIN {
	head = "\"host\":\"mail.minties.govt.nz\",\"dir\":\"out\"," \
	    "\"session\":\"0123456789abcdef\",\"local\":\"192.0.2.1\"," \
	    "\"remote\":\"198.51.100.7\",\"rdns\":null,\"helo\":\"mx\","
	good = "\"starttls\":\"offered\",\"tls\":\"TLSv1.3\"," \
	    "\"cipher\":\"X\",\"failure\":null,"
	bad = "\"starttls\":\"absent\",\"tls\":null,\"cipher\":null," \
	    "\"failure\":\"starttls-not-supported\","
	from = "\"tx\":[{\"from\":\"minties.govt.nz\",\"to\":\"d"
	tail = ".bench.test\",\"flow\":\"public>public\"," \
	    "\"verdict\":\"pass\",\"messages\":1,\"rcpts\":1}]}"
	for (h = 0; h < 10; h++) {
		file = sprintf("%s%02dZ.jsonl", out, h)
		when = sprintf("{\"v\":1,\"time\":\"%sT%02d:00:00Z\",",
		    day, h)
		for (i = 0; i < n; i++) {
			how = i % 10 == h ? bad : good
			print when head how from i tail >file
		}
		close(file)
	}
}'

now()
{
	date +%s
}

# The most that each process ever held, in kB; the name server's not.
memory()
{
	for p in $(cat "$L/sged.pid") $(local_children sged); do
		sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$p/status"
	done 2>/dev/null
}

# Seconds of CPU of sged and all it began, those that ended included: first
# what its processes worked themselves, then sendmails and who runs them.
cpu()
{
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$(cat "$L/sged.pid")" \
	    -v hz="$(getconf CLK_TCK)" '
		{
			sub(/\(.*\)/, "x")
			up[$1] = $4
			own[$1] = $14 + $15
			gone[$1] = $16 + $17
		}
		END {
			for (p in up) {
				for (q = p; q in up && q != top; q = up[q])
					if (up[q] == top)
						break
				if (!(q in up))
					continue
				deep = p != top && up[p] != top
				self += deep ? 0 : own[p]
				mail += (deep ? own[p] : 0) + gone[p]
			}
			printf "%.1f %.1f\n", self / hz, mail / hz
		}'
}

mailed()
{
	wc -l <"$L/sendmail.ids" | tr -d ' '
}

began=$(now)
local_sged
counted=
last=-1
while [ "$(mailed)" -lt "$DOMAINS" ]; do
	local_alive sged || { tail -n 5 "$L/log/sged"; exit 1; }
	[ -z "$counted" ] && [ "$(mailed)" -gt 0 ] &&
	    counted=$(($(now) - began))
	if [ $(($(now) - began)) -gt 1200 ]; then
		echo "not done after 20 minutes: $(mailed) mails"
		tail -n 5 "$L/log/sged"
		exit 1
	fi
	sleep 1
done
took=$(($(now) - began))
[ -n "$counted" ] || counted=$took
memory >"$L/memory"
# shellcheck disable=SC2046
set -- $(cpu)
echo "# CPU: $1 s in sged's processes, $2 s in sendmails and who runs them;" \
    "load $(cut -d' ' -f1-3 /proc/loadavg)"
awk -v d="$DOMAINS" -v s="$took" -v c="$counted" '
	{ sum += $1; if ($1 > max) max = $1 }
	END {
		printf "%d domains, %d sessions: %d s (first report after " \
		    "%d s), %.0f reports/s, %.1f MB in all processes " \
		    "(the largest %.1f MB)\n", d, d * 10, s, c,
		    d / (s > c ? s - c : 1), sum / 1024, max / 1024
	}' "$L/memory"
sort "$L/sendmail.ids" | uniq -d | wc -l | awk '{ print "sent twice: " $1 }'
[ "$took" -lt 600 ] || echo "slower than ten minutes"
