#!/bin/sh
#
# sgectl read: files, mails, mboxes, Maildirs, folders, standard input; forms,
# statuses, what is said.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"
samples=$here/data/samples

# Each sample as the view for programs gives it.
n=0
for f in "$samples"/*.json "$samples"/*.eml; do
	n=$((n + 1))
	want=$(awk -F'\t' -v f="${f##*/}" '$1 == f { print $3 "|" $11 "|" $12 }' \
	    "$samples/expected.tsv")
	got=$("$sgectl" -j read "$f" | perl -MJSON::PP -e '
my ($o, $s, $f) = (decode_json(<STDIN>), 0, 0);
for (@{$o->{totals}}) { $s += $_->{sessions}; $f += $_->{failed}; }
print "$o->{id}|$s|$f\n";')
	is "$got" "$want" "${f##*/}"
done
is "$n" 11 'eleven samples'

# A folder with everything; two of one id are not quite the same.
out=$("$sgectl" read "$samples" 2>"$dir/err")
status=$?
like "$out" '*11 reports: 15866 sessions, 610 failed (3.8%).' 'a folder'
is "$status" 1 'some of its files are no reports: status 1'
like "$(cat "$dir/err")" '*README: no report in it*' 'which is said'
is "$(wc -l < "$dir/err")" 3 'in one line each'

# The words of one report.
report Org a@org.example Id 2026-03-05 "$(policy sts 9 1 \
    "$(detail certificate-expired 1 192.0.2.1 mx.d.example)" d.example)" \
    > "$dir/r.json"
out=$("$sgectl" read < "$dir/r.json")
is "$(printf '%s\n' "$out" | head -n 4)" "Report Id from Org
for 2026-03-05 00:00Z to 23:59Z, contact a@org.example
  d.example, MTA-STS: 10 sessions, 1 failed (10.0%)
          1  certificate-expired" 'standard input, in words'
like "$out" "*Fix: Renew it*" 'with what to do'
out=$("$sgectl" read -c "$dir/r.json")
is $? 1 '-c: status 1 where a session failed'
out=$("$sgectl" read "$dir/r.json")
is $? 0 'otherwise 0'
is "$("$sgectl" -p read "$dir/r.json")" "read|2026-03-05|org.example|Org|Id|\
d.example|sts|9|1|$dir/r.json
fail|2026-03-05|org.example|Id|d.example|sts|certificate-expired|192.0.2.1|\
mx.d.example|-|-|1" 'the pipe form'
out=$("$sgectl" read "$dir/nothing" 2>&1)
is "$out" "sgectl: $dir/nothing: No such file or directory
0 reports: 0 sessions, 0 failed (-)." 'a file that is not there'
is "$("$sgectl" read "$dir/nothing" >/dev/null 2>&1; echo $?)" 1 'status 1'
out=$(printf '<?xml version="1.0"?><feedback>' | "$sgectl" read 2>&1)
is $? 0 'DMARC is no fault'
like "$out" '*standard input: DMARC, skipped*' 'but said'

# Mails of other shapes: a field whose value begins on its second line, lines
# that end with CR alone, a list where one is none.
folded()
{
	printf '%s\n' 'From: a@org.example' 'Subject: x' 'Content-Type:' \
	    ' multipart/report; boundary="=_ a b"' '' '--=_ a b' \
	    'Content-Type: application/tlsrpt+json' \
	    'Content-Transfer-Encoding:' '	BASE64' ''
	perl -MMIME::Base64 -e 'print encode_base64(join "", <>)' "$dir/r.json"
	echo '--=_ a b--'
}
folded | "$sgectl" -p read | head -n 1 > "$dir/out"
like "$(cat "$dir/out")" 'read|2026-03-05|org.example|Org|Id|*' \
    'values on the second line'
folded | tr '\n' '\r' | "$sgectl" -p read | head -n 1 > "$dir/out"
like "$(cat "$dir/out")" 'read|2026-03-05|org.example|Org|Id|*' \
    'lines that end with CR'
out=$( (echo '[{"a":1},'; cat "$dir/r.json"; echo ']') | "$sgectl" read 2>&1)
like "$out" '*JSON, but no TLS report*' 'one of a list is none: said'
like "$out" '*Report Id from Org*' 'and the next is read'
# What is not opened has its name.
while read -r type name why; do
	printf '%s\n' 'From: a@org.example' 'Subject: x' \
	    "Content-Type: $type; name=$name" '' 'x' > "$dir/m.eml"
	is "$("$sgectl" read "$dir/m.eml" 2>&1 >/dev/null)" \
	    "sgectl: $dir/m.eml: $why" "$type"
done <<'EOT'
application/pkcs7-mime smime.p7m in S/MIME (smime.p7m), which is not opened
application/ms-tnef winmail.dat in TNEF (winmail.dat), which is not opened
EOT

# mbox: From_ lines within mails, quoted and not, and mails with CRLF.
i=0
: > "$dir/mbox"
while [ $i -lt 20 ]; do
	i=$((i + 1))
	report Org a@org.example "id$i" 2026-03-05 \
	    "$(policy sts $i 0 '' d.example)" > "$dir/one.json"
	{
		echo "From a@org.example Thu Mar  5 10:00:00 2026"
		echo "Subject: $i"
		if [ $((i % 2)) -eq 0 ]; then
			printf 'Content-Type: text/plain\n\nHello,\n\n'
			printf '>From here on.\nFrom me.\n\nFrom you.\n\n'
			printf 'From now Fri Mar  5 10:00:00 2026\n' |
			    sed 's/^/>/'
			echo
		else
			echo "Content-Type: application/tlsrpt+json"
			echo
			cat "$dir/one.json"
			echo
		fi
	} >> "$dir/mbox"
done
out=$("$sgectl" read "$dir/mbox" 2>"$dir/err")
like "$out" '*10 reports: 100 sessions, 0 failed*' 'an mbox of 20 mails, 10 with reports'
is "$(grep -c 'no report in it' "$dir/err")" 10 'the others are named'
# Separators that some write: without a time, or behind a line of text.
n=0
while read -r separator; do
	n=$((n + 1))
	{
		[ $n -ne 3 ] || printf 'From x Thu Mar  5 10:00:00 2026\nA: b\n'
		for i in 1 2; do
			report Odd a@odd.example "odd$n$i" 2026-03-05 \
			    "$(policy sts 5 0 '')" > "$dir/r"
			[ $n -eq 3 ] || [ $i -ne 2 ] || echo
			printf '%s\n' "$separator"
			mail a@odd.example "$dir/r"
		done
		printf '\nFrom here on all is text.\nFrom x Thu, too\n'
	} > "$dir/odd"
	like "$("$sgectl" read "$dir/odd" 2>&1)" '*2 reports: 10 sessions*' \
	    "an mbox with \"$separator\""
done <<'EOT'
From a@odd.example
From x Thu
From a@odd.example Thu Mar  5 10:00:00 2026
EOT
out=$(sed 's/$/\r/' "$dir/mbox" | "$sgectl" read 2>/dev/null)
like "$out" '*10 reports: 100 sessions, 0 failed*' 'the same from a pipe, CRLF'

# Maildir, with a folder within; tmp is not read.
mkdir -p "$dir/Maildir/cur" "$dir/Maildir/new" "$dir/Maildir/tmp" \
    "$dir/Maildir/.TLS/cur" "$dir/Maildir/.TLS/new"
mail a@org.example "$dir/r.json" > "$dir/Maildir/cur/1.x:2,S"
sed 's/"Id"/"Id2"/' "$dir/r.json" > "$dir/r2.json"
mail a@org.example "$dir/r2.json" > "$dir/Maildir/new/2.x"
sed 's/"Id"/"Id3"/' "$dir/r.json" > "$dir/r3.json"
mail a@org.example "$dir/r3.json" > "$dir/Maildir/.TLS/cur/3.x:2,"
cp "$dir/r3.json" "$dir/Maildir/tmp/4.x"
ln -s .. "$dir/Maildir/cur/loop"
out=$("$sgectl" read "$dir/Maildir")
is $? 0 'a Maildir'
like "$out" '*3 reports: 30 sessions, 3 failed*' 'cur, new and folders within'
case $out in *'read twice'*) ok 1 'tmp is left out' ;;
*) ok 0 'tmp is left out' ;; esac

