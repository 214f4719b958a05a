#!/bin/sh
# Every view in its three forms: JSON that parses, rows of one width, nothing
# of others printed raw; and a digest that is silent when all is well.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-views.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
sh "$here/data/sgectl/make" "$dir" || bail "no fixture"
${CC:-cc} -shared -fPIC -o "$dir/clock.so" "$here/tool/clock.c" || exit 1
sgectl()
{
	SGE_CLOCK=1772760600 LD_PRELOAD="$dir/clock.so" \
	    "$here/../reporter/sgectl" -f "$dir/sge.conf" "$@"
}

# Printable ASCII and newlines only?
is_plain()
{
	[ -z "$(LC_ALL=C tr -d '\n -~' <"$1")" ]
}

every_view()
{
	cat <<-EOT
	show status
	show flow
	show flow -h
	show flow -c government
	show flow -D moe.govt.nz
	show flow -v
	show cleartext
	show cleartext -n 1
	show failures
	show sent
	show received
	show reporters
	show policy moe.govt.nz
	show route moe.govt.nz
	show metrics
	digest -a
	EOT
}

forms()
{
	every_view >"$dir/views"
	while read -r view; do
		# shellcheck disable=SC2086
		sgectl $view >"$dir/text" 2>"$dir/err"
		is $? 0 "$1: $view"
		[ -s "$dir/text" ] && is_plain "$dir/text" &&
		    is_plain "$dir/err"
		ok $? "  something, and plain"
		# But where a name itself takes the line.
		[ "$view" = "show metrics" ] || [ -z "$(awk 'length > 80 {
		    n = split($0, w, " ")
		    for (i = 1; i <= n; i++) if (length(w[i]) > 56) next
		    print }' "$dir/text" | tee "$dir/wide")" ]
		ok $? "  in 80 columns" || cat "$dir/wide"
		# shellcheck disable=SC2086
		sgectl -j $view >"$dir/json"
		perl -MJSON::PP -ne 'my $o = decode_json($_);
		    exit 1 if ref $o ne "HASH" || !exists $o->{view}' \
		    "$dir/json" && is_plain "$dir/json"
		ok $? "  JSON, an object a line"
		# shellcheck disable=SC2086
		sgectl -p $view >"$dir/pipe"
		# As many fields as keys, in each line.
		perl -MJSON::PP -ne 'print scalar(keys %{decode_json($_)}),
		    "\n"' "$dir/json" >"$dir/keys"
		awk -F '|' '{ print NF }' "$dir/pipe" >"$dir/fields"
		cmp -s "$dir/keys" "$dir/fields" && is_plain "$dir/pipe"
		ok $? "  and the same in fields"
	done <"$dir/views"
}
forms stored

# Daylight of the options.
like "$(sgectl show flow -d 2026-03-04)" 'Flows 2026-03-04 UTC,*' "a date"
like "$(sgectl show flow -d today)" 'Flows 2026-03-06 UTC so far,*' "today"
like "$(sgectl show flow -d 30)" 'Flows 30 days to 2026-03-05 UTC,*' "30 days"
sgectl show flow -c nosuch >"$dir/out" 2>"$dir/err"
is $? 1 "a class that is none"
sgectl show flow -D 'no domain' >"$dir/out" 2>"$dir/err"
is $? 1 "a domain that is none"
for view in flow cleartext failures sent received reporters; do
	like "$(sgectl show $view -c nosuch 2>&1; echo $?)" \
	    '*-c nosuch: no class of that name*has public restricted*
1' "$view: a class that is none is said, and those that are"
	like "$(sgectl -c public show $view -D nosuch.example 2>&1; echo $?)" \
	    '*
0' "$view: one of whom nothing is on record"
done
for view in failures sent received reporters; do
	like "$(sgectl show $view -c smarthost 2>&1; echo $?)" \
	    '*-c smarthost: no class*1' "$view: no smart host is in it"
done
for view in flow cleartext sessions failures sent; do
	like "$(sgectl show $view -D 'no name' 2>&1; echo $?)" \
	    '*no name: not a domain name*1' "$view: what is no name is said"
	like "$(sgectl show $view -D 192.0.2.25; echo $?)" '*
