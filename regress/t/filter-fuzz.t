#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Whatever comes on standard input: filter-sge goes on, answers what is to be
# answered and nothing else, and does not grow.
. "$(dirname "$0")/../bed/filter.sh"
LC_ALL=C
export LC_ALL

# What smtpd takes (lka_filter.c): no other line may come out.
understood='^filter-result\|[0-9a-fA-F]{16}\|[0-9a-fA-F]{16}\|(proceed|reject\|[45][0-9][0-9] [ -~]+)$'
asks='^filter\|[^|]*\|[^|]*\|smtp-in\|rcpt-to\|[0-9a-fA-F]{16}\|[0-9a-fA-F]{16}\|'

# requests FILE: the pairs that must be answered.
requests()
{
	grep -aE "$asks" "$1" | cut -d'|' -f6-7
}

replies()
{
	grep -v '^register|' "$T/all" | cut -d'|' -f2-3
}

peak()
{
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$filter_pid/status" 2>/dev/null
}

below()
{
	if [ -z "$1" ]; then
		ok 0 "$3 # SKIP no /proc"
	else
		[ "$1" -lt "$2" ]
		ok $? "$3 ($1 kB)"
	fi
}

# survive TEXT FILE: all of it, then a session that must be served.
survive()
{
	filter_start
	cat "$2" >&9
	filter_say '' "$(connect fedcba9876543210 198.51.100.5
	    mail fedcba9876543210 a@ird.govt.nz
	    rcpt fedcba9876543210 b@mbie.govt.nz)"
	check "$1: still serves" \
	    wait_for 120 answered fedcba9876543210 "reject|530"
	below "$(peak)" "${3:-12000}" "$1: memory"
	filter_end
	is $? 0 "$1: ends well"
	is "$(grep -v '^register|' "$T/all" | grep -cvE "$understood")" 0 \
	    "$1: no line that smtpd would not take"
	{
		cat "$2"
		echo
		echo 'filter|||smtp-in|rcpt-to|fedcba9876543210|f0fe8ae50f0c3055|'
	} >"$T/fed"
	# A damaged domain may be one that sged is asked about, and be late.
	requests "$T/fed" | sort >"$T/want"
	replies | sort >"$T/got"
	cmp -s "$T/want" "$T/got"
	ok $? "$1: each request answered once ($(wc -l <"$T/got"))"
	is "$(filter_records | grep -avc '^{"v":1,.*]}$')" 0 \
	    "$1: whole records"
	case $(cat "$T/err") in
	*Sanitizer* | *"runtime error"*)
		ok 1 "$1: $(grep -m1 -A8 -E 'Sanitizer|runtime error' "$T/err")"
	esac
}

filter_conf
sed -i.bak '/^local/d' "$T/sge.conf"
echo 'local { ".nz" ".org" ".com" ".net" ".example" "minties.govt.nz" }' \
    >>"$T/sge.conf"

seed=${SEED:-$(date +%s)}
note "seed $seed"