# One bad mail among good ones; too long ones.
mkdir "$dir/mix"
cp "$dir/r.json" "$dir/mix/a"
head -c 1000 /dev/urandom > "$dir/mix/b"
head -c 17000000 /dev/zero | tr '\0' 'x' > "$dir/mix/c"
: > "$dir/mix/d"
chmod 0 "$dir/mix/d"
cp "$dir/r2.json" "$dir/mix/e"
mkfifo "$dir/mix/f"
out=$("$sgectl" read "$dir/mix" 2>"$dir/err")
is $? 1 'bad files: status 1'
like "$out" '*2 reports: 20 sessions*' 'and the rest is read'
like "$(cat "$dir/err")" '*/c: longer than is read*' 'a file too long'

# -s: duplicates by organisation and report-id, case kept.
out=$(ctl read -s "$dir/r.json" "$dir/r2.json")
like "$out" '*Stored 2; 0 were there already.' '-s stores'
sed 's/"Org"/"ORG"/' "$dir/r.json" > "$dir/r4.json"
sed 's/"Id"/"iD"/' "$dir/r.json" > "$dir/r5.json"
gzip -nk "$dir/r.json"
out=$(ctl read -s "$dir/r4.json" "$dir/r5.json" "$dir/r.json.gz")
like "$out" '*Stored 2; 1 was there already.' 'names in another case are others'
sed 's/2026-03-05/2026-03-06/g' "$dir/r.json" > "$dir/r6.json"
out=$(ctl read -s "$dir/r6.json" "$dir/r6.json")
like "$out" '*Stored 1; 1 was there already.' \
    "a report-id used again for another day's report"

