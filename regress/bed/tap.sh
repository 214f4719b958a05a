# SPDX-License-Identifier: ISC
#
# TAP for tests in sh: no plan in advance, finish as the last line.

tap_run=0
tap_failed=0

# ok STATUS TEXT: prints a line of TAP.
ok()
{
	tap_run=$((tap_run + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_run - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_run - $2"
	fi
	return "$1"
}

# check TEXT COMMAND...: the command must succeed; what it printed is shown
# if it does not.
check()
{
	check_text=$1
	shift
	if check_out=$("$@" 2>&1); then
		ok 0 "$check_text"
	else
		ok 1 "$check_text"
		printf '%s\n' "$check_out" | tail -n 40 | sed 's/^/#   /'
		return 1
	fi
}

# is GOT WANT TEXT
is()
{
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		printf '#   got: %s\n#  want: %s\n' "$1" "$2"
		return 1
	fi
}

# like GOT PATTERN TEXT: a shell pattern.
like()
{
	# shellcheck disable=SC2254
	case $1 in
	$2)
		ok 0 "$3" ;;
	*)
		ok 1 "$3"
		printf '%s\n' "$1" | tail -n 40 | sed 's/^/#   got: /'
		printf '#  want: %s\n' "$2"
		return 1 ;;
	esac
}

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# The last line of every test.
finish()
{
	echo "1..$tap_run"
	if [ "$tap_failed" -gt 0 ]; then
		command -v bed_keep_logs >/dev/null && bed_keep_logs
		exit 1
	fi
	exit 0
}

# Nothing can go on.
bail()
{
	ok 1 "$*"
	finish
}

# How many processes there are for each core, at least one.
wait_load()
{
	wait_cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null)
	wait_n=0
	[ ! -r /proc/loadavg ] || read -r wait_n _ </proc/loadavg
	echo $((1 + ${wait_n%%.*} / ${wait_cores:-1}))
}

# wait_for SECONDS COMMAND...: until it succeeds; fails after so many seconds
# of a machine's own, longer where others have some of it.
wait_for()
{
	wait_until=$(($(date +%s) + $1 * $(wait_load)))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$wait_until" ] || return 1
		sleep 0.2
	done
}
