# SPDX-License-Identifier: ISC
#
# filter-sge as smtpd runs it, for tests that need no smtpd: it gets lines on
# standard input, its answers and log stand in files.
#
#	. "$(dirname "$0")/../bed/filter.sh"

TOP=$(cd "$(dirname "$0")" && until [ -d filter ] || [ "$PWD" = / ]; do
    cd ..; done && pwd)
BIN=$TOP/regress/bin
FILTER=${FILTER:-$TOP/filter/filter-sge}
T=$(mktemp -d "${TMPDIR:-/tmp}/sge-filter.XXXXXXXXXX") || exit 1
filter_pid=
trap 'filter_kill; rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

. "$TOP/regress/bed/tap.sh"

filter_kill()
{
	[ -z "$filter_pid" ] || kill -KILL "$filter_pid" 2>/dev/null
	filter_pid=
}

# filter_conf [line...]: writes $T/sge.conf.
filter_conf()
{
	mkdir -p "$T/spool"
	cat >"$T/sge.conf" <<CONF
organization "Minties"
contact "tls-reports@minties.govt.nz"
hostname "mail.minties.govt.nz"
local { "minties.govt.nz" "mbie.govt.nz" "kiwi.nz" }
class restricted { "minties.govt.nz" "dia.govt.nz" "moe.govt.nz" }
class government { ".govt.nz" ".mil.nz" "parliament.nz" }
flow from restricted to restricted require connector
flow from { restricted government } to { restricted government } require tls
flow from any to any prefer tls
connector "dia.govt.nz" to "smtp+tls://mx.dia.govt.nz" from { 203.0.113.0/24 2001:db8:7::/48 }
spool "$T/spool"
database sqlite "$T/sged.db"
socket "$T/sged.sock"
report from "tlsrpt-noreply@minties.govt.nz"
CONF
	for conf_line; do
		printf '%s\n' "$conf_line"
	done >>"$T/sge.conf"
}

# filter_run FILE [option...]: all of a file, then smtpd's end.  $T/out has the
# answers, $T/err the log, records are printed by filter_records.  Who writes
# records may end a little later than the filter: it has the pipe, too.
filter_run()
{
	run_file=$1
	shift
	rm -rf "$T/spool/sessions"
	{
		printf 'config|smtpd-version|7.9.0\nconfig|protocol|0.7\n'
		printf 'config|subsystem|smtp-in\nconfig|ready\n'
		cat "$run_file"
	} | {
		"$FILTER" -f "$T/sge.conf" "$@" 3>&1 >"$T/all" 2>"$T/err"
		echo $? >"$T/status"
	} | cat >/dev/null
	run_status=$(cat "$T/status")
	grep -v '^register|' "$T/all" >"$T/out"
	return $run_status
}

# filter_start [option...]: to be spoken to by filter_say.
filter_start()
{
	rm -f "$T/in"
	mkfifo "$T/in"
	"$FILTER" -f "$T/sge.conf" "$@" <"$T/in" >"$T/all" 2>"$T/err" &
	filter_pid=$!
	exec 9>"$T/in"
	filter_say 'config|ready'
	wait_for 10 grep -q '^register|ready$' "$T/all" ||
	    bail "filter-sge does not start: $(cat "$T/err")"
}

filter_say()
{
	printf '%s\n' "$@" >&9
}

# filter_end: smtpd is gone; the filter's exit status.
filter_end()
{
	exec 9>&-
	wait "$filter_pid"
	end_status=$?
	filter_pid=
	return $end_status
}

filter_records()
{
	cat "$T/spool/sessions/"*.jsonl 2>/dev/null
}

# answered SESSION WHAT
answered()
{
	grep -q "^filter-result|$1|f0fe8ae50f0c3055|$2" "$T/all"
}

# Lines of smtpd: report DIRECTION EVENT SESSION FIELDS, at one time.
now=1795308822
report()
{
	printf 'report|0.7|%s.123456|smtp-%s|%s|%s%s\n' "$now" "$1" "$2" "$3" \
	    "${4:+|$4}"
}

# connect SESSION ADDRESS [name]
connect()
{
	report in link-connect "$1" "${3:-client.example.org}|pass|$2:40123|192.0.2.25:25"
	report in link-identify "$1" "EHLO|${3:-client.example.org}"
}

tls()
{
	report in link-tls "$1" "${2:-TLSv1.3}:TLS_AES_256_GCM_SHA384:256"
}

# mail SESSION SENDER
mail()
{
	printf 'report|0.7|%s.123456|smtp-in|tx-mail|%s|12345678|ok|%s\n' \
	    "$now" "$1" "$2"
}

# rcpt SESSION RECIPIENT...
rcpt()
{
	rcpt_session=$1
	shift
	for rcpt_to; do
		printf 'filter|0.7|%s.123456|smtp-in|rcpt-to|%s|%s|%s\n' \
		    "$now" "$rcpt_session" f0fe8ae50f0c3055 "$rcpt_to"
	done
}

commit()
{
	report in tx-commit "$1" "12345678|999"
}

bye()
{
	report in link-disconnect "$1"
}