0' "$view: a smart host stands by its address"
done
for view in 'show flow' 'show cleartext' 'show sessions' 'show failures' \
    'show sent' 'show metrics' digest "html $dir"; do
	# shellcheck disable=SC2086
	set -- $view
	last=
	case $view in
	html*) last=$2; set -- "$1" ;;
	esac
	# shellcheck disable=SC2086
	like "$(sgectl "$@" -d 2026-03-07 $last 2>&1; echo $?)" \
	    '*-d 2026-03-07: that day has not begun*1' "$view: of tomorrow"
done
like "$(sgectl report -d 2026-03-07 moe.govt.nz 2>&1; echo $?)" \
    '*no session with moe.govt.nz was tallied*1' "report says the same of any day"
like "$(sgectl show flow -d 2020-01-01)" '*No sessions are on record.*' \
    "a day without sessions"
# The first of those that the database has.
first=$(SGE_CLOCK=1770206400 LD_PRELOAD="$dir/clock.so" \
    "$here/../reporter/sgectl" -f "$dir/sge.conf" show flow)
like "$first" '*No sessions are on record.*some of today: -d today*' \
    "on a host's first day it is said where they are"
like "$(sgectl show cleartext -n 1)" '*+ 4 more, 29 sessions (-n 0 for all)*' \
    "what is not shown is said"
is "$(sgectl show flow -p -c public | cut -d '|' -f 5,9 | tr '\n' ' ')" \
    "1420|17 2210|57 " "of one class"
like "$(sgectl show policy plain.example | tr '\n' ' ' | tr -s ' ')" \
    '*no policy is held*looked at 2026-03-04*: no MTA-STS record*' \
    "a domain without a record was looked at"
like "$(sgectl show policy uni.govt.nz)" \
    '*no TLS, could not be tried*Connection refused*' \
    "a host that does not answer is not called good"
like "$(sgectl show policy minties.govt.nz)" \
    '*not looked at: it is one of our own*' "our own domains need no policy"
like "$(sgectl show policy nobody.example)" '*never looked at*' \
    "one that nobody has written to"
like "$(sgectl show route minties.govt.nz)" '*relays none of its mail*' \
    "and no route"
# In local time too, where a person reads; within the width.
TZ=NZST-12NZDT,M9.5.0,M4.1.0/3
export TZ
like "$(sgectl show policy moe.govt.nz)" '*Z (* NZDT)*' 'local time beside UTC'
like "$(sgectl show sent)" '*now it is 01:30Z (14:30 NZDT).*' 'or below the table'
out=$(sgectl show flow -h)
like "$out" '*hour NZDT *
02Z  15:00  restricted   out *' 'or as a column'
is "$(printf '%s\n' "$out" | awk 'length > 80')" "" 'in 80 columns'
is "$(every_view | while read -r view; do
    # shellcheck disable=SC2086
    sgectl -p $view; done | grep -c NZDT)" 0 'not in the machine forms'
is "$(for view in 'show sent' 'show policy moe.govt.nz' 'digest -a' \
    'show flow -D moe.govt.nz' 'show status' 'show route moe.govt.nz'; do
    # shellcheck disable=SC2086
    sgectl $view; done | awk 'length > 80')" '' 'in 80 columns'
unset TZ
cp "$dir/sge.conf" "$dir/old.conf"
echo 'letters reply-to "people@minties.govt.nz"' >>"$dir/sge.conf"
like "$(sgectl digest -m widgets.co.nz)" '*
Reply-To: people@minties.govt.nz
Subject: *' 'a letter says where answers go'
cp "$dir/old.conf" "$dir/sge.conf"
like "$(sgectl digest -m widgets.co.nz)" '*To: postmaster@widgets.co.nz*' \
    "digest -m is the letter"
like "$(sgectl -n 1 digest)" '*and 1 more row of failures*3 failed*sgectl digest -n 0
WATCH*and 3 more
*sgectl digest -n 0*' \
    "of each part of the digest so many"
like "$(sgectl show received -D '' 2>&1; echo $?)" '*-D: want a domain*1' \
    "no domain is none"
