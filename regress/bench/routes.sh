#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What the answers of table-sge take with a million routes while they are
# added to and swapped for new ones.  Fails beyond 50 ms for any answer.
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

# What else runs on this machine only adds to the time: one good round of five
# shows what the table itself takes.
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