# On a terminal work that takes long shows itself, in a pipe never.
if command -v script >/dev/null 2>&1; then
	cat > "$dir/slow" <<-SLOW
	#!/bin/sh
	(i=0; while [ \$i -lt 26 ]; do
		printf 'From a Thu Mar  5 10:00:00 2026\nX: 1\n\n%s\n\n' \
		    "\$(sed "s/Id/I\$i/" "$dir/r.json")"
		sleep 0.1; i=\$((i + 1)); done) |
	    "$sgectl" read > /dev/null
	SLOW
	out=$(script -qec "sh $dir/slow" /dev/null)
	like "$out" '*files or mails, * reports read*' \
	    'a progress line on a terminal'
	out=$(sh "$dir/slow" 2>&1)
	is "$out" '' 'and none in a pipe'
fi

# 20,000 reports, with less memory to have than a year of them takes.
perl -MMIME::Base64 -MIO::Compress::Gzip=gzip - "$dir" <<'PL'
my $d = shift;
my $text = do { local (@ARGV, $/) = "$d/r.json"; <> };
mkdir "$d/big";
mkdir "$d/big/$_" for qw(cur new tmp);
for my $i (0 .. 19999) {
	my $day = sprintf("2025-%02d-%02d", $i % 12 + 1, $i / 12 % 28 + 1);
	my $who = "org" . $i % 40 . ".example";
	my $t = $text;
	$t =~ s/2026-03-05/$day/g;
	$t =~ s/"Id"/"$i"/;
	$t =~ s/"Org"/"$who"/;
	$t =~ s/org\.example/$who/g;
	$t =~ s/\bd\.example/minties.govt.nz/g;
	gzip(\$t => \my $z);
	open(my $f, ">", "$d/big/" . ($i % 3 ? "cur" : "new") . "/$i.x");
	print $f "From: a\@$who\nMIME-Version: 1.0\nContent-Type: ",
	    "multipart/report; boundary=b\n\n--b\n\nText.\n--b\n",
	    "Content-Type: application/tlsrpt+gzip\n",
	    "Content-Transfer-Encoding: base64\n\n", encode_base64($z),
	    "\n--b--\n";
	close($f) or die;
}
PL
# timed KILOBYTES FILE COMMAND...: its output into FILE, with so much address
# space to have; prints its status and how many seconds of CPU it took.
timed()
{
	timed_space=$1
	timed_out=$2
	shift 2
	(
		ulimit -v "$timed_space"
		perl -e 'system(@ARGV); printf STDERR "%d %d\n", $? >> 8,
		    (times)[2] + (times)[3]' "$@" 2>"$dir/timed" >"$timed_out"
	)
	tail -n 1 "$dir/timed"
}
# Causes that stand in the report, and objects where a text belongs.
out=$(ctl read -v "$here/data/received/mx-not-listed.json" | tr '\n' ' ' |
    tr -s ' ')
