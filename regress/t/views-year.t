#!/bin/sh
# Views of a year's data, with the time that each takes.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-year.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
sh "$here/data/sgectl/make" "$dir" || bail "no fixture"
rm "$dir/sged.db"*
"$here/bin/unit-fill" "$dir/sged.db" "$here/data/sgectl/year.sql" ||
    bail "no data"
cat >"$dir/clock.sh" <<EOT
SGE_CLOCK=1772760600 LD_PRELOAD="$dir/clock.so" \\
    exec "$here/../reporter/sgectl" -f "$dir/sge.conf" "\$@"
EOT
${CC:-cc} -shared -fPIC -o "$dir/clock.so" "$here/tool/clock.c" || exit 1

# run ARGUMENT...: sgectl; $took: milliseconds of CPU, which others do not add to.
run()
{
	perl -e '
		my $file = shift;
		my $status = system(@ARGV);
		my (undef, undef, $user, $system) = times;
		open(my $took, ">", $file) or die "$file: $!";
		printf $took "%d\n", ($user + $system) * 1000;
		exit($status >> 8 || $status & 127);
	' "$dir/took" sh "$dir/clock.sh" "$@"
	run_status=$?
	took=$(cat "$dir/took")
	return $run_status
}

note "$(wc -c <"$dir/sged.db") bytes of database"
while read -r view; do
	# shellcheck disable=SC2086
	run $view >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -eq 0 ] && [ "$(wc -l <"$dir/out")" -gt 2 ] &&
	    [ ! -s "$dir/err" ]
	ok $? "$view" || sed 's/^/# /' "$dir/err"
	# A slow machine is no failure: one that reads all for each row is.
	[ $took -lt 20000 ]
	ok $? "  in $took ms of CPU"
done <<'EOT'
show flow -d 365
show flow -h -d 365
show flow -d 365 -D domain7.example.nz
show cleartext -d 365
show cleartext -d 365 -j -n 0
show failures -d 365
show sent -d 365
show metrics -d 365
digest -d 365
EOT
run html -d 365 "$dir/html"
is $? 0 "html -d 365"
note "in $took ms of CPU"
like "$(cat "$dir/html/index.html")" '*week from (UTC)*</html>' \
    "the page has a column a week"
finish