mkdir "$dir/unread"
: >"$dir/unread/1772760600.abc"
like "$(sgectl digest)" "*1 mail to the mailbox*kept in*sgectl read $dir/unread*" \
    "mails that could not be read are something to watch"
like "$(sgectl show metrics)" '*
sge_unread_mails 1
*' "and a metric"
rm -r "$dir/unread"
is "$(sgectl -d 30 -c public -p show flow)" \
    "$(sgectl -p show flow -c public -d 30)" \
    "options of views stand before the command too"
sgectl -d 30 show policy moe.govt.nz >"$dir/out" 2>"$dir/err"
is $? 1 "where they make no sense they are refused"
sgectl show cleartext -m google.com >"$dir/out" 2>"$dir/err"
is $? 1 "no letter where there is nothing to say"

# The page.
sgectl html "$dir/html"
is $? 0 "html"
page=$dir/html/index.html
is "$(grep -c -i -e 'src=' -e '<script' -e 'http://' -e 'https://' -e '@import' \
    "$page")" 0 "nothing from elsewhere, no script"
is "$(ls -A "$dir/html")" index.html "nothing but the page is left"
grep -q 'prefers-color-scheme:dark' "$page" && grep -q '@media print' "$page"
ok $? "dark, and for print"
is "$(grep -c '<svg' "$page")" "$(grep -c '</svg>' "$page")" "SVG is closed"
sgectl html "$dir/sge.conf/x" 2>"$dir/err"
is $? 1 "a folder that cannot be made"

# What others wrote.
rm "$dir/sged.db"*
"$here/bin/unit-fill" "$dir/sged.db" "$here/data/sgectl/hostile.sql" ||
    bail "no data"
forms hostile
sgectl html "$dir/html"
is "$(grep -c '<script' "$page")" 0 "no markup of others in the page"
is_plain "$page"
ok $? "the page is plain"
like "$(grep -e '<section' -e 'To fix' "$page")" '*id="problems"*To fix*id="flows"*' \
    "what is to be fixed comes first"
grep -q '&lt;script&gt;' "$page"
ok $? "and shows what it is"
sgectl show metrics >"$dir/out"
is_plain "$dir/out"
ok $? "metrics are plain"
is "$(tail -n 1 "$dir/out")" '# EOF' "and whole"

# A smart host is a correspondent by its address; and what filter-sge saw on
# the way out was not refused, and is not "mode testing".
rm "$dir/sged.db"*
cat >"$dir/smart.sql" <<'EOT'
INSERT INTO correspondent
 (day, dir, domain, class, tls13, tls12, older, clear, refused,
  legacy, testing, messages, rcpts, first, last)
 VALUES
 (20517, 1, '2001:db8::25', 'smarthost', 21, 0, 0, 0, 4, 0, 0, 30, 33,
  1772676600, 1772700000),
 (20517, 1, 'moe.govt.nz', 'restricted', 0, 0, 0, 5, 0, 0, 5, 5, 5,
  1772676600, 1772700000),
 (20517, 0, 'dia.govt.nz', 'restricted', 0, 0, 0, 6, 0, 0, 6, 6, 6,
  1772676600, 1772700000);
EOT
"$here/bin/unit-fill" "$dir/sged.db" "$dir/smart.sql" || bail "no data"
cp "$dir/sge.conf" "$dir/old.conf"
echo 'smarthost { 2001:db8::/64 }' >>"$dir/sge.conf"
out=$(sgectl show flow -D 2001:DB8:0::25)
is $? 0 "show flow of a smart host"
like "$out" '*a smart host of sge.conf*out *25 *21*' "  its sessions"
cp "$dir/old.conf" "$dir/sge.conf"
like "$(sgectl show flow -D '[2001:db8::25]')" '*no smart host of sge.conf*21*' \
    "  when it was one"
sgectl show flow -D 2001:db8::25:: >"$dir/out" 2>"$dir/err"
is $? 1 "  what is neither"
like "$(sgectl show flow -D moe.govt.nz)" '*5 against a flow of *sent all the same*' \
    "what left against a flow"
is "$(sgectl show flow -D moe.govt.nz | grep -c 'mode testing')" 0 \
    "  is of no mode"
like "$(sgectl show flow -D dia.govt.nz)" '*6 would have been refused (mode testing)*' \
    "what came in by mode testing"
