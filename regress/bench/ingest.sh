#!/bin/sh
# SPDX-License-Identifier: ISC
#
# How fast sged reads session records, counts them and commits the counts: the
# whole daemon, as a user would run it, a spool that was filled while it was
# down; five times, each with a new database.
#
#	ingest.sh [rounds [records [domains]]]
TOP=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${1:-5}
records=${2:-600000}
domains=${3:-3000}
. "$TOP/regress/bed/daemon.sh"
[ -x "$REGRESS_BIN/records" ] || make -C "$TOP" tools >/dev/null
daemon_world

"$REGRESS_BIN/records" "$records" "$domains" >"$W/records" 2>/dev/null ||
    bail "records"
i=0
while [ $i -lt 6 ]; do
	tail -n +$((i * records / 6 + 1)) "$W/records" |
	    head -n $((records / 6)) >"$SESSIONS/2026110${i}T00Z.jsonl"
	i=$((i + 1))
done
rm "$W/records"
[ "$(id -u)" -ne 0 ] || chmod -R a+rX "$SESSIONS"
kb=$(du -sk "$SESSIONS" | cut -f 1)
echo "  $records records of $domains domains, $kb kB"

counted()
{
	grep -q 'engine: counted' "$W/log"
}

i=0
while [ $i -lt "$rounds" ]; do
	rm -f "$W/db"/sged.db*
	daemon_start
	wait_for 120 counted || { cat "$W/log"; bail "no end"; }
	ms=$(sed -n 's/^engine: counted .* in \([0-9]*\) ms$/\1/p' "$W/log")
	# The engine is the one that worked most: its CPU time, and memory.
	engine=$(daemon_pids | while read -r pid; do
		echo "$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" \
		    "$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status")"
	done | sort -n | tail -n 1)
	cpu=$((${engine% *} * 1000 / $(getconf CLK_TCK)))
	lines=$(query 'SELECT sum(lines) - sum(bad) FROM segment')
	kill "$SGED"
	wait "$SGED"
	SGED=
	[ "$lines" = "$records" ] || bail "$lines of $records counted"
	echo "  $ms ms, $((records * 1000 / ms)) records/s; CPU $cpu ms," \
	    "memory at most ${engine#* } kB"
	echo "$ms" >>"$W/ms"
	i=$((i + 1))
done
sort -n "$W/ms" | awk -v records="$records" '
	{ v[NR] = $1 }
	END {
		m = v[int((NR + 1) / 2)]
		printf "ingest: median of %d: %d records/s (%d ms)\n", NR,
		    records * 1000 / m, m
	}'
