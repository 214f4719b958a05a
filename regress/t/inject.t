#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Small runs of each program in which a call fails: an allocation, a write, a
# read.  None ends by a signal; what exits with 0 has said all; filter-sge and
# table-sge answer everything once they are ready; sgectl deliver says "later".
# Of most runs some ten calls are tried; "make faults" tries every one.
. "$(dirname "$0")/../bed/filter.sh"
[ "$(uname)" = Linux ] || {
	echo '1..0 # SKIP the calls are injected as glibc has it'
	exit 0
}
trap 'rm -rf "$T"' EXIT
: "${FAULTS:=10}"
so=$T/fault.so
${CC:-cc} -shared -fPIC -std=gnu11 -D_GNU_SOURCE -o "$so" \
    "$TOP/regress/faults/fault.c" -ldl || bail "fault.so"
total=0

# one N ERRNO CALLS COMMAND...: with standard input from $T/input.
one()
{
	one_n=$1 one_errno=$2 one_calls=$3
	shift 3
	env FAULT_AT="$one_n" FAULT_ERRNO="$one_errno" FAULT_CALLS="$one_calls" \
	    FAULT_COUNT="$T/count" LD_PRELOAD="$so" "$@" \
	    <"$T/input" >"$T/got" 2>"$T/err"
	one_status=$?
	: >"$T/over"
}

# sweep NAME JUDGE ERRNO CALLS COMMAND...
sweep()
{
	name=$1 judge=$2
	shift 2
	before
	one 0 "$@"
	cp "$T/got" "$T/want"
	want_status=$one_status
	calls=$(cat "$T/count")
	step=1
	[ "$FAULTS" -eq 0 ] || step=$((calls / FAULTS + 1))
	wrong=
	n=1
	tried=0
	while [ "$n" -le "$calls" ]; do
		before
		one "$n" "$@"
		[ "$one_status" -lt 128 ] && $judge || {
			wrong="$wrong $n:$one_status"
			sed "s/^/# $n: /" "$T/err" | head -3
		}
		tried=$((tried + 1))
		n=$((n + step))
	done
	total=$((total + tried))
	is "$wrong" "" "$name: $tried of $calls calls"
}

before()
{
	:
}

# All was said, or the exit says that it was not.
whole()
{
	[ "$one_status" -eq 1 ] || {
		[ "$one_status" -eq "$want_status" ] &&
		    cmp -s "$T/got" "$T/want"
	}
}

later()
{
	[ "$one_status" -eq 0 ] || [ "$one_status" -eq 75 ]
}

# Until it is ready smtpd is told; then each request has its answer.
ready()
{
	grep -q '^register|ready$' "$T/got" || {
		[ "$one_status" -eq 1 ]
		return
	}
	[ "$one_status" -eq 0 ] && ! grep -Evq \
	    '^(register\|.*|filter-result\|[0-9a-f]{16}\|[0-9a-f]{16}\|(proceed|reject\|[45].*)|(check|lookup)-result\|[a-f0-9]+\|(found|not-found|error).*)$' \
	    "$T/got" &&
	    [ "$(grep -c result "$T/got")" -eq "$(grep -c result "$T/want")" ]
}

# --- sgectl -----------------------------------------------------------------

filter_conf
: >"$T/input"
ctl=$TOP/reporter/sgectl
cp "$TOP/regress/data/samples/mail-auth_rpt02.json" "$T/report.json"
text='v=TLSRPTv1; rua=mailto:a@b.nz,https://x.nz/%41; rua=;'
sweep "check record" whole 12 malloc "$ctl" -f "$T/sge.conf" check record \
    -s "$text"
sweep "check record -j" whole 12 malloc "$ctl" -j -f "$T/sge.conf" \
    check record -s "$text"
sweep "read" whole 12 malloc "$ctl" -f "$T/sge.conf" read "$T/report.json"
sweep "read -j" whole 12 malloc "$ctl" -j -f "$T/sge.conf" read "$T/report.json"
"${REGRESS_BIN:-$TOP/regress/bin}/unit-fill" "$T/sged.db" "$TOP/regress/data/sgectl/fixture.sql" ||
    bail "unit-fill"
