#!/bin/sh
#
# sgectl deliver: stores a report, keeps what it can't read, and never answers
# for a mail that it does not have.
. "$(dirname "$0")/../bed/tap.sh"
. "$(dirname "$0")/../data/received/lib.sh"

deliver()
{
	ctl deliver
}

# What is in the folder beside the database.
unread()
{
	ls "$dir/unread" 2>/dev/null | wc -l | tr -d ' '
}

report Org a@org.example Id 2026-03-05 "$(policy sts 9 1 \
    "$(detail certificate-expired 1 192.0.2.1 mx.d.example)" d.example)" \
    > "$dir/r.json"
mail x@org.example "$dir/r.json" > "$dir/mail"
deliver < "$dir/mail"
is $? 0 'a report'
out=$(ctl -p show received -d 2026-03-05)
like "$out" '*|org.example|192.0.2.1|1|no|certificate-expired|*' 'is stored'
like "$(ctl -v show received -d 2026-03-05)" '*dkim=org.example*' \
    'with the mark of DKIM'
is "$(unread)" 0 'nothing is kept beside'
deliver < "$dir/mail"
is $? 0 'the same again'
is "$(ctl -p show received -d 2026-03-05)" "$out" 'counts once'

printf 'From: a@b\nSubject: hello\n\nHello.\n' > "$dir/hello"
deliver < "$dir/hello"
is $? 0 'a mail without a report'
is "$(unread)" 1 'is kept'
check 'as it came' cmp "$dir/hello" "$dir"/unread/*
rm "$dir"/unread/*
# What a deliver that was killed has left, and what one is at.
echo old >"$dir/unread/.1700000000.abcdefghij"
touch -t 202001010000 "$dir/unread/.1700000000.abcdefghij"
echo new >"$dir/unread/.1700000001.abcdefghij"
echo other >"$dir/unread/.other"
touch -t 202001010000 "$dir/unread/.other"
deliver < "$dir/hello"
is "$(cd "$dir/unread" && echo .[0-9o]*)" '.1700000001.abcdefghij .other' \
    'what was not ended for a day is removed'
rm -f "$dir"/unread/* "$dir"/unread/.[0-9o]*
printf 'From: a@b\n\n{"policies":[{"policy":' | deliver
is $? 0 'a broken report'
is "$(unread)" 1 'is kept'
: | deliver
is $? 0 'an empty mail'
is "$(unread)" 2 'is kept'
rm "$dir"/unread/*
# A report and something broken: stored, and kept too.
sed 's/"Id"/"Id2"/' "$dir/r.json" > "$dir/r2.json"
{
	printf 'From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; '
	printf 'boundary=b\n\n--b\n\n'
	cat "$dir/r2.json"
	printf '\n--b\nContent-Transfer-Encoding: base64\n\nH4sIAAAA\n--b--\n'
} | deliver
is $? 0 'a mail with one good report of two'
is "$(unread)" 1 'is kept'
is "$(ctl -p show received -d 2026-03-05 | grep -c '|certificate-expired|')" \
    2 'and the good one stored'
rm "$dir"/unread/*
# Mail of people goes to a person, once.
cat > "$dir/sendmail" <<-SH
	#!/bin/sh
	test ! -e "$dir/refuse" || exit 75
	cat > "$dir/handed"
	echo "\$*" > "$dir/to"
SH
chmod 755 "$dir/sendmail"
cp "$dir/sge.conf" "$dir/person.conf"
cat >> "$dir/person.conf" <<-CONF
	report sendmail "$dir/sendmail"
	forward unread to "postmaster@minties.govt.nz"
	letters reply-to "people@minties.govt.nz"
CONF
"$sgectl" -f "$dir/person.conf" deliver < "$dir/hello"
is $? 0 'mail of a person'
is "$(unread)" 0 'is not kept'
check 'is handed on' test -s "$dir/handed"
is "$(cat "$dir/to")" '-- postmaster@minties.govt.nz' 'to whom sge.conf names'
is "$(tail -n +2 "$dir/handed")" "$(cat "$dir/hello")" 'as it came'
cp "$dir/handed" "$dir/again"
rm "$dir/handed"
"$sgectl" -f "$dir/person.conf" deliver < "$dir/again"
is "$? $(unread)" '0 1' 'but not in a circle'
check 'that is kept' test ! -e "$dir/handed"
touch "$dir/refuse"
"$sgectl" -f "$dir/person.conf" deliver < "$dir/hello"
is "$? $(unread)" '0 2' 'what sendmail does not take is kept'
rm -f "$dir"/unread/* "$dir/refuse"
# One that hangs, and what it began, are ended: smtpd tries again.
cp "$dir/sendmail" "$dir/good"
cat > "$dir/sendmail" <<-SH
	#!/bin/sh
	sleep 3600 &
	echo \$! >"$dir/began"
	wait
SH
${CC:-cc} -shared -fPIC -o "$dir/clock.so" "$here/tool/clock.c" ||
    bail 'the clock'
out=$(SGE_HURRY=1 SGE_CLOCK_AHEAD=0 LD_PRELOAD="$dir/clock.so" "$sgectl" \
    -f "$dir/person.conf" deliver < "$dir/hello" 2>&1)
is "$? $(unread)" '75 0' 'sendmail hangs: try again'
check 'it was begun' test -s "$dir/began"
gone=1
n=0
while [ $gone -ne 0 ] && [ $n -lt 300 ]; do
	state=$(ps -o stat= -p "$(cat "$dir/began")")
	case $state in ''|Z*) gone=0 ;; *) sleep 0.1; n=$((n + 1)) ;; esac
done
ok $gone 'and is gone, with what it began'
mv "$dir/good" "$dir/sendmail"
"$sgectl" -f "$dir/person.conf" deliver < "$dir/mail"
check 'a report is not handed on' test ! -e "$dir/handed"
# given WHAT...: "handed" or "kept" of a mail on standard input.
given()
{
	rm -f "$dir"/unread/* "$dir/handed"
	env "$@" "$sgectl" -f "$dir/person.conf" deliver ||
	    echo "exit $?"
	if [ -e "$dir/handed" ]; then
		echo handed
	fi
	[ "$(unread)" -eq 0 ] || echo kept
}
while IFS='|' read -r field want; do
	is "$(printf '%s\nFrom: a@b.example\nSubject: Re: x\n\nSeen.\n' \
	    "$field" | given A=b)" "$want" "a mail with $field"
done <<'EOT'
In-Reply-To: <1@minties.govt.nz>|handed
Auto-Submitted: no|handed
Auto-Submitted: auto-replied|kept
Auto-Submitted: auto-generated; owner=x|kept
Return-Path: <>|kept
return-path: <p@b.example>|handed
Precedence: bulk|kept
Precedence: first-class|handed
List-Id: <l.example>|kept
X-Autoreply: yes|kept
From: MAILER-DAEMON@b.example (Mail Delivery System)|kept
From: <tlsrpt-noreply@minties.govt.nz>|kept
Content-Type: multipart/report; boundary=x|kept
TLS-Report-Domain: minties.govt.nz|kept
List-Unsubscribe: <https://b.example/>|handed
Subject: Report Domain: minties.govt.nz Submitter: b.example|handed
Subject: Report Domain: minties.govt.nz - what is that?|handed
EOT
is "$(printf 'List-Id: <l>\nFrom: a@b\nIn-Reply-To: <1@x>\n\nSeen.\n' |
    given A=b)" handed 'an answer by way of a list'
is "$(given SENDER= < "$dir/hello")" kept 'a mail of the null sender'
is "$(given SENDER=a@b.example < "$dir/hello")" handed 'one of a sender'
# Answers have what else their writers attach, here a packed letter.
{
	printf 'From: a@b\nIn-Reply-To: <1@minties.govt.nz>\nMIME-Version: '
	printf '1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n'
	printf 'Please see.\n--b\nContent-Type: application/octet-stream\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	printf 'Dear postmaster\n' | gzip | base64
	printf -- '--b--\n'
} > "$dir/letter"
is "$(given A=b < "$dir/letter")" handed 'an answer with something packed'
is "$(sed '/In-Reply-To/d' "$dir/letter" | given A=b)" 'handed
kept' 'which could be a report in a mail that answers none: both'
# beside TYPE TEXT SUBJECT: a mail with that text, and a file that stdin is.
beside()
{
	printf 'From: a@b.example\nSubject: %s\nMIME-Version: 1.0\n' "$3"
	printf 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n' "$2"
	printf -- '--b\nContent-Type: %s\n\n' "$1"
	cat
	printf -- '\n--b--\n'
}
report Asked a@asked.example asked 2026-03-05 "$(policy sts 5 1 '')" \
    > "$dir/asked.json"
for type in application/tlsrpt+json application/json message/rfc822; do
	{
		[ $type != message/rfc822 ] ||
		    printf 'TLS-Report-Domain: minties.govt.nz\n\n'
		cat "$dir/asked.json"
	} | beside $type 'What does this mean?' Question > "$dir/question"
	is "$(given A=b < "$dir/question")" handed "a question beside $type"
done
is "$(ctl -p show received -n 0 -d 2026-03-05 | grep -c asked.example)" 2 \
    'whose report is stored'
is "$("$sgectl" -f "$dir/sge.conf" deliver < "$dir/question"; echo $?
    ls "$dir/unread" | wc -l | tr -d ' ')" '0
1' 'and the words are kept where nobody is named'
rm -f "$dir"/unread/*
is "$(beside application/tlsrpt+json '' Report < "$dir/asked.json" |
    given A=b)" '' 'a report without words is handed to nobody'
is "$(beside application/json 'See this.' x < /dev/null | given A=b)" handed \
    'an empty file beside words'
is "$(echo '{"a":1}' | beside application/json 'See this.' x |
    given A=b)" 'handed
kept' 'JSON that is no report, beside words: both'
is "$(printf 'Version: 1\n' | beside application/pgp-encrypted '' x |
    given A=b)" 'handed
kept' 'an encrypted mail: both'
is "$(printf 'x' | beside application/pkcs7-mime '' x | given A=b)" 'handed
kept' 'so is one in S/MIME'
is "$(printf '<?xml version="1.0"?><feedback></feedback>' |
    beside text/xml 'A DMARC report' x | given A=b)" kept \
    "DMARC's reports are nobody's letters"
is "$(printf 'PK' | beside application/zip 'One for you.' \
    'Report Domain: minties.govt.nz Submitter: b.example' | given A=b)" kept \
    'nor is what calls itself one, with a file'
# The test that check config -t sends is not kept as one that can't be read.
test_mail()
{
	printf 'From: <%s>\nSubject: sgectl check config sge-0123456789abcdef' \
	    "$1"
	printf '\nAuto-Submitted: auto-generated\n\nA test.\n'
}
is "$(test_mail tlsrpt-noreply@minties.govt.nz | given A=b)" '' \
    'a test of check config'
is "$(find "$dir/test" -type f | wc -l | tr -d ' ')" 1 'has a place of its own'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	test_mail tlsrpt-noreply@minties.govt.nz | given A=b
done
is "$(find "$dir/test" -type f | wc -l | tr -d ' ')" 10 'a bounded one'
# Those of a clock that was ahead seem to be younger than each that comes.
touch -t 203001010000 "$dir"/test/*
for _ in 1 2 3; do
	test_mail tlsrpt-noreply@minties.govt.nz | given A=b
done
is "$(find "$dir/test" -type f | wc -l | tr -d ' ')" 10 \
    'and so it is where they seem to be younger'
is "$(test_mail someone@else.example | given A=b)" kept "a stranger's is none"
rm -f "$dir"/unread/* "$dir/handed"
# Longer than is read.
{
	cat "$dir/hello"
	head -c 17000000 /dev/zero | tr '\0' 'x'
} > "$dir/long"
deliver < "$dir/long"
is $? 0 'a mail longer than is read'
check 'is kept whole' cmp "$dir/long" "$dir"/unread/*
rm "$dir"/unread/*

# Whatever is in the way, the mail is asked for again.
sed "s,$dir/sged.db,$dir/none/sged.db," "$dir/sge.conf" > "$dir/bad.conf"
"$sgectl" -f "$dir/bad.conf" deliver < "$dir/mail"
is $? 75 'no folder for the database: EX_TEMPFAIL'
"$sgectl" -f "$dir/bad.conf" deliver < "$dir/long"
is $? 75 'nor for what is kept'
"$sgectl" -f "$dir/nothing.conf" deliver < "$dir/mail" 2>/dev/null
is $? 75 'no sge.conf: EX_TEMPFAIL'
mkdir "$dir/two"
sed "s,$dir/sged.db,$dir/two/sged.db," "$dir/sge.conf" > "$dir/two.conf"
echo 'this is no database, nor was it ever one' > "$dir/two/sged.db"
"$sgectl" -f "$dir/two.conf" deliver < "$dir/mail"
is $? 75 'a file that is no database: EX_TEMPFAIL'
rm -f "$dir"/two/*
for f in mail long; do
	( ulimit -f 0; exec "$sgectl" -f "$dir/two.conf" deliver < "$dir/$f" )
	is $? 75 "a limit on the size of files: EX_TEMPFAIL ($f)"
done
"$sgectl" -f "$dir/two.conf" deliver < "$dir/mail"
is $? 0 'no limit again'
if [ "$(id -u)" -eq 0 ] && mkdir "$dir/full" &&
    mount -t tmpfs -o size=512k tmpfs "$dir/full" 2>/dev/null; then
	trap 'umount "$dir/full"; rm -rf "$dir"' EXIT
	sed "s,$dir/sged.db,$dir/full/sged.db," "$dir/sge.conf" \
	    > "$dir/full.conf"
	head -c 510000 /dev/zero > "$dir/full/ballast"
	"$sgectl" -f "$dir/full.conf" deliver < "$dir/mail"
	is $? 75 'a full disk: EX_TEMPFAIL'
	"$sgectl" -f "$dir/full.conf" deliver < "$dir/long"
	is $? 75 'nor is there room to keep it'
	rm -rf "$dir"/full/*
	head -c 200000 /dev/zero > "$dir/full/ballast"
	"$sgectl" -f "$dir/full.conf" deliver < "$dir/long"
	is $? 75 'a mail of which only a part fits'
	is "$(find "$dir/full/unread" -type f | wc -l | tr -d ' ')" 0 \
	    'leaves nothing'
	rm -f "$dir"/full/ballast
	"$sgectl" -f "$dir/full.conf" deliver < "$dir/mail"
	is $? 0 'room again'
else
	ok 0 'a full disk # SKIP not root'
fi
# Somebody else writes all the time.
mkfifo "$dir/hold"
{
	echo 'BEGIN IMMEDIATE;'
	echo ".shell touch $dir/sged.db.held"
	cat "$dir/hold"
	echo 'ROLLBACK;'
} | sqlite3 "$dir/sged.db" &
wait_for 10 test -e "$dir/sged.db.held"
sed 's/"Id"/"Id3"/' "$dir/r.json" > "$dir/r3.json"
mail x@org.example "$dir/r3.json" > "$dir/mail3"
deliver < "$dir/mail3"
is $? 75 'a locked database: EX_TEMPFAIL after a while'
: > "$dir/hold"
wait
deliver < "$dir/mail3"
is $? 0 'unlocked'

# Many at once, while smtpd delivers.
i=0
while [ $i -lt 20 ]; do
	sed "s/\"Id\"/\"many$i\"/; s/2026-03-05/2026-03-07/g" "$dir/r.json" \
	    > "$dir/many.json"
	mail x@org.example "$dir/many.json" > "$dir/many$i"
	i=$((i + 1))
done
for f in "$dir"/many?*; do
	case $f in *.json) continue ;; esac
	( deliver < "$f" || touch "$dir/lost" ) &
done
wait
check 'twenty at once' test ! -e "$dir/lost"
like "$(ctl -p show received -d 2026-03-07)" \
    '*|20|no|certificate-expired|*' 'are all stored'
finish
