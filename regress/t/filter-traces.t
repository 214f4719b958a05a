#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Event lines that were recorded from real smtpds (6.8 and 7.9): each outcome
# of an outgoing session gives exactly the record that it should, and each
# request is answered.  traces/NAME.records is what must come out of
# traces/NAME.txt; traces/*.txt are as smtpd wrote them.
. "$(dirname "$0")/../bed/filter.sh"

filter_conf

# Where mail goes is known: nobody waits.
awk 'BEGIN { n = split("drop nostarttls reject old slow public example", d, " ")
    for (i = 1; i <= n; i++) print d[i] ".nz|none|4000000000|"
    n = split("good wrong bad plain tls foo example agency", d, " ")
    for (i = 1; i <= n; i++) print d[i] ".govt.nz|none|4000000000|"
    print "nowhere.example|none|4000000000|" }' >"$T/spool/routes"

# The lines that smtpd would send: those that were registered.
cat >"$T/registered.awk" <<'AWK'
BEGIN { FS = "|" }
FNR == NR { if ($1 == "register") want[$2 "|" $3 "|" $4] = 1; next }
($1 "|" $4 "|" $5) in want
AWK

for trace in "$TOP"/regress/data/traces/*.txt; do
	name=$(basename "$trace" .txt)
	grep -E '^(report|filter)\|' "$trace" >"$T/every"
	filter_run "$T/every"
	is $? 0 "$name: exits well when smtpd ends"
	is "$(filter_records)" "$(cat "${trace%.txt}.records")" "$name: records"
	is "$(wc -l <"$T/out")" "$(grep -c '^filter|.*|rcpt-to|' "$T/every")" \
	    "$name: as many answers as requests"
	filter_records >"$T/records"
	awk -f "$T/registered.awk" "$T/all" "$T/every" >"$T/some"
	filter_run "$T/some"
	is "$(filter_records)" "$(cat "$T/records")" \
	    "$name: the same from the registered events alone"
	# Cut off within a line, as a pipe does it.
	dd if="$T/every" bs=1 count=$(($(wc -c <"$T/every") - 20)) \
	    >"$T/cut" 2>/dev/null
	filter_run "$T/cut"
	is $? 0 "$name: survives its end being cut off"
done

is "$(grep -c '^register|' "$T/all")" 16 "fifteen registrations, and ready"
finish