like "$out" "*policy's mx lines do not name this host*" 'an MX not in the policy'
out=$(ctl read -v "$here/data/received/info-object.json" | tr '\n' ' ' |
    tr -s ' ')
like "$out" '*more: {"certificate-hostname":"mail.example.com"*' \
    'an object is kept as text'
like "$out" '*a member that is an object*' 'and named'
like "$out" '*-connect mail.example.com:25 -servername mail.example.com '\
'-verify_hostname mail.example.com;*' 'the command has the host in every place'
case $out in
*'do not name this host'*) ok 1 'a listed MX' ;;
*) ok 0 'a listed MX' ;;
esac
# Whether the mail was delivered, by the policy that it failed under.
# under TYPE MODE: what is said of a certificate that had expired.
under()
{
	report Org a@org.example U 2026-03-05 "$(policy "$1" 9 1 "$(detail \
	    "${3:-certificate-expired}" 1 192.0.2.1 'mx.d.example')" \
	    d.example)" | sed "s/\"policy-domain\"/\"policy-string\":$(
	    )[\"version: STSv1\",\"mode: $2\",\"mx: *.d.example\"],&/" \
	    >"$dir/under.json"
	ctl read "$dir/under.json" | tr '\n' ' ' | tr -s ' ' |
	    sed 's/.*Delivered? //; s/ Fix:.*//'
}
like "$(under sts enforce)" 'Not to this host: mode enforce.*' \
    'delivered, under mode enforce'
like "$(under sts testing)" 'Yes: mode testing*' 'under testing'
like "$(under sts none)" 'Yes: mode testing only*' 'under none'
like "$(under no-policy-found none)" 'Yes, in general*' 'without a policy'
like "$(under tlsa none)" 'No: with DANE*' 'under DANE'
like "$(under sts enforce sts-webpki-invalid)" 'Yes, in general*' \
    'the policy could not be had'
like "$(under sts testing dnssec-invalid)" 'No: with DANE*' 'no DNSSEC'
like "$(under sts enforce VALIDATION_FAILURE)" 'Not to this host*' \
    "a type as Microsoft's codes are written"
sed 's/"failure-reason-code":""/"failure-reason-code":"VALIDATION_FAILURE"/' \
    "$dir/under.json" >"$dir/code.json"
out=$(ctl read "$dir/code.json" | tr '\n' ' ' | tr -s ' ')
like "$out" "*Microsoft's word for a host*" 'which is told'
# A name that a shell would take for more goes into no command.
out=$(sed 's/mx.d.example/mx.d.example;reboot/' "$dir/under.json" |
    ctl read -v | tr '\n' ' ' | tr -s ' ')
