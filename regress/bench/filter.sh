#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What an event costs filter-sge with all its work done (verdicts, records on
# disk), beside a filter that does nothing ("floor"), one that only keeps
# sessions ("lean"), and one on libopensmtpd that does nothing: CPU for one
# event and for one session, of which each registers other events, and peak
# memory, with 1,000 and with 100,000 sessions open, in turn, five times;
# medians, and what of lean's CPU a session filter-sge's is in the same round.
#
#	filter.sh [rounds [sessions]]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/regress/bench
bin=$top/regress/bin
rounds=${1:-5}
sessions=${2:-100000}
dir=$(mktemp -d /var/tmp/sge-bench.XXXXXXXXXX)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

command -v python3 >/dev/null || { echo "SKIP: needs python3"; exit 0; }
filters="floor lean"
if ${CC:-cc} -O2 -o "$bin/noop-libopensmtpd" "$here/noop-libopensmtpd.c" \
    -lopensmtpd 2>"$dir/cc"; then
	filters="$filters noop-libopensmtpd"
else
	echo "no libopensmtpd here (Debian: libopensmtpd-dev): not compared"
fi
filters="$filters filter-sge"

cat >"$dir/sge.conf" <<CONF
organization "Minties"
contact "tls-reports@minties.govt.nz"
hostname "mx.example.govt.nz"
local { "minties.govt.nz" ".govt.nz" ".com" ".net" ".org" ".nz" }
class restricted file "$dir/restricted"
class government { ".govt.nz" ".mil.nz" }
flow from restricted to restricted require connector
flow from { restricted government } to { restricted government } require tls
flow from any to any prefer tls
spool "$dir"
socket "$dir/sged.sock"
CONF

# run FILTER EVENTS
run()
{
	case $1 in
	filter-sge)
		set -- "$2" "$top/filter/filter-sge" -f "$dir/sge.conf" ;;
	*)
		set -- "$2" "$bin/$1" ;;
	esac
	"$bin/drive" "$@" 2>"$dir/log" || {
		tail -n 5 "$dir/log" >&2
		exit 1
	}
}

# median FILTER OPEN COLUMN
median()
{
	sed -n "s/^$1 $2 .*$3=\([0-9.]*\).*/\1/p" "$dir/results" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# for_session FILTER OPEN: microseconds of CPU for each, a line a round.
for_session()
{
	sed -n "s/^$1 $2 events=\([0-9]*\).*cpu_us=\([0-9.]*\).*/\1 \2/p" \
	    "$dir/results" | awk -v n="$n" '{ printf "%.2f\n", $1 * $2 / n }'
}

# ratios OPEN: filter-sge's to lean's, least, median, greatest.
ratios()
{
	for_session lean "$1" >"$dir/lean"
	for_session filter-sge "$1" | paste "$dir/lean" - |
	    awk '{ printf "%.2f\n", $2 / $1 }' | sort -n |
	    awk '{ v[NR] = $1 } END { printf "%s (%s to %s)", \
		v[int((NR + 1) / 2)], v[1], v[NR] }'
}

for open in 1000 100000; do
	n=$sessions
	[ "$n" -ge $((open * 2)) ] || n=$((open * 2))
	echo "$n sessions, $open open at once"
	python3 "$here/gen-events" -n "$n" -c "$open" -d 10000 \
	    -l "$dir/restricted" >"$dir/events"
	round=1
	while [ "$round" -le "$rounds" ]; do
		for f in $filters; do
			rm -rf "$dir/sessions"
			echo "$f $open $(run "$f" "$dir/events")"
		done
		round=$((round + 1))
	done >>"$dir/results"
	for f in $filters; do
		printf '  %-18s %9s events  %s us an event  %s us a' "$f" \
		    "$(median "$f" $open events)" "$(median "$f" $open cpu_us)" \
		    "$(for_session "$f" $open | sort -n | awk '{ v[NR] = $1 }
			END { print v[int((NR + 1) / 2)] }')"
		printf ' session  %6s kB\n' "$(median "$f" $open rss_kb)"
	done
	printf '  filter-sge has %s of lean'"'"'s CPU a session (goal: 1.30);' \
	    "$(ratios $open)"
	echo " load $(cut -d ' ' -f 1 /proc/loadavg)"
	case $filters in
	*libopensmtpd*)
		awk -v a="$(median filter-sge $open cpu_us)" \
		    -v b="$(median noop-libopensmtpd $open cpu_us)" 'BEGIN {
		    printf "  filter-sge is %.2f of libopensmtpd (goal: 0.50)\n", \
		    a / b }' ;;
	esac
done
