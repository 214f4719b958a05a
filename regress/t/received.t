#!/bin/sh
#
# show received and show reporters, from reports that others' software wrote:
# the guide's table, and when a downgrade is suspected.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"
. "$(dirname "$0")/../data/received/day.sh"
# Files of which no verifier could have seen a signature.
grep -v '^dkim verified' "$dir/sge.conf" > "$dir/none.conf"
mv "$dir/sge.conf" "$dir/verified.conf"
mv "$dir/none.conf" "$dir/sge.conf"

out=$(ctl read -s "$dir/reports" 2>&1)
like "$out" '*Stored 4; 0 were there already.' 'four reports are stored'
out=$(ctl read -s "$dir/reports" 2>&1)
like "$out" '*Stored 0; 4 were there already.' 'and not twice'
out=$(ctl show received -d 2026-03-05)
if [ "$out" = "$(cat "$here/data/received/received.ok")" ]; then
	ok 0 'show received prints the table'
else
	ok 1 'show received prints the table'
	printf '%s\n' "$out" | diff - "$here/data/received/received.ok" |
	    sed 's/^/# /'
fi
out=$(ctl show reporters -d 2026-03-05)
is "$out" "$(cat "$here/data/received/reporters.ok")" 'show reporters: the trend'
is "$(printf '%s\n' "$out" | awk 'length > 79')" '' 'in 79 columns'

row()
{
	ctl -p show received -d "$1" | grep starttls-not-supported
}
out=$(row 2026-03-05)
is "$out" "recv|2026-03-05|sendgrid.net|149.72.212.101|60|no|starttls-not-\
supported|mx1.minties.govt.nz|-|-|minties.govt.nz|-|1|unjudged|yes" 'the pipe form'
out=$(ctl -j show received -d 2026-03-05 | grep -c '"view":"received"')
is "$out" 6 'as JSON, one object a line'
out=$(ctl -j show received -n 2 -d 2026-03-05 | grep -c .)
is "$out" 2 '-n 2'
out=$(ctl show received -n 2 -d 2026-03-05)
like "$out" '*+ 4 more, 1203 sessions (-n 0 for all)*' '-n says what it hides'
out=$(ctl -p show received -c government -d 2026-03-05)
is "$out" '' '-c: no reporter is of that class'
out=$(ctl show received -D other.example -d 2026-03-05)
like "$out" '*No report.  That proves little*' '-D: nobody wrote of it'
out=$(ctl show received -D sendgrid.net -d 2026-03-05)
like "$out" '*1 report, 1 reporter*DOWNGRADE?*3 other reporters*Failed 60 of 60*' \
    '-D of a reporter: the evidence stays'
out=$(ctl -p show received -D minties.govt.nz -d 2026-03-05 | grep -c .)
is "$out" 6 '-D of our domain: all'
out=$(ctl digest -a -d 2026-03-05)
like "$out" '*sendgrid.net saw no STARTTLS at mx1*3 other reporters had TLS*' \
    'the digest says the same'
out=$(ctl -v show received -d 2026-03-05)
like "$out" '*google.com id 2026-03-05T00:00:00Z_minties.govt.nz*' '-v: ids'
# A file has no mark: where a verifier is named, it proves nothing.
"$sgectl" -f "$dir/verified.conf" read -s "$dir/reports" > /dev/null
out=$(ctl -v show received -d 2026-03-05)
like "$out" '*dkim=google.com*' '-v: the mark of DKIM, once it is known'
sed "s,$dir/sged.db,$dir/verified.db," "$dir/verified.conf" > "$dir/v.conf"
"$sgectl" -f "$dir/v.conf" read -s "$dir/reports" > /dev/null
is "$("$sgectl" -f "$dir/v.conf" -p show received -n 0 -d 2026-03-05 |
    awk -F'|' '{ print $3, $14 }' | sort -u | tr '\n' ';')" \
    'google.com proved;microsoft.com unproved;sendgrid.net unproved;'\
'stalwart.example unproved;' 'a verifier is named: files prove nothing'

# One reporter alone saw it: nothing to compare with.
lone()
{
	report Alone "a@alone.example" "$1" "$1" "$(policy no-policy-found 0 7 \
	    "$(detail starttls-not-supported 7 192.0.2.9 "$2")")"
}
other()
{
	report Other "a@other.example" "$1" "$1" "$2"
}
lone 2026-02-01 mx1.minties.govt.nz | ctl read -s > /dev/null
like "$(row 2026-02-01)" '*|0|unjudged|*' 'no downgrade: nobody else wrote'
# Others had TLS, at a host that is not this one.
lone 2026-02-02 mx1.minties.govt.nz | ctl read -s > /dev/null
other 2026-02-02 "$(policy sts 50 0 '' minties.govt.nz \
    '"mx2.minties.govt.nz"')" | ctl read -s > /dev/null