# all SIZE ROUNDS
all()
{
	dd if=/dev/urandom bs=1000 count="$1" >"$T/random" 2>/dev/null
	survive "random bytes" "$T/random"

	i=0
	while [ $i -lt "$2" ]; do
		grep -hE '^(report|filter)\|' "$TOP"/regress/data/traces/*.txt |
		    "$BIN/mutate" $((seed + i)) $((20 << (i % 5)))
		i=$((i + 1))
	done | grep -av '^filter|.*@nowhere' >"$T/mutated"
	survive "mutated traces" "$T/mutated" 16000

	awk 'BEGIN { s = "filter|0.7|1.1|smtp-in|rcpt-to|00000000000000aa|" \
	    "00000000000000bb|"
	    x = sprintf("%01000d", 0)
	    printf "report|0.7|1.1|smtp-in|link-connect|00000000000000aa|"
	    for (i = 0; i < 1000; i++) printf "%s", x; print ""
	    printf "%s", s; for (i = 0; i < 1000; i++) printf "%s", x; print ""
	    for (i = 0; i < 1000; i++) printf "%s", x; print ""
	    printf "%s", s; print "" }' >"$T/long"
	survive "lines of a megabyte" "$T/long"
}

# sged is away: who asks it waits a second.
echo 'learn timeout 1s' >>"$T/sge.conf"
all 10000 40

# --- sessions that never end ---------------------------------------------

awk -v n=250000 'BEGIN { for (i = 0; i < n; i++) {
    s = sprintf("%016x", i * 7919)
    h = "report|0.7|1795308822.1|smtp-in|"
    print h "link-connect|" s "|host-" i ".example.org|pass|198.51.100.5:1|192.0.2.25:25"
    print h "link-identify|" s "|EHLO|helo-" i ".example.org" } }' >"$T/open"
rm -rf "$T/spool/sessions"
filter_start
cat "$T/open" >&9
filter_say "$(connect fedcba9876543210 198.51.100.5
    mail fedcba9876543210 a@ird.govt.nz
    rcpt fedcba9876543210 b@mbie.govt.nz)"
check "250,000 sessions open: still serves" \
    wait_for 120 answered fedcba9876543210 "reject|530"
below "$(peak)" 90000 "250,000 sessions open: memory"
filter_end
is $? 0 "250,000 sessions open: ends well"
is "$(filter_records | wc -l | tr -d ' ')" 250001 \
    "each has its record, those given up too"
check "that some were given up is said" grep -q 'sessions given up' "$T/err"

# --- what does not fit together -------------------------------------------

{
	# Of a session that nobody knows only the recipient is known.
	rcpt 00000000000000f1 b@mbie.govt.nz
	mail 00000000000000f1 a@ird.govt.nz
	commit 00000000000000f1
	bye 00000000000000f1
	# TLS, mail and end before its beginning; a beginning twice.
	tls 00000000000000f2
	connect 00000000000000f2 198.51.100.5
	connect 00000000000000f2 198.51.100.6
	rcpt 00000000000000f2 b@mbie.govt.nz
	bye 00000000000000f2
	bye 00000000000000f2
	# An outgoing session's events under an incoming one's number.
	connect 00000000000000f3 198.51.100.5
	report out tx-commit 00000000000000f3 "1|1"
	report out link-disconnect 00000000000000f3
	rcpt 00000000000000f3 b@mbie.govt.nz
	report out link-connect 00000000000000f4 "x|pass|192.0.2.1:1|198.51.100.5:25"
	rcpt 00000000000000f4 b@mbie.govt.nz
} >"$T/lines"
filter_run "$T/lines"
is $? 0 "events that do not fit together"
is "$(cut -d'|' -f2,4 "$T/out" | tr '\n' ' ')" \
    "00000000000000f1|proceed 00000000000000f2|proceed 00000000000000f3|proceed 00000000000000f4|proceed " \
    "are answered by what is known"
is "$(filter_records | sed 's/.*"session":"\([^"]*\)".*"remote":\([^,]*\),.*/\1 \2/' | tr '\n' ' ')" \
    '00000000000000f2 "198.51.100.5" 00000000000000f2 "198.51.100.6" 00000000000000f3 "198.51.100.5" 00000000000000f4 "198.51.100.5" ' \
    "and recorded"

# --- the same, watched by the compiler's sanitizers ------------------------

asan=$BIN/filter-sge-asan
flags="-O1 -g -std=gnu11 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -I$TOP/filter"
flags="$flags -fsanitize=address,undefined -fno-omit-frame-pointer"
sources=$(ls "$TOP"/filter/*.c "$TOP"/filter/*/*.c | grep -v -e /table-sge.c \
    -e /filter-keep.c)
if [ ! -x "$asan" ] || [ -n "$(find "$TOP/filter" -name '*.[chy]' \
    -newer "$asan")" ]; then
	# shellcheck disable=SC2046,SC2086
	${CC:-cc} $flags $(pkg-config --cflags libbsd-overlay 2>/dev/null) \
	    -o "$asan.$$" $sources \
	    $(pkg-config --libs libbsd-overlay jansson 2>/dev/null) -lcdb \
	    >"$T/cc" 2>&1 && mv "$asan.$$" "$asan"
fi
if [ ! -x "$asan" ]; then
	if echo 'int main(void) { return 0; }' >"$T/x.c" &&
	    ${CC:-cc} -fsanitize=address,undefined -o "$T/x" "$T/x.c" \
	    2>/dev/null && "$T/x"; then
		ok 1 "builds with sanitizers"
		sed 's/^/# /' "$T/cc" | head -20
	else
		ok 0 "sanitizers # SKIP this compiler has none"
	fi
	finish
fi
FILTER=$asan
# What is still held at the end is a leak, where the system lets it be seen
# (it takes ptrace(2)).
cat >"$T/leak.c" <<'END'
#include <stdlib.h>
static void *volatile p;
int main(void) { p = malloc(64); p = NULL; return 0; }
END
ASAN_OPTIONS=detect_leaks=1
export ASAN_OPTIONS
# shellcheck disable=SC2086
if ${CC:-cc} $flags -o "$T/leak" "$T/leak.c" && ! "$T/leak" 2>"$T/said" &&
    grep -q 'detected memory leaks' "$T/said"; then
	ok 0 "a leak would be seen"
else
	ok 0 "leaks # SKIP they can't be seen here"
	ASAN_OPTIONS=detect_leaks=0
fi
below() { :; }
note "with sanitizers"
all 1000 10
finish
