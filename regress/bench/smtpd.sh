#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What filter-sge costs a real mail host: sessions a second that smtpd takes
# without a filter, with one that does nothing ("floor"), and with filter-sge,
# in turn, five times; medians and ratios.  Sessions come from outside, without
# TLS, two recipients each; nothing is queued.
#
#	smtpd.sh [rounds [sessions]]
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
rounds=${1:-5}
sessions=${2:-6000}
bed_up
mail_host_up
bed_stop smtpd.A
cp "$BIN/floor" "$A/usr/libexec/opensmtpd/"
sink=$BED/rates
dns_ptr $NET4.2 client.example.org

conf()
{
	case $1 in
	none) f= ;;
	floor) f='filter "f" proc-exec "floor"' ;;
	filter-sge) f='filter "f" proc-exec "filter-sge -f /etc/mail/sge.conf" user _sgefilter group _sgefilter' ;;
	esac
	cat >"$A/etc/smtpd.conf" <<-CONF
	$f
	listen on mail0 ${f:+filter "f"}
	action "box" relay host "smtp://127.0.0.1:9"
	match from any for domain "minties.govt.nz" action "box"
	CONF
}

measure()
{
	conf "$1"
	smtpd_up
	# the first ones are not counted: processes and caches get warm
	at_b "$BIN/smtp-load" -n 300 -d minties.govt.nz "$A4" 25 >/dev/null
	line=$(at_b "$BIN/smtp-load" -n "$sessions" -d minties.govt.nz \
	    "$A4" 25) || bail "smtp-load: $line"
	bed_stop smtpd.A
	case $line in
	*" rejects=0 "*) ;;
	*) bail "$1: $line" ;;
	esac
	echo "$1 ${line##*rate=}" >>"$sink"
	echo "  $1: $line"
}

median()
{
	sed -n "s/^$1 //p" "$sink" | sort -n | awk '
	    { v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

i=1
while [ $i -le "$rounds" ]; do
	echo "round $i of $rounds"
	measure none
	measure floor
	measure filter-sge
	i=$((i + 1))
done
none=$(median none) floor=$(median floor) sge=$(median filter-sge)
awk -v n="$none" -v f="$floor" -v s="$sge" 'BEGIN {
	printf "%-12s %12s %10s %10s\n", "smtpd with", "sessions/s",
	    "of none", "of floor"
	printf "%-12s %12.0f %9.1f%% %10s\n", "no filter", n, 100, "-"
	printf "%-12s %12.0f %9.1f%% %9.1f%%\n", "floor", f, 100*f/n, 100
	printf "%-12s %12.0f %9.1f%% %9.1f%%\n", "filter-sge", s, 100*s/n,
	    100*s/f
	exit s < 0.95 * f
}'
