#!/bin/sh
#
# Reports received are evidence: no mark, order or sender makes one disappear,
# and what is believed of each is said.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"
data=$here/data/received
day=2026-11-24

# fresh AUTHSERV-ID...: an empty database, and whose results are believed
fresh()
{
	rm -rf "$dir"/sged.db* "$dir/unread"
	sed '/dkim verified/d' "$dir/sge.conf" > "$dir/new.conf"
	[ $# -eq 0 ] || printf 'dkim verified by { "%s" }\n' "$1" \
	    >> "$dir/new.conf"
	mv "$dir/new.conf" "$dir/sge.conf"
}

# give FILE...: each through deliver
give()
{
	for f; do
		ctl deliver < "$f" || echo "deliver: $?"
	done
}

# rows [PATTERN]: reporter, count, tls, standing
rows()
{
	ctl -p show received -n 0 -d $day | grep -e "${1:-.}" |
	    awk -F'|' '{ print $3, $5, $6, $14 }' | sort | tr '\n' ';'
}

totals()
{
	ctl show received -d $day | grep '^Failed [0-9]'
}

# Two contents under one predictable id, in either order.
for order in 'forged genuine' 'genuine forged'; do
	fresh mail.minties.govt.nz
	set -- $order
	give "$data/$1.eml" "$data/$2.eml"
	out=$(ctl -v show received -n 0 -d $day)
	like "$out" '*Failed 92 of 892 sessions*' \
	    "$order: what Google signed counts, and it alone"
	like "$out" '*not counted:*' 'the other stands apart'
	like "$out" '*#2*' 'both are there'
	like "$out" '*dkim=evil.example, which is not whom*' 'and why'
	is "$(ctl -p show received -d $day | grep -c '|unproved|')" \
	    "$(ctl -p show received -d $day | grep -vc '|proved|')" \
	    'nothing is left between'
	like "$(ctl digest -a -d $day | sed -n '/^FIX/,/^WATCH/p')" \
	    '*google.com*92 of 892*' 'one is to be fixed'
	give "$data/$1.eml" "$data/$2.eml"
	is "$(ctl -v show received -d $day | grep -c ' id ')" 2 \
	    'the same again is known'
done

# Nobody's marks are believed without "dkim verified by".
fresh
give "$data/forged.eml" "$data/genuine.eml"
is "$(ctl -p show received -d $day | grep -c '|unjudged|')" \
    "$(ctl -p show received -d $day | grep -c .)" 'nobody judges: no marks'
is "$(ctl digest -a -d $day | grep -c 'google.com found')" 1 'it is said'
is "$(ctl digest -a -d $day | sed -n '/^FIX/,/^WATCH/p' | grep -c google)" 0 \
    'but nobody is called for it'
fresh other.host.example
give "$data/genuine.eml"
like "$(rows)" '*google.com 92 no unproved;*' \
    "another host's results are not believed"

# Two hosts of one organisation write one id.
fresh
give "$data/host-a.eml" "$data/host-b.eml"
both=$(totals)
fresh
give "$data/host-b.eml" "$data/host-a.eml"
is "$(totals)" "$both" 'two hosts, one id: the order does not matter'
a=$(ctl -j read "$data/host-a.eml" | sed 's/.*"failed":\([0-9]*\)}\].*/\1/')
b=$(ctl -j read "$data/host-b.eml" | sed 's/.*"failed":\([0-9]*\)}\].*/\1/')
like "$both" "Failed $((a + b)) of *" 'and both count'
out=$(ctl read "$data/host-a.eml" "$data/host-b.eml" "$data/host-a.eml")
like "$out" "*2 reports: * $((a + b)) failed *1 read twice, counted once.*" \
    'read tells them apart too'

# A mail whose comment holds what looks like a result.
fresh mail.minties.govt.nz
give "$data/comment.eml"
like "$(ctl -v show received -d $day)" '*dkim=fail: not believed*' \
    'a parenthesis behind a backslash closes no comment'

# A mark is for the domain of all three.
signed()
{
	printf 'Authentication-Results: mail.minties.govt.nz; dkim=pass '
	printf 'header.d=%s\nFrom: x@%s\nTLS-Report-Domain: ' "$1" "$2"
	printf 'minties.govt.nz\nTLS-Report-Submitter: %s\n\n' "$3"
	report "Org $1$2$3" "a@$4" "$1$2$3$4" $day "$(policy sts 9 1 \
	    "$(detail certificate-expired 1 192.0.2.1 mx.minties.govt.nz)")"
}
fresh mail.minties.govt.nz
signed a.example a.example a.example a.example > "$dir/m1"
signed a.example b.example a.example a.example > "$dir/m2"
signed a.example a.example b.example a.example > "$dir/m3"
signed a.example a.example a.example b.example > "$dir/m4"
signed a.example m.a.example n.a.example o.a.example > "$dir/m5"
give "$dir/m1" "$dir/m2" "$dir/m3" "$dir/m4" "$dir/m5"
is "$(rows certificate)" "a.example 1 no proved;a.example 2 no unproved;\
b.example 1 no unproved;o.a.example 1 no proved;" \
    'From, contact-info and TLS-Report-Submitter alike'

# A contact may be written in its own letters, or with a link's question.
fresh mail.minties.govt.nz
x=xn--bcher-kva.example
signed $x $x $x bücher.example > "$dir/m1"
signed $x $x $x "$x?subject=hi" > "$dir/m2"
give "$dir/m1" "$dir/m2"
is "$(rows certificate)" "$x 2 no proved;" 'a contact in letters, and a link'

# Nor does it stand for a contact-info that names nobody.  Where there is none,
# as in all of Stalwart's, TLS-Report-Submitter must say whose it is.
fresh mail.minties.govt.nz
signed a.example a.example a.example a.example > "$dir/m1"
sed 's/"contact-info":"[^"]*"/"contact-info":""/; s/"Org /"None /' "$dir/m1" \
    > "$dir/m2"
sed 's/"contact-info":"[^"]*",//; s/"Org /"Gone /' "$dir/m1" > "$dir/m3"
give "$dir/m1" "$dir/m2" "$dir/m3"
is "$(rows certificate)" "a.example 3 no proved;" \
    'no contact-info: the header says it'
fresh mail.minties.govt.nz
sed 's/"contact-info":"[^"]*"/"contact-info":"ask a.example"/; s/"Org /"Ask /' \
    "$dir/m1" > "$dir/m4"
sed 's/"contact-info":"[^"]*"/"contact-info":"a@..example"/; s/"Org /"Dot /' \
    "$dir/m1" > "$dir/m5"
sed '/^TLS-Report-Submitter:/d; s/"Gone /"Bare /' "$dir/m3" > "$dir/m6"
sed '/^TLS-Report-Submitter:/s/a\.example/b.example/; s/"Gone /"Other /' \
    "$dir/m3" > "$dir/m7"
give "$dir/m1" "$dir/m4" "$dir/m5" "$dir/m6" "$dir/m7"
is "$(rows certificate)" "..example 1 no unproved;\
Bare a.examplea.examplea.example 1 no unproved;a.example 1 no proved;\
a.example 1 no unproved;b.example 1 no unproved;" \
    'a contact-info that names no domain proves nothing, nor does none at all'
is "$(ctl -v show received -d $day | grep -c 'which is not whom')" 4 'is said'

# The same content, signed the second time: its mark is believed then.
fresh mail.minties.govt.nz
sed 's/^Authentication-Results.*/X: y/' "$data/genuine.eml" > "$dir/bare"
give "$dir/bare"
like "$(totals)" 'Failed 0 of 0 *' 'unsigned'
give "$data/genuine.eml" "$dir/bare"
like "$(totals)" 'Failed 92 of 892 *' 'signed, and then unsigned again'
is "$(ctl -v show received -d $day | grep -c ' id ')" 1 'one report'

# Domains that are not ours.
fresh
give "$data/foreign.eml"
is "$(rows | tr ';' '\n' | grep -vc 'foreign$')" 0 'of others: marked'
like "$(totals)" 'Failed 0 of 0 *' 'not counted'
is "$(ctl digest -a -d $day | grep -c 'nobody.example')" 0 'nothing raised'
like "$(ctl show reporters -d $day)" '*No report in 90 days*' 'no trend'

# A name below a domain of ours is ours where "local" says so; where the policy
# is DANE it is a host's, which has no place there.
fresh
for f in policy-changed two-tlsa; do
	sed 's/"policy-domain": "minties/"policy-domain": "mx7.minties/g' \
	    "$data/$f.json" >"$dir/below.json"
	ctl read -s "$dir/below.json" >/dev/null
done
like "$(totals)" 'Failed 10 of 160 *' 'a host below a domain of ours'
is "$(rows | tr ';' '\n' | grep -c 'foreign$')" 2 'a domain below it is none'
sed '/^local/s/.*/local { "minties.govt.nz" ".minties.govt.nz" }/' \
    "$dir/sge.conf" >"$dir/new.conf" && mv "$dir/new.conf" "$dir/sge.conf"
like "$(totals)" 'Failed 100 of 360 *' 'but with a dot in "local"'
sed '/^local/s/.*/local { "minties.govt.nz" }/' "$dir/sge.conf" \
    >"$dir/new.conf" && mv "$dir/new.conf" "$dir/sge.conf"

# Policies of a type are other sessions, sts and tlsa the same.
count()
{
	ctl -j read "$1" | sed 's/.*"totals":\[\([^]]*\)\].*/\1/'
}
like "$(count "$data/policy-changed.json")" '*"sessions":200,"failed":90*' \
    'a policy changed at noon'
like "$(count "$data/two-tlsa.json")" '*"sessions":160,"failed":10*' \
    'two TLSA sets'
like "$(count "$data/own-midday.json")" '*"sessions":230,"failed":90*' \
    'two policies, and none'
fresh
for f in policy-changed two-tlsa; do
	ctl read -s "$data/$f.json" > /dev/null
done
like "$(totals)" 'Failed 100 of 360 *' 'stored, the same'
like "$(ctl -p show metrics -d $day; ctl show reporters -d $day)" \
    '*100*360*' 'in the trend too'
# Headers that are no UTF-8 cost their value, not the reading.
out=$(ctl -j read "$data/nonutf8-header.eml" "$data/two-tlsa.json")
is "$(printf '%s\n' "$out" | grep -c '"view":"read"')" 2 \
    'a header that is not UTF-8: both are read'
fresh
give "$data/nonutf8-header.eml"
is "$(find "$dir/unread" -type f 2>/dev/null | wc -l | tr -d ' ')" 0 \
    'and it is stored'
# Nor does a line that is no field end the header: Content-Type is behind it.
fresh
awk 'NR == 2 { print "a line without a colon\nX-Gr\303\266\303\237e: 1" }
    { print }' "$data/nonutf8-header.eml" >"$dir/odd-line.eml"
give "$dir/odd-line.eml"
is "$(find "$dir/unread" -type f 2>/dev/null | wc -l | tr -d ' ')" 0 \
    'a line that is no field costs itself alone'
like "$(ctl -j read "$dir/odd-line.eml")" '*"domain":"d?.example"*' \
    'and the fields behind it are read'

# of ID FIRST LAST OK FAILED DETAILS: a signed report of g.example of these days
of()
{
	report G a@g.example "$1" "$2" "$(policy sts "$4" "$5" "$6")" |
	    sed "s/\"$2T23/\"$3T23/" >"$dir/of.json"
	mail x@g.example "$dir/of.json" >"$dir/of.eml"
	give "$dir/of.eml"
}

# failed TYPE COUNT [MX]: a row of it
failed()
{
	detail "$1" "$2" 192.0.2.1 "${3-mx.minties.govt.nz}"
}

# told DAY: of g.example by the digest; the command that it names says the same
told()
{
	ctl digest -a -d "$1" | tr -s '\n ' ' ' | grep -o \
	    -e 'mended: g.example' -e 'g.example [cfrs][^:]*: [0-9]* of [0-9]*' \
	    -e 'also [^:]*: [0-9]*' | sed 's/ at [^ ]*:/:/' | tr '\n' ';'
	ctl show received -d "$1" -D g.example |
	    sed -n 's/^Failed \([0-9]* of [0-9]*\) .*/\1/p'
}

# A row that counts no session is no failure; what no row explains is one.
march()
{
	fresh mx1.minties.govt.nz
	of "$1" 2026-03-05 2026-03-05 "$2" "$3" "$4"
}
march a 10 0 "$(failed certificate-expired 0)"
is "$(told 2026-03-05)" '0 of 10' 'none of ten sessions: nothing is raised'
is "$(ctl show received -d 2026-03-05 | grep -c expired)" 0 'nor shown'
march a 10 5 "$(failed certificate-expired 0)"
is "$(told 2026-03-05)" 'g.example reported a failure: 5 of 15;5 of 15' \
    'failures beside a row of none'
march a 90 5 "$(failed certificate-expired 0),$(failed \
    starttls-not-supported 5)"
is "$(told 2026-03-05)" 'g.example saw no STARTTLS: 5 of 95;5 of 95' \
    'a row of none beside another'
march a 90 5 "$(failed certificate-expired 3)"
is "$(told 2026-03-05)" "g.example found our certificate expired: 3 of 95;\
also reported a failure: 2;5 of 95" 'what the rows leave is told too'
# Two rows may be of one session.
row=$(failed sts-policy-fetch-error 1 '')
march a 9 1 "$row,$row"
is "$(told 2026-03-05)" \
    'g.example could not fetch our MTA-STS policy: 1 of 10;1 of 10' \
    'more rows than the summary has failures'

# Mended is what is known to be: not where another failure may be the same.
after()
{
	march a 90 5 "$(failed "$1" 5 "${2-mx.minties.govt.nz}")"
	of b 2026-03-06 2026-03-06 90 "$3" "$4"
	ctl digest -a -d 2026-03-06 | grep -c 'mended: g.example'
}
is "$(after certificate-expired mx.minties.govt.nz 0 '')" 1 'a good day mends'
is "$(after certificate-expired mx.minties.govt.nz 0 \
    "$(failed certificate-expired 0)")" 1 'with a row that counts none as well'
is "$(after certificate-expired mx.minties.govt.nz 5 '')" 0 \
    'not one whose failures do not say how'
is "$(after certificate-expired mx.minties.govt.nz 5 \
    "$(failed starttls-not-supported 4)")" 0 'nor one that says so of some'
is "$(after certificate-expired mx.minties.govt.nz 5 \
    "$(failed starttls-not-supported 5)")" 1 'but one with others alone'
is "$(after certificate-expired mx.minties.govt.nz 5 \
    "$(failed certificate-expired 5 '')")" 0 'nor one that does not say where'
is "$(after '' '' 5 "$(failed certificate-expired 5)")" 0 \
    'what did not say how may be what failed then'

# Nor before its range is over.
fresh mx1.minties.govt.nz
of a 2026-03-01 2026-03-05 90 5 "$(failed certificate-expired 5)"
of b 2026-03-03 2026-03-03 90 0 ''
is "$(told 2026-03-03)" '0 of 90' 'a good day within a range that failed'
of c 2026-03-06 2026-03-06 90 0 ''
is "$(told 2026-03-06)" 'mended: g.example;0 of 90' 'a good one behind it'
of d 2026-03-07 2026-03-07 90 0 ''
is "$(told 2026-03-07)" '0 of 90' 'is told once'
fresh mx1.minties.govt.nz
of a 2026-02-28 2026-02-28 90 5 "$(failed certificate-expired 5)"
of b 2026-03-01 2026-03-05 90 5 "$(failed certificate-expired 5)"
of c 2026-03-03 2026-03-03 90 0 ''
is "$(told 2026-03-03)" '0 of 90' 'nor what failed before such a range'

# What failed is what the summary says, and no less than one row of it.
march a 10 2 "$(failed certificate-expired 3)"
is "$(told 2026-03-05)" \
    'g.example found our certificate expired: 3 of 13;3 of 13' \
    'more in a row than in the summary'
march a 10 0 "$(failed certificate-expired 1),$(failed certificate-expired 2 \
    mx2.minties.govt.nz)"
is "$(told 2026-03-05)" "g.example found our certificate expired: 2 of 12;\
also found our certificate expired: 1;2 of 12" 'than in one that says none'

# What stands apart is summed up apart.
march a 9 1 "$(failed certificate-expired 1)"
fresh other.example
give "$dir/of.eml"
like "$(ctl show received -d 2026-03-05 -D g.example | tr -s '\n ' ' ')" \
    '*Failed 0 of 0 *not counted, with 1 of 10 sessions failed (10.0%)*' \
    'not proved: how many sessions'
finish
