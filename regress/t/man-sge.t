#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Every line that filter-sge, table-sge, sged or sgectl deliver may log stands
# in sge(7) with what it means: of each format the longest piece between two
# conversions.  Not there are errors of the system, which name a file or a call
# and errno, and those of the list below.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
T=$(mktemp -d "${TMPDIR:-/tmp}/sge-log.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM
cd "$TOP" || exit 1
for tool in perl mandoc; do
	command -v $tool >/dev/null || {
		echo "1..0 # SKIP needs $tool"
		exit 0
	}
done

# Rows that our own statements can't have written: a database that somebody
# else wrote to.
cat >"$T/internal" <<'EOT'
attempts/
database: delivery
database: report
database: tally: overlong name
: path too long
EOT
# sgectl's own messages go to who typed the command.
files=$(find filter reporter -name '*.c' ! -path 'reporter/view/*' \
    ! -path 'reporter/ctl/*' ! -path 'reporter/check/*' \
    ! -path 'reporter/host/*' ! -name cmd_read.c | sort)
mandoc -T ascii man/sge.7 | col -b | tr '\n\t' '  ' | tr -s ' ' >"$T/page"
# shellcheck disable=SC2086
perl -0777 -ne '
	while (/\blog_(?:info|warnx)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
		my $f = join "", $1 =~ /"((?:[^"\\]|\\.)*)"/g;
		$f =~ s/\\"/"/g;
		my ($best) = sort { length $b <=> length $a }
		    split /%[-+.*0-9]*(?:ll|l|z|j)?[a-zA-Z]/, $f;
		$best = "" unless defined $best;
		$best =~ s/^["\s]+|["\s]+$//g;
		print "$best\n" if length $best > 3;
	}' $files | sort -u >"$T/lines"
n=$(wc -l <"$T/lines" | tr -d ' ')
ok "$([ "$n" -gt 50 ]; echo $?)" "$n lines are logged"
while IFS= read -r line; do
	grep -Fqx -e "$line" "$T/internal" && continue
	is "$(grep -Fc -e "$line" "$T/page")" 1 "\"$line\""
done <"$T/lines"
finish
