#!/bin/sh
# SPDX-License-Identifier: ISC
#
# mutate.sh [-n NUMBER] [-s SEED] [-r OUTPUT] [FILE...]: do the tests notice
# when the code decides otherwise?  In a copy of the built tree it changes one
# operator, constant or statement at a time, chosen by SEED, in the files where
# decisions stand (or in FILE...), and runs the unit tests that use the file.
# Prints every change that none of them noticed; exits 1 if these are more than
# 5 in 100.  Those that change nothing that could be seen are named, with the
# reason, in mutate.same and do not count.  -r tries only those that an earlier
# run has printed.
#
#	mutate.sh -n 200 -s 1
#
# What it prints of one: FILE, line, column, length and the text instead; then
# the function, the line as it is, and as it was tried.  mutate.same has FILE,
# function, both lines and why nothing comes of it, with tabs between.
#
# Not part of .ci/run: a change takes some seconds.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
number=200
seed=1
again=
while getopts n:r:s: opt; do
	case $opt in
	n) number=$OPTARG ;;
	r) again=$(realpath "$OPTARG") ;;
	s) seed=$OPTARG ;;
	*) exit 1 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- filter/session/session_rcpt.c filter/rule/*.c \
    filter/spool/routes.c filter/spool/route_map.c \
    reporter/rfc/rua.c reporter/rfc/rua_uri.c reporter/rfc/sts.c \
    reporter/count/judge.c reporter/count/tally*.c \
    reporter/report/report_json.c reporter/deliver/*.c reporter/learn/*.c
make=${MAKE:-make}

# --- the copy ---------------------------------------------------------------

work=$(mktemp -d /tmp/mu.XXXXXX)
tmp=$work/t
tree=$work/tree
mkdir -p "$tmp" "$tree"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tar cf - Makefile filter reporter regress/data regress/harden \
    regress/t regress/unit | (cd "$tree" && tar xf -)
cp regress/mutate.same "$work/same"
cd "$tree"
# What a test that is cut short leaves behind lies in the copy, too.
for c in regress/unit/*.[ch]; do
	sed "s,\"/tmp/unit-,\"$tmp/u-," "$c" >"$tmp/c"
	cmp -s "$tmp/c" "$c" || cp "$tmp/c" "$c"
done
# What is not freed is noticed, too, where the compiler can.
leaks=
echo 'int main(void) { return 0; }' >"$work/leak.c"
! ${CC:-cc} -fsanitize=leak -o "$work/leak" "$work/leak.c" 2>/dev/null ||
    ! "$work/leak" 2>/dev/null || leaks=-fsanitize=leak
$make units LDFLAGS="$leaks" >"$work/log" 2>&1 || {
	tail "$work/log" >&2
	exit 1
}
# How each is linked, without the programs.
$make -n units LDFLAGS="$leaks" | sed -e :a -e '/\\$/N' -e 's/\\\n//' -e ta |
    grep 'sh regress/unit/link unit-' >"$work/links"

# passes UNIT SECONDS: whether it runs to its end without a "not ok" or a leak;
# 2 if its time was over.
passes()
{
	{ timeout "$2" sh "regress/t/$1.t" </dev/null || echo "not ok: $?"; } \
	    2>/dev/null | awk '
	/^not ok: 124/ { exit bad = 2 }
	/^not ok/ { exit bad = 1 }
	/^1\.\.[1-9]/ { planned = 1 }
	END { exit bad ? bad : !planned }'
}

# fresh UNIT: linked anew; 0 or what the linker says.
fresh()
{
	rm -f "regress/bin/$1"
	grep "sh regress/unit/link $1\$" "$work/links" | sh >"$work/log" 2>&1
}

# measure OBJECT: the units that use it, those that end soon first.
measure()
{
	for u in $(grep -l "^$1$" regress/bin/*.uses |
	    sed 's,.*/\(.*\)\.uses,\1,'); do
		began=$(date +%s)
		if ! fresh "$u" || ! passes "$u" 300; then
			echo "mutate: $u fails as it is" >&2
			return 1
		fi
		echo "$(($(date +%s) - began)) $u" >>"$work/units"
	done
	sort -n -o "$work/units" "$work/units"
}

# --- what may be changed ----------------------------------------------------