like "$(row 2026-02-02)" '*|0|unjudged|*' "no downgrade: others' policy has another MX"
# Others missed it there too.
lone 2026-02-03 mx1.minties.govt.nz | ctl read -s > /dev/null
other 2026-02-03 "$(policy no-policy-found 50 3 "$(detail \
    starttls-not-supported 3 192.0.2.8 mx1.minties.govt.nz)")" |
    ctl read -s > /dev/null
is "$(row 2026-02-03 | grep -c '|0|unjudged|')" 2 'no downgrade: two missed it there'
# Others had TLS on another day.
lone 2026-02-04 mx1.minties.govt.nz | ctl read -s > /dev/null
other 2026-02-05 "$(policy sts 50 0 '')" | ctl read -s > /dev/null
like "$(row 2026-02-04)" '*|0|unjudged|*' 'no downgrade: others wrote of another day'
# The same reporter had TLS in other sessions: no other one did.
report Alone "a@alone.example" 6 2026-02-06 "$(policy sts 90 7 "$(detail \
    starttls-not-supported 7 192.0.2.9 mx1.minties.govt.nz)")" |
    ctl read -s > /dev/null
like "$(row 2026-02-06)" '*|0|unjudged|*' 'no downgrade: only its own sessions had TLS'
# The report does not say at which MX.
lone 2026-02-07 '' | ctl read -s > /dev/null
other 2026-02-07 "$(policy sts 50 0 '')" | ctl read -s > /dev/null
like "$(row 2026-02-07)" '*|0|unjudged|*' 'no downgrade: the MX is not named'
# Another saw a certificate there: TLS was offered to it.
lone 2026-02-08 mx3.minties.govt.nz | ctl read -s > /dev/null
other 2026-02-08 "$(policy sts 0 2 "$(detail certificate-expired 2 \
    192.0.2.8 mx3.minties.govt.nz)")" | ctl read -s > /dev/null
like "$(row 2026-02-08)" '*|1|unjudged|*' 'downgrade: another saw a certificate there'
out=$(ctl show received -d 2026-02-08)
like "$out" '*DOWNGRADE?*1 other reporter had TLS there*' 'its evidence'
# The only MX of the domain.
lone 2026-02-09 mx1.minties.govt.nz | ctl read -s > /dev/null
other 2026-02-09 "$(policy sts 50 0 '' minties.govt.nz \
    '"mx1.minties.govt.nz"')" | ctl read -s > /dev/null
out=$(ctl show received -d 2026-02-09)
like "$out" '*DOWNGRADE?*1 other reporter had TLS there*' \
    'downgrade: the only MX'

# A session under two policies, and its failures, count once.
f=$(detail certificate-expired 4 192.0.2.7 mx1.minties.govt.nz)
report Twice a@twice.example 1 2026-01-10 \
    "$(policy sts 10 4 "$f"),$(policy tlsa 9 5 "$f")" | ctl read -s > /dev/null
out=$(ctl show received -d 2026-01-10)
like "$out" '*Failed 5 of 14 sessions (35.7%).*' 'counted once'
out=$(ctl -p show received -d 2026-01-10)
like "$out" '*|4|no|certificate-expired|*' 'and so is what failed'
like "$out" '*|9|yes|-|*|tlsa + sts|0|unjudged|*' 'and what did not'

# Several days together.
out=$(ctl show received -n 0 -d 2026-02-09)
out=$(ctl -p show reporters -d 2026-03-05 | grep alone)
is "$out" 'reporters|2026-03-05|alone.example|0|0|0|0|56|146|2026-02-09' \
    'a reporter over 90 days'
out=$(ctl show reporters -d 2026-03-05)
like "$out" '*2026-02-09 **silent for more than 14 days*' \
    'one that is silent is marked'

# Texts of others: nothing raw, nothing for a spreadsheet.
report '=cmd|A' 'a@=HYPERLINK' '@x' 2026-01-11 "$(policy sts 0 1 \
    "$(detail validation-failure 1 '+1.2.3' '-mx' '' '=1+1\u001b[31m')")" |
    ctl read -s > /dev/null
for form in '' -p -j; do
	out=$(ctl $form -v show received -d 2026-01-11; ctl $form show \
	    reporters -d 2026-01-11)
	bad=$(printf '%s' "$out" | LC_ALL=C tr -d '\12\40-\176' | wc -c)
	is "$((bad))" 0 "nothing raw in form \"$form\""
done
out=$(ctl -p show received -d 2026-01-11 | tr '|' '\n' | grep '^[=+@-].')
is "$out" '' 'no field begins like a formula'
finish