sessions=$dir/spool/sessions/20260305T03Z.jsonl
cat >"$sessions" <<'EOT'
{"v":1,"time":"2026-03-05T03:04:05Z","host":"m","dir":"out","session":"66a87376800c5074","local":"192.0.2.1","remote":"2001:db8::25","rdns":null,"helo":null,"starttls":"offered","tls":"TLSv1.3","cipher":"X","failure":null,"tx":[{"from":"minties.govt.nz","to":"a.example","flow":"restricted>public","verdict":"pass","why":null,"messages":1,"rcpts":2}]}
EOT
like "$(sgectl show sessions -D 2001:db8:0:0::25)" '*66a87376800c5074*to a.example*' \
    "its single sessions"
is "$(sgectl -p show sessions -D 2001:db8::25 | cut -d '|' -f 3)" \
    66a87376800c5074 "  for machines"
is "$(sgectl -p show sessions -D 2001:db8::26)" "" "  and none of others"
rm "$sessions"

# Names, counts and texts that are long.
rm "$dir/sged.db"*
"$here/bin/unit-fill" "$dir/sged.db" "$here/data/sgectl/wide.sql" ||
    bail "no data"
forms wide

# All is well: no word.
rm "$dir/sged.db"*
cat >"$dir/good.sql" <<'EOT'
INSERT INTO flow (day, hour, dir, class, tls13, tls12, older, clear, refused)
 SELECT 20517, 1, dir, '*', 10, 2, 0, 0, 0
 FROM (SELECT 0 AS dir UNION ALL SELECT 1);
EOT
"$here/bin/unit-fill" "$dir/sged.db" "$dir/good.sql" || bail "no data"
mv "$dir/spool/sessions/20260305T23Z.jsonl" \
    "$dir/spool/sessions/20260305T02Z.jsonl"
like "$(sgectl digest)" '*1180 bytes of records*20260305T02Z*sged running*' \
    "records that wait are something to fix"
rm "$dir/spool/sessions/20260305T02Z.jsonl"
sed -i.old '/^legacy/d' "$dir/sge.conf"
mkdir "$dir/spool/sessions/20260305T04Z.jsonl"
is "$(sgectl digest 2>&1)" "" "digest says nothing when all is well"
rmdir "$dir/spool/sessions/20260305T04Z.jsonl"
is "$(sgectl -j digest)" "" "nor as JSON"
like "$(sgectl digest -a)" '*0 to fix, 0 to watch*All is well.*' \
    "but with -a"
# RFC 8461 3.3: a policy that can't be fetched anew is told of.
cat >>"$dir/good.sql" <<'EOT'
INSERT INTO sts (domain, id, mode, max_age, fetched, expires, policy, body,
  checked, refresh, tried, tried_id, error, error_type)
 VALUES
 ('stale.nz', '1', 'enforce', 604800, 1772640000, 1773244800, 1, '',
  1772750000, 1772836400, 1772750000, '1', 'HTTP status 404',
  'sts-policy-fetch-error'),
 ('over.nz', '1', 'enforce', 604800, 1772640000, 1772640001, 1, '',
  1772750000, 1772836400, 1772750000, '1', 'HTTP status 404',
  'sts-policy-fetch-error'),
 ('off.nz', '1', 'none', 604800, 1772640000, 1773244800, 1, '',
  1772750000, 1772836400, 1772750000, '1', 'HTTP status 404',
  'sts-policy-fetch-error');
EOT
rm "$dir/sged.db"*
"$here/bin/unit-fill" "$dir/sged.db" "$dir/good.sql" || bail "no data"
like "$(sgectl digest)" \
    '*0 to fix, 1 to watch*policy of stale.nz*sts-policy-fetch-error*' \
    "a policy that can not be fetched anew is something to watch"
# A day without sessions is not well.
like "$(sgectl digest -d 2026-03-04)" '*no session is on record*' \
    "a day without a session is something to fix"
rm "$dir/sged.db"*
sgectl show flow >"$dir/out" 2>"$dir/err"
is $? 1 "no database"
like "$(cat "$dir/err")" '*sged makes it*' "and what to do"
finish
