# SPDX-License-Identifier: ISC
#
# How a demonstration speaks.  $wrong: how many things were not as they must be.

wrong=0
title()
{
	printf '\n== %s\n' "$*"
}

say()
{
	printf '   %s\n' "$*"
}

# verdict STATUS WHAT RESULT
verdict()
{
	if [ "$1" -eq 0 ]; then
		printf '   %-46s %s\n' "$2" "$3"
	else
		printf '!! %-46s %s\n' "$2" "$3"
		wrong=$((wrong + 1))
	fi
}

# show_ready SCRIPT: builds what it needs for the test bed, the Debian folder too.
show_ready()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo "$1: must be root, for network namespaces" >&2
		exit 1
	fi
	sh regress/setup.sh || exit 1
	if [ ! -x "$(sh regress/setup.sh -p)/usr/sbin/smtpd" ]; then
		echo "$1: needs a Debian 13 folder, which apt would bring" >&2
		exit 1
	fi
	if ! unshare --mount --pid --fork --net true 2>/dev/null; then
		echo "$1: needs namespaces, which this host does not give" >&2
		exit 1
	fi
	echo "$1: building"
	${MAKE:-make} -s all tools || exit 1
	DEMO_BEGAN=$began
	export DEMO_BEGAN
}

# show_end SCRIPT
show_end()
{
	printf '\n'
	if [ "$wrong" -gt 0 ]; then
		bed_keep_logs
		echo "$1: $wrong things were not as they must be (marked !!)"
		exit 1
	fi
	echo "$1: all as it must be, in $(($(date +%s) - began)) s"
	exit 0
}
