#!/bin/sh
#
# show sessions: single connections out of the spool, with smtpd's session id.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-sessions.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$dir/spool/sessions"
cat >"$dir/sge.conf" <<EOT
organization "Minties"
contact "tls-reports@minties.govt.nz"
local { "minties.govt.nz" }
class government { ".govt.nz" }
spool "$dir/spool"
database sqlite "$dir/sged.db"
socket "$dir/sged.sock"
EOT

ctl()
{
	"$here/../reporter/sgectl" -f "$dir/sge.conf" "$@"
}

# session ID TIME DIR RDNS HELO TLS TX: a record's line.
session()
{
	printf '{"v":1,"time":"%s","host":"mx","dir":"%s",' "$2" "$3"
	printf '"session":"%s","remote":"198.51.100.7","rdns":%s,' "$1" "$4"
	printf '"helo":%s,"starttls":"offered","tls":%s,"tx":[%s]}\n' "$5" \
	    "$6" "$7"
}

# tx FROM TO VERDICT WHY
tx()
{
	printf '{"from":"%s","to":"%s","flow":"government>government",' "$1" \
	    "$2"
	printf '"verdict":"%s","why":%s,"messages":1,"rcpts":1}' "$3" "$4"
}

in=$dir/spool/sessions
{
	session 0a00000000000001 2026-07-04T11:30:00Z out '"mx.dia.govt.nz"' \
	    null '"TLSv1.3"' "$(tx minties.govt.nz dia.govt.nz pass null)"
	session 0a00000000000002 2026-07-04T11:59:00Z in null '"a.example"' \
	    null "$(tx u@sub.DIA.govt.nz v@minties.govt.nz reject '"no-tls"')"
	session 0a00000000000003 2026-07-04T11:59:10Z in null '"b.example"' \
	    null "$(tx x.example minties.govt.nz pass null),$(
	    tx notdia.govt.nz minties.govt.nz pass null)"
	session 0a00000000000004 2026-07-04T11:59:20Z out null \
	    '"mx2.dia.govt.nz"' null ''
} >"$in/20260704T11Z.jsonl"
# Written late: a full disk, and the next day.
session 0a00000000000005 2026-07-04T23:59:59Z in null null '"TLSv1.2"' \
    "$(tx dia.govt.nz minties.govt.nz pass null)" >"$in/20260705T02Z.jsonl"
session 0a00000000000006 2026-07-05T01:00:00Z in null null '"TLSv1.2"' \
    "$(tx '' minties.govt.nz pass null)" >>"$in/20260705T02Z.jsonl"
printf '{"v":1,"time":' >>"$in/20260705T02Z.jsonl"
printf 'nonsense\n' >"$in/20260704T12Z.jsonl"

is "$(ctl -p show sessions -D dia.govt.nz -d 2026-07-04 | cut -d '|' -f 3,16,17 |
    tr '\n' ' ')" "0a00000000000001|pass|- 0a00000000000002|reject|no-tls \
0a00000000000004|-|- 0a00000000000005|pass|- " \
    'those of a domain, of names under it, of its hosts, written late too'
is "$(ctl -p show sessions -d 2026-07-04 | wc -l | tr -d ' ')" 6 \
    'without a domain: a row for each mail'
is "$(ctl -j show sessions -D minties.govt.nz -d 2026-07-05)" \
    "$(printf '%s' '{"view":"session","time":1783213200,' \
    '"session":"0a00000000000006","dir":"in","host":"mx",' \
    '"remote":"198.51.100.7","rdns":null,"helo":null,"starttls":"offered",' \
    '"tls":"TLSv1.2","cipher":null,"failure":null,"from":"<>",' \
    '"to":"minties.govt.nz","flow":"government>government",' \
    '"verdict":"pass","why":null,"messages":1,"rcpts":1}')" 'as JSON'
# What else may lie there, a link, a pipe, a line without end, holds up nobody.
mkfifo "$in/20260704T13Z.jsonl"
ln -s /dev/zero "$in/20260704T14Z.jsonl"
awk 'BEGIN { for (i = 0; i < 100; i++) printf("%010000d", 0); print "" }' \
    >"$in/20260704T15Z.jsonl"
session 0a00000000000007 2026-07-04T15:00:00Z in null null '"TLSv1.2"' \
    "$(tx odd.govt.nz minties.govt.nz pass null)" >>"$in/20260704T15Z.jsonl"
out=$(timeout 100 "$here/../reporter/sgectl" -p -f "$dir/sge.conf" show sessions \
    -D odd.govt.nz -d 2026-07-04 2>"$dir/err" | cut -d '|' -f 3)
is "$out" 0a00000000000007 'what is no segment is passed over'
like "$(cat "$dir/err")" '*T13Z.jsonl: not a regular file*T14Z.jsonl: *' \
    'and said'
rm "$in/20260704T13Z.jsonl" "$in/20260704T14Z.jsonl" "$in/20260704T15Z.jsonl"

out=$(TZ=UTC ctl show sessions -D dia.govt.nz -d 2026-07-04)
like "$out" '*11:59:00Z 0a00000000000002 in from a.example *' \
    'in words: when, whose, with whom'
like "$out" '*government>government: reject*no-tls*' 'and what became of it'
like "$out" '*journalctl -u opensmtpd -g 0a00000000000005*' 'to grep for'
like "$out" '*4 of 5 sessions*1 line could not be read*' \
    'counted, with what could not be read'
out=$(TZ=NZST-12NZDT,M9.5.0,M4.1.0/3 ctl show sessions -D dia.govt.nz \
    -d 2026-07-04)
like "$out" '*11:59:00Z (23:59 NZST) 0a00000000000002 *' \
    "beside Z the host's own time"
like "$out" '*23:59:59Z (05 Jul 11:59 NZST) 0a00000000000005 *' \
    'with its day where that is another'
is "$(TZ=NZST-12 ctl -p show sessions -d 2026-07-05 | cut -d '|' -f 2)" \
    1783213200 'not in the machine forms'
is "$(ctl show sessions -D dia.govt.nz -d 2026-07-04 -n 1 | sed -n \
    's/^\(+ .*\) (-n.*/\1/p')" '+ 3 more' 'the first, and how many more'
rm -r "$in"
ctl show sessions >"$dir/out" 2>&1
is $? 1 'without a spool'
like "$(cat "$dir/out")" "*$in: No such file*" 'says so'
finish
