#!/bin/sh
# SPDX-License-Identifier: ISC
#
# rooms.sh [DIR]: a file includes only headers of its own room and of those
# that the table of reporter/HACKING names for it, and SQL stands in
# reporter/store alone, PostgreSQL's in reporter/fleet.  Prints what does not, and exits 1; also where there
# is nothing to look at.
cd "${1:-$(dirname "$0")/..}" || exit 1

if ! test -f reporter/HACKING; then
	echo "rooms: no reporter/HACKING here" >&2
	exit 1
fi
find filter reporter -type f -name '*.[chy]' ! -name conf_parse.c | sort |
xargs awk -v table=reporter/HACKING '
BEGIN {
	# "	reporter/net/	base conf lib"
	while ((getline line < table) > 0)
		if (line ~ /^\t(filter|reporter)\/([a-z]+\/)?\t/) {
			split(line, part, "\t")
			room = part[2]
			rooms++
			sub(/\/$/, "", room)
			name = room
			sub(/.*\//, "", name)
			known[room] = 1
			n = split(part[3], may, " ")
			for (i = 1; i <= n; i++)
				allowed[room, may[i]] = 1
			allowed[room, name] = 1
		}
}
FNR == 1 {
	room = FILENAME
	sub(/\/[^\/]*$/, "", room)
	files++
	if (!known[room]) {
		print FILENAME ": no room of the table"
		bad = 1
	}
}
/^#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	if (part[2] !~ /\//) {
		# Those beside the programs are in no room.
		if (room != "filter" && room != "reporter") {
			print FILENAME ":" FNR ": name the room of " part[2]
			bad = 1
		}
		next
	}
	includes++
	name = part[2]
	sub(/\/.*/, "", name)
	if (!allowed[room, name]) {
		print FILENAME ":" FNR ": " room " may not include " part[2]
		bad = 1
	}
}
room != "reporter/store" && ((room != "reporter/fleet" &&
    /"[^"]*(SELECT|INSERT|REPLACE|UPDATE|DELETE) /) ||
    /sqlite3_(prepare|exec|step|column|bind)/) {
	print FILENAME ":" FNR ": SQL outside reporter/store and fleet"
	bad = 1
}
END {
	if (rooms == 0 || files == 0 || includes == 0) {
		print "rooms: nothing to look at"
		bad = 1
	}
	exit bad
}' || exit 1