# FILE, line, column, length, what stands there instead.
changes()
{
	awk '
	function say(at, len, to) {
		printf "%s\t%d\t%d\t%d\t%s\n", FILENAME, FNR, at, len, to
	}
	# Every place of one operator that is part of no longer one.
	function each(op, to,    at, from, before, after) {
		for (from = 1; (at = index(substr(code, from), op)) > 0;
		    from += at + length(op) - 1) {
			before = substr(code, from + at - 2, 1)
			after = substr(code, from + at - 1 + length(op), 1)
			if (from + at - 1 > 1 && before ~ /[-+<>=!&|]/)
				continue
			if (after ~ /[-+<>=&|]/)
				continue
			say(from + at - 1, length(op), to)
		}
	}
	# Blanks for comments, strings and characters.
	function plain(s,    out, i, c, two) {
		out = ""
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			two = substr(s, i, 2)
			if (comment) {
				if (two == "*/") {
					comment = 0
					i++
					out = out " "
				}
				out = out " "
			} else if (quote != "") {
				if (c == "\\") {
					i++
					out = out " "
				} else if (c == quote)
					quote = ""
				out = out " "
			} else if (two == "/*") {
				comment = 1
				out = out " "
			} else if (c == "\"" || c == "\047") {
				quote = c
				out = out " "
			} else
				out = out c
		}
		quote = ""
		return out
	}
	function constants(    rest, at, from, text) {
		from = 1
		rest = code
		while (match(rest, /[^A-Za-z0-9_.][0-9]+[^A-Za-z0-9_.]/)) {
			at = from + RSTART
			text = substr(code, at, RLENGTH - 2)
			say(at, length(text), text == "1" ? "0" : text + 1)
			from += RSTART + RLENGTH - 2
			rest = substr(code, from)
		}
	}
	FNR == 1 { comment = body = 0 }
	{ code = plain($0) }
	/^#/ { next }
	/^{/ { body = 1 }
	/^}/ { body = 0 }
	!body { next }
	{
		each("==", "!=")
		each("!=", "==")
		each("<=", "<")
		each(">=", ">")
		each(" < ", " <= ")
		each(" > ", " >= ")
		each("&&", "||")
		each("||", "&&")
		each(" + ", " - ")
		each(" - ", " + ")
		each("++", "--")
		# How large an array is, is seldom a decision.
		if (code !~ /^\t[a-z][^=(]*\[[^=(]*;$/)
			constants()
	}
	match(code, /![A-Za-z(]/) { say(RSTART, 1, "") }
	# A call or an assignment that fills its line.
	code ~ /^\t+[a-z_]+(->[a-z_]+|\.[a-z_]+)*( = |\().*;$/ &&
	    last ~ /[;{}]$/ {
		match(code, /[a-z]/)
		say(RSTART, length($0) - RSTART + 1, ";")
	}
	{
		sub(/[ \t]+$/, "", code)
		if (code != "")
			last = code
	}' "$@"
}

# chosen NUMBER: as many of them, by the seed alone.
chosen()
{
	awk -v x="$seed" '
	BEGIN { x = (x * 7919 + 1) % 2147483647 }
	{
		x = (x * 16807) % 2147483647
		printf "%d\t%s\n", x, $0
	}' | sort -n | head -n "$1" | cut -f 2- | sort -t '	' -k 1,1 -k 2,2n
}

# mutant FILE LINE COLUMN LENGTH TO <OLD
mutant()
{
	awk -v line="$2" -v at="$3" -v len="$4" -v to="$5" '
	NR == line {
		$0 = substr($0, 1, at - 1) to substr($0, at + len)
	}
	{ print }'
}

# --- each of them -----------------------------------------------------------

changes "$@" >"$work/all"
if [ -n "$again" ]; then
	grep '^[a-z].*	[0-9]*	[0-9]*	' "$again" >"$work/chosen"
else
	chosen "$number" <"$work/all" >"$work/chosen"
fi
killed=0
late=0
lived=0
same=0
none=0
file=
while IFS='	' read -r f line at len to; do
	if [ "$f" != "$file" ]; then
		file=$f
		o=${f%.c}.o
		cp "$f" "$work/old.c"
		cp "$o" "$work/old.o"
		: >"$work/units"
		measure "$o"
		[ -s "$work/units" ] || echo "$f: no unit test uses it"
	fi
	mutant "$f" "$line" "$at" "$len" "$to" <"$work/old.c" >"$f"
	was=$(sed -n "${line}p" "$work/old.c" | sed 's/^	*//')
	is=$(sed -n "${line}p" "$f" | sed 's/^	*//')
	in=$(awk -v line="$line" '
	/^[a-z][a-z_0-9]*\(/ { name = substr($0, 1, index($0, "(") - 1) }
	NR == line { print name }' "$work/old.c")
	if ! $make "$o" >"$work/log" 2>&1; then
		none=$((none + 1))
	else
		ar r regress/bin/libunits.a "$o" 2>/dev/null
		noticed=
		while read -r seconds u; do
			fresh "$u" || break
			rc=0
			passes "$u" $((seconds * 4 + 20)) || rc=$?
			[ $rc -ne 2 ] || late=$((late + 1))
			if [ $rc -ne 0 ]; then
				noticed=$u
				break
			fi
		done <"$work/units"
		if [ -n "$noticed" ]; then
			killed=$((killed + 1))
		elif grep -q -F "$f	$in	$was	$is	" "$work/same"; then
			same=$((same + 1))
		else
			lived=$((lived + 1))
			printf '%s\t%d\t%d\t%d\t%s\n%s:\n\t%s\n\t%s\n' \
			    "$f" "$line" "$at" "$len" "$to" "$in" "$was" "$is"
		fi
	fi
	cp "$work/old.c" "$f"
	cp "$work/old.o" "$o"
	ar r regress/bin/libunits.a "$o" 2>/dev/null
done <"$work/chosen"
tested=$((killed + lived))
echo "$(wc -l <"$work/all" | tr -d ' ') changes are possible: $killed" \
    "noticed ($late by the clock), $lived not, $same change nothing, $none do not compile"
[ $((lived * 20)) -le "$tested" ]