sweep "show flow -j" whole 12 malloc "$ctl" -j -f "$T/sge.conf" show flow -d 30
sweep "show sent" whole 12 malloc "$ctl" -f "$T/sge.conf" show sent -d 30
sweep "show sent, written" whole 28 write "$ctl" -f "$T/sge.conf" show sent \
    -d 30 -n 0
sweep "digest, read" whole 5 read,open "$ctl" -f "$T/sge.conf" digest -a

# --- sgectl deliver ---------------------------------------------------------

{
	printf 'From: a@b.nz\nContent-Type: application/tlsrpt+json\n\n'
	cat "$T/report.json"
} >"$T/input"
sweep "deliver" later 12 malloc "$ctl" -f "$T/sge.conf" deliver
sweep "deliver, on a full disk" later 28 write,fsync,open,link \
    "$ctl" -f "$T/sge.conf" deliver
sweep "deliver, without processes" later 11 fork,pipe,socketpair,read \
    "$ctl" -f "$T/sge.conf" deliver

# --- sged -n ----------------------------------------------------------------

sweep "sged -n" whole 12 malloc "$TOP/reporter/sged" -n -f "$T/sge.conf"

# --- filter-sge and table-sge -----------------------------------------------

{
	printf 'config|smtpd-version|7.9.0\nconfig|protocol|0.7\n'
	printf 'config|subsystem|smtp-in\nconfig|ready\n'
	for s in aa00000000000000 bb00000000000000; do
		connect $s 198.51.100.7
		mail $s a@kiwi.org
		rcpt $s b@minties.govt.nz
		rcpt $s c@minties.govt.nz
		report in link-disconnect $s
	done
} >"$T/input"
before()
{
	rm -rf "$T/spool"
}
# Each of them, always: all mail waits for it.
few=$FAULTS
FAULTS=0
sweep "filter-sge" ready 12 malloc "$FILTER" -f "$T/sge.conf"
FAULTS=$few
sweep "filter-sge, ENOBUFS" ready 105 read,write,send,fork,socketpair \
    "$FILTER" -f "$T/sge.conf"
sweep "filter-sge, EIO" ready 5 read,write,open "$FILTER" -f "$T/sge.conf"
{
	printf 'config|smtpd-version|7.6.0\nconfig|protocol|0.1\n'
	printf 'config|tablename|sge-routes\nconfig|ready\n'
	for d in dia.govt.nz a.example b.example; do
		echo "table|0.1|1795316677.33|t|lookup|relayhost|ab12|$d"
		echo "table|0.1|1795316677.33|t|check|domain|ab13|$d"
	done
} >"$T/input"
mkdir -p "$T/spool/attempts"
sweep "table-sge" ready 12 malloc "$TOP/filter/table-sge" "$T/sge.conf"
sweep "table-sge, ENOBUFS" ready 105 read,write,send,fork,socketpair \
    "$TOP/filter/table-sge" "$T/sge.conf"

# --- filter-keep ------------------------------------------------------------

# smtpd asks when it is ready, and is there until all is answered; this filter
# answers at once.
cat >"$T/proceed" <<'EOT'
#!/bin/sh
while read -r l; do [ "$l" != "config|ready" ] || break; done
echo 'register|filter|smtp-in|rcpt-to'
echo 'register|ready'
while IFS='|' read -r kind v t in what session token rest; do
	[ "$kind" != filter ] ||
	    echo "filter-result|$session|$token|proceed"
done
EOT
chmod 755 "$T/proceed"
rm "$T/input"
mkfifo "$T/input"
got()
{
	until [ -e "$T/over" ] ||
	    [ "$(grep -c "$1" "$T/got" 2>/dev/null)" = "$2" ]; do
		sleep 0.05
	done
}
smtpd()
{
	printf 'config|smtpd-version|7.9.0\nconfig|protocol|0.7\n'
	printf 'config|subsystem|smtp-in\nconfig|ready\n'
	got '^register|ready$' 1
	connect aa00000000000000 198.51.100.7
	connect bb00000000000000 198.51.100.7
	rcpt aa00000000000000 b@minties.govt.nz
	rcpt bb00000000000000 b@minties.govt.nz
	got result 2
}
before()
{
	wait
	rm -f "$T/over" "$T/got"
	smtpd >"$T/input" &
}
for error in 105 5; do
	sweep "filter-keep, error $error" ready $error read,write,fork \
	    "$TOP/filter/filter-keep" "$T/proceed"
done
wait
note "$total calls failed"
finish
