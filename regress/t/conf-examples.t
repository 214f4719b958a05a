#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Every configuration that we print for others to copy is right as it stands,
# and comes back the same when it is printed: etc/sge.conf.example, and each
# literal block under EXAMPLES of sge.conf(5).
cd "$(dirname "$0")/../.." || exit 1
. regress/bed/tap.sh
unit=${BIN:-$PWD/regress/bin}/unit-conf
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cp etc/sge.conf.example "$dir/example.conf"
awk -v dir="$dir" '
	/^\.Sh / { examples = ($2 == "EXAMPLES"); next }
	!examples { next }
	/^\.Bd -literal/ { file = dir "/page" ++n ".conf"; next }
	/^\.Ed/ { close(file); file = ""; next }
	file != "" { gsub(/\\e/, "\\"); sub(/^\\&/, ""); print >file }
' man/sge.conf.5

# The file of members that the page names.
printf '# members\ndia.govt.nz\n' >"$dir/restricted"
for f in "$dir"/page*.conf; do
	sed "s,/etc/mail/sge/restricted,$dir/restricted," "$f" >"$dir/new"
	mv "$dir/new" "$f"
done

set -- "$dir"/*.conf
[ $# -eq 4 ]
ok $? "the example file and the three of the page"
for f in "$@"; do
	out=$("$unit" "$f" 2>&1)
	ok $? "${f##*/} is right and comes back"
	is "$(printf '%s\n' "$out" | grep -v '^ok \|^1\.\.')" "" \
	    "${f##*/}: nothing is said of it"
done

# Whether other pages are installed here is not what is asked.
if command -v mandoc >/dev/null; then
	for p in man/*.5 man/*.8; do
		is "$(mandoc -T lint "$p" 2>&1 |
		    grep -v 'referenced manual not found\|mandoc.db')" "" \
		    "mandoc -T lint $p"
	done
else
	note "no mandoc(1) here: pages are not checked"
fi
finish