like "$out" '*-connect MXHOST:25*' 'no stranger writes a command'
# What is no JSON costs its own value, whatever else came of it.
# odd COUNT SUMMARY: how many succeeded and failed, as read of these.
odd()
{
	{
		printf '{"organization-name":"O","report-id":NaN,"date-range":'
		printf '{"start-datetime":"2026-03-05T00:00:00Z"},"policies":['
		printf '{"policy":{"policy-type":"sts"},%s:{' "$2"
		printf '"total-successful-session-count":%s,' "$1"
		printf '"total-failure-session-count":7}}]}\n'
	} | ctl -p read 2>/dev/null | cut -d '|' -f 8,9
}
while read -r value want; do
	is "$(odd "$value" '"summary"')" "$want" "a count that is $value"
done <<'EOT'
NaN 0|7
-Infinity 0|7
undefined 0|7
0x10 0|7
1.2.3 0|7
--5 0|7
1e 0|7
+5 5|7
2. 2|7
007 7|7
EOT
is "$(odd 9 summary)" '9|7' 'a name without quotes'
# -c: a folder's failures, and nothing else.
mkdir "$dir/folder"
report Org a@org.example Good 2026-03-05 "$(policy sts 9 0 '' d.example)" \
    >"$dir/folder/good.json"
cp "$dir/under.json" "$dir/folder/bad.json"
report Odd a@odd.example odd 2026-03-05 "$(policy sts 5 0 "$(detail \
    certificate-expired 50 192.0.2.1 mx1.minties.govt.nz)")" > "$dir/odd"
out=$(ctl read -c "$dir/odd")
is $? 1 'read -c: failures that the summary does not count'
like "$out" '*50 *certificate-expired*' 'and they are shown'
is "$(ctl -p read -c "$dir/odd" | cut -d'|' -f1 | tr '\n' ' ')" 'read fail ' \
    'in rows as well'
out=$(ctl read -c "$dir/folder")
is $? 1 'read -c of a folder with failures'
is "$(printf '%s\n' "$out" | grep '^Report ')" 'Report U from Org' \
    'shows these'
like "$out" '*2 reports: 19 sessions, 1 failed*' 'and counts all'
is "$(ctl -p read -c "$dir/folder" | sed -n 's/^read|[^|]*|[^|]*|//p' |
    cut -d '|' -f 2)" U \
    'in the machine form too'
rm "$dir/folder/bad.json"
out=$(ctl read -c "$dir/folder")
is "$? $out" '0 1 report: 9 sessions, 0 failed (0%).' 'without any: only that'
# These are not signed, and nobody judges them.
sed '/dkim verified/d' "$dir/sge.conf" > "$dir/new.conf"
mv "$dir/new.conf" "$dir/sge.conf"
# shellcheck disable=SC2046
set -- $(timed 40000 "$dir/out" "$sgectl" read "$dir/big")
is "$1" 0 '20000 reports in a Maildir'
like "$(tail -n 1 "$dir/out")" '20000 reports: 200000 sessions, 20000 failed*' \
    'each once'
note "$2 s"
check 'in seconds of CPU' test "$2" -lt 20
# shellcheck disable=SC2046
set -- $(timed 80000 "$dir/out" "$sgectl" -f "$dir/sge.conf" read -s "$dir/big")
is "$1" 0 'and stored'
like "$(tail -n 1 "$dir/out")" 'Stored 20000; 0 were there already.' 'all'
note "$2 s"
# shellcheck disable=SC2046
set -- $(timed 150000 "$dir/out" "$sgectl" -f "$dir/sge.conf" show received -d 365)
is "$1" 0 "a year's view"
note "$2 s"
check 'takes about a second of CPU' test "$2" -le 3
# shellcheck disable=SC2046
set -- $(timed 150000 "$dir/out" "$sgectl" -f "$dir/sge.conf" show reporters \
    -d 2025-12-31)
is "$1" 0 'reporters over 90 days'
like "$(cat "$dir/out")" '*all *% of  *' 'their sum'
check 'takes about a second of CPU' test "$2" -le 3
finish
