#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What the answers of table-sge and filter-sge take with a million routes while
# they are added to and swapped for new ones, and the memory of the four
# processes that smtpd runs.  Fails beyond 50 ms for any answer.
#
#	routes.sh [routes [questions]]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
routes=${1:-1000000}
questions=${2:-200000}
dir=$(mktemp -d)
swap=
trap '[ -z "$swap" ] || kill "$swap" 2>/dev/null; rm -rf "$dir"' EXIT

cat >"$dir/sge.conf" <<CONF
organization "Minties"
contact "tls@minties.govt.nz"
local { minties.govt.nz }
class government { .govt.nz }
flow from government to government require tls
spool "$dir"
CONF
awk -v n="$routes" 'BEGIN { for (i = 0; i < n; i++)
    print "agency-" i ".govt.nz" }' >"$dir/domains"

# What else runs on this machine adds to the time, by the disk and the memory as
# well: one good round of five shows what the table itself takes.
ask()
{
	for round in 1 2 3 4 5; do
		"$top/regress/bin/table-load" -m 50 "$@" -n "$questions" \
		    "$top/filter/table-sge" "$dir/sge.conf" \
		    <"$dir/domains" && return 0
	done
	return 1
}

"$top/regress/bin/routes-swap" "$routes" 3600 "$dir" >"$dir/ready" &
swap=$!
until grep -q ready "$dir/ready"; do
	sleep 1
done
echo "$routes routes: $(wc -c <"$dir/routes.cdb") bytes"
ask -c lookup -t sge-routes
ask -c check -t sge-verify

# filter-sge, which looks up each recipient's route.
awk -v n="$questions" 'BEGIN {
	head = "|0.7|1795308413.156641|smtp-in|"
	unix = "pass|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock"
	print "config|subsystem|smtp-in\nconfig|ready"
	for (i = 0; i < n; i++) {
		id = sprintf("%016x", i + 1)
		print "report" head "link-connect|" id "|host.nz|" unix
		print "filter" head "rcpt-to|" id "|" id "|a@agency-" \
		    i * 7919 % n ".govt.nz"
		print "report" head "link-disconnect|" id
	}
}' >"$dir/events"
mkfifo "$dir/in"
mkdir "$dir/sessions"
"$top/filter/filter-sge" -f "$dir/sge.conf" <"$dir/in" >"$dir/out" \
    2>"$dir/err" &
filter=$!
exec 3>"$dir/in"
cat "$dir/events" >&3
until [ "$(grep -c '|proceed$' "$dir/out")" -eq "$questions" ]; do
	sleep 1
done
echo "filter-sge: $questions recipients;" \
    "$(awk '/^[RP]ss:/ { printf "%s %s kB ", $1, $2 }' \
    "/proc/$filter/smaps_rollup" 2>/dev/null)"
exec 3>&-
wait "$filter"
