#!/bin/sh
# SPDX-License-Identifier: ISC
#
# table-sge as smtpd(8) talks to it: smtpd-tables(7).
cd "$(dirname "$0")/../.." || exit 1
. regress/bed/tap.sh
table=$PWD/filter/table-sge
dir=$(mktemp -d) || exit 1
trap 'exec 3>&-; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
later=4000000000

conf()
{
	cat <<-CONF
	organization "Minties"
	contact "tls@minties.govt.nz"
	local { minties.govt.nz }
	class restricted { minties.govt.nz dia.govt.nz nocon.govt.nz }
	class government { .govt.nz }
	class partner { partner.nz ours.partner.nz }
	flow from restricted to restricted require connector
	flow from any to partner require verified tls
	flow from { restricted government } to { restricted government } \\
	    require tls
	connector dia.govt.nz to "smtp+tls://mx.dia.govt.nz" from 192.0.2.0/24
	mta-sts except { except.nz except.govt.nz }
	spool "$dir/spool"
	CONF
}

handshake()
{
	printf 'config|smtpd-version|7.6.0\nconfig|protocol|0.1\n'
	printf 'config|tablename|%s\nconfig|ready\n' "$1"
}

# ask TABLE OPERATION DOMAIN...: what comes back, "DOMAIN ANSWER" a line.
ask()
{
	ask_table=$1
	ask_what=$2
	shift 2
	{
		handshake "$ask_table"
		n=0
		for d; do
			n=$((n + 1))
			echo "table|0.1|1795316677.33|t|$ask_what|$n|$d"
		done
	} | "$table" "$dir/sge.conf" 2>"$dir/err" | grep result >"$dir/got"
	n=0
	for d; do
		n=$((n + 1))
		sed -n "$n"'s/^[a-z]*-result|'"$n"'|/'"$d"' /p' "$dir/got"
	done
}

mkdir spool
conf >sge.conf
cat >spool/routes <<ROUTES
except.nz|enforce|$later|smtp+tls://mx.except.nz
except.govt.nz|enforce|$later|smtp+tls://mx.except.govt.nz
sts.nz|enforce|$later|smtp+tls://m1.sts.nz,smtp+tls://m2.sts.nz
old.nz|enforce|1000|smtp+tls://mx.old.nz
none.nz|none|$later|smtp+tls://mx.none.nz
sts.govt.nz|enforce|$later|smtps://mx.sts.govt.nz:465
partner.nz|none|$later|smtp+tls://mx.partner.nz
dia.govt.nz|enforce|$later|smtp+tls://not.the.connector
minties.govt.nz|enforce|$later|smtp+tls://mail.minties.govt.nz
ROUTES
all="dia.govt.nz nocon.govt.nz other.govt.nz sts.govt.nz partner.nz
    ours.partner.nz sts.nz old.nz none.nz example.com minties.govt.nz govt.nz"

is "$(handshake sge-verify | "$table" "$dir/sge.conf")" "register|domain
register|relayhost
register|ready" "the handshake"

is "$(ask sge-verify 'check|domain' $all)" "dia.govt.nz found
nocon.govt.nz found
other.govt.nz not-found
sts.govt.nz found
partner.nz found
ours.partner.nz found
sts.nz found
old.nz not-found
none.nz not-found
example.com not-found
minties.govt.nz not-found
govt.nz not-found" "sge-verify"

is "$(ask sge-encrypt 'check|domain' $all)" "dia.govt.nz not-found
nocon.govt.nz not-found
other.govt.nz found
sts.govt.nz not-found
partner.nz not-found
ours.partner.nz not-found
sts.nz not-found
old.nz not-found
none.nz not-found
example.com not-found
minties.govt.nz not-found
govt.nz not-found" "sge-encrypt"

is "$(ask sge-nowhere 'check|domain' $all | grep ' found')" \
    "nocon.govt.nz found" "sge-nowhere: a member without a connector"
is "$(ask sge-nowhere 'lookup|relayhost' nocon.govt.nz)" \
    "nocon.govt.nz not-found" "it has no route"
is "$(ask sge-verify13 'check|domain' $all | grep ' found')$(ask sge-encrypt13 \
    'check|domain' $all | grep ' found')" "" "no flow asks for TLS 1.3"
conf | sed '/^ *require tls$/s/$/ "1.3"/' >sge.conf
is "$(ask sge-verify13 'check|domain' $all | grep ' found')
$(ask sge-encrypt13 'check|domain' $all | grep ' found')
$(ask sge-verify 'check|domain' sts.govt.nz sts.nz)
$(ask sge-encrypt 'check|domain' other.govt.nz)" "sts.govt.nz found
other.govt.nz found
sts.govt.nz found
sts.nz found
other.govt.nz found" "one does, also of a domain with a policy"
{ conf | sed '/^ *require tls$/s/$/ "1.3"/'; echo 'mode testing'; } >sge.conf
is "$(ask sge-verify13 'check|domain' $all | grep ' found')$(ask sge-encrypt13 \
    'check|domain' $all | grep ' found')" "" "mode testing: no version"
conf | sed -e '/to partner/s/$/ "1.3"/' >sge.conf
is "$(ask sge-verify13 'check|domain' $all | grep ' found')" "partner.nz found
ours.partner.nz found" "verified, with TLS 1.3"
conf >sge.conf

is "$(ask sge-routes 'lookup|relayhost' $all)" \
    "dia.govt.nz found|smtp+tls://mx.dia.govt.nz
nocon.govt.nz not-found
other.govt.nz not-found
sts.govt.nz found|smtps://mx.sts.govt.nz:465
partner.nz found|smtp+tls://mx.partner.nz
ours.partner.nz not-found
sts.nz found|smtp+tls://m1.sts.nz
old.nz found|smtp+tls://mx.old.nz
none.nz found|smtp+tls://mx.none.nz
example.com not-found
minties.govt.nz not-found
govt.nz not-found" "sge-routes"

is "$(ask sge-verify 'check|domain' except.nz except.govt.nz
    ask sge-encrypt 'check|domain' except.nz except.govt.nz
    ask sge-routes 'lookup|relayhost' except.nz)" "except.nz not-found
except.govt.nz not-found
except.nz not-found
except.govt.nz found
except.nz found|smtp+tls://mx.except.nz" \
    "mta-sts except: the flow's rule alone holds; what is queued is routed"

is "$(ask sge-verify 'check|domain' Dia.GOVT.nz. a..b '' 'x|y' 'a b')" \
    "Dia.GOVT.nz. found
a..b not-found
 not-found
x|y not-found
a b not-found" "capitals, a final dot, what is no name"

{ conf; echo 'flow from any to any require tls'; } >sge.conf
is "$(ask sge-encrypt 'check|domain' '[192.0.2.1]' example.com)" \
    "[192.0.2.1] found
example.com found" "an address in brackets is of the class of all others"
conf >sge.conf

is "$(ask sge-verify 'lookup|relayhost' dia.govt.nz)" \
    "dia.govt.nz not-found" "a relayhost of a table that has none"
is "$(ask sge-routes 'check|netaddr' x.nz)" \
    "x.nz error|not a service of this table" "another service"
is "$( { handshake sge-routes; echo 'table|0.1|1|t|update|u1'
    echo 'table|0.1|1|t|fetch|relayhost|f1'
    echo 'table|0.1|1|t|check|domain|c1'; } | "$table" "$dir/sge.conf" |
    grep result)" "update-result|u1|ok
fetch-result|f1|not-found
check-result|c1|error|no query" "update, fetch, a check of nothing"

# --- failing hosts of one address take turns
cat >>spool/routes <<ROUTES
bad1.nz|enforce|$later|smtp+tls://mx.bad1.nz
bad2.nz|enforce|$later|smtp+tls://mx.bad2.nz:25
ROUTES
both="bad1.nz bad2.nz sts.nz dia.govt.nz"
printf 'mx.%s|192.0.2.1|0|0|0\n' bad1.nz bad2.nz >spool/turns
echo 'mx.dia.govt.nz|192.0.2.1|0|0|0' >>spool/turns
is "$(ask sge-routes 'lookup|relayhost' $both)" \
    "bad1.nz found|smtp+tls://mx.bad1.nz
bad2.nz not-found
sts.nz found|smtp+tls://m1.sts.nz
dia.govt.nz found|smtp+tls://mx.dia.govt.nz" \
    "failing hosts of one address take turns, but no connector"
is "$(ask sge-verify 'check|domain' bad1.nz bad2.nz)" "bad1.nz found
bad2.nz found" "and need a verified host all the same"
touch -t 202001010000 spool/turns
like "$(ask sge-routes 'lookup|relayhost' $both | sed -n 2p)" \
    "bad2.nz found|*" "what sged does not write any more holds nobody"
rm spool/turns

# --- mode testing: what our flows require is not forced
{ conf; echo 'mode testing'; } >sge.conf
is "$(ask sge-verify 'check|domain' $all | grep ' found' | tr '\n' ' ')" \
    "dia.govt.nz found sts.govt.nz found sts.nz found " \
    "mode testing: connectors and policies only"
is "$(ask sge-encrypt 'check|domain' $all | grep ' found')" "" \
    "mode testing: sge-encrypt is empty"
is "$(ask sge-encrypt 'check|domain' $all | wc -l | tr -d ' ')" 12 \
    "mode testing: and answers"
conf >sge.conf

# --- operator's mistakes keep smtpd from starting
out=$(handshake sge-foo | "$table" "$dir/sge.conf" 2>err)
is "$? $out" "1 " "an unknown name: no handshake, exit 1"
like "$(cat err)" '*"sge-foo"*sge-verify, sge-encrypt, sge-routes*' \
    "and it names the three"
out=$(printf 'config|ready\n' | "$table" "$dir/sge.conf" 2>err)
is "$? $out" "1 " "no name: exit 1"
echo 'organization' >bad.conf
out=$(handshake sge-verify | "$table" "$dir/bad.conf" 2>err)
is "$? $out" "1 " "a wrong configuration: exit 1"
like "$(cat err)" "$dir/bad.conf:1: something is missing; *" "and FILE:LINE"
"$table" >out 2>err
is "$? $(cat err)" "1 usage: table-sge [-V] file" "no argument: usage"

# --- the spool is closed to the user that smtpd runs tables as
mkdir notdir
echo x >notdir/file
conf | sed 's,/spool",/notdir/file",' >sge.conf
is "$(ask sge-verify 'check|domain' sts.nz dia.govt.nz sts.nz)" \
    "sts.nz not-found
dia.govt.nz found
sts.nz not-found" "routes can't be opened: connectors hold"
like "$(cat err)" "table-sge: $dir/notdir/file/routes: policies are not \
known: *" "and it is said"
is "$(wc -l <err | tr -d ' ')" 1 "once"
conf >sge.conf

# --- rubbish
{
	handshake sge-verify
	i=0
	while [ $i -lt 200 ]; do
		printf 'table|0.1|1|t|check|domain|\n|||||||||\n\n'
		printf 'table|0.1|1|t|check|domain|a b|x.nz\n'
		printf 'table|0.1|1|t|check\ntable\nregister|ready\n'
		printf 'table|0.1|1|t|delete|domain|1|x\n'
		printf '\000\001\377table|0.1|1|t|check|domain|1|x\n'
		printf 'table|0.1|1|t|check|domain|ok%d|dia.govt.nz\n' $i
		i=$((i + 1))
	done
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "x" }'
	printf 'table|0.1|1|t|check|domain|9|dia.govt.nz\n'
	printf 'table|0.1|1|t|check|domain|%0100d|dia.govt.nz\n' 7
	printf 'table|0.1|1|t|check|domain|last|dia.govt.nz\n'
	printf 'table|0.1|1|t|check|domain|half|dia.go'
} >rubbish
"$table" "$dir/sge.conf" <rubbish >out 2>err
is $? 0 "rubbish: exit 0 at its end"
is "$(grep -c '^check-result|ok[0-9]*|found$' out)" 200 \
    "all that made sense is answered"
is "$(grep -v '^check-result|ok[0-9]*|found$\|^register|' out)" \
    "check-result|last|found" "and nothing else"
is "$(wc -l <err | tr -d ' ')" 1 "it is said once, not each time"

# --- while it runs
mkfifo in
"$table" "$dir/sge.conf" <in >out 2>err &
pid=$!
exec 3>in
handshake sge-routes >&3

# answered ID DOMAIN ANSWER: asks; the answer must be that.
answered()
{
	answered_n=$((${answered_n:-0} + 1))
	echo "table|0.1|1|t|lookup|relayhost|$1.$answered_n|$2" >&3
	answered_until=$(($(date +%s) + 5))
	until grep -q "^lookup-result|$1.$answered_n|" out; do
		[ "$(date +%s)" -le "$answered_until" ] || return 1
		sleep 0.05
	done
	grep -qF "lookup-result|$1.$answered_n|$3" out
}

broken_said()
{
	answered g x.nz not-found &&
	    grep -q 'sge.conf:14: unknown directive "wrong"' err
}

writer_gone()
{
	! kill -0 "$writer" 2>/dev/null
}

gone_said()
{
	answered i x.nz not-found && grep -q "sge.conf: can.t be read" err
}

answered a new.nz not-found
ok $? "not known yet"
echo "new.nz|enforce|$later|smtp+tls://mx.new.nz" >>spool/routes
answered b new.nz 'found|smtp+tls://mx.new.nz'
ok $? "known as soon as sged has written it"
echo "new.nz|enforce|$later|smtp+tls://mx2.new.nz" >spool/routes.new
mv spool/routes.new spool/routes
answered c new.nz 'found|smtp+tls://mx2.new.nz'
ok $? "and when sged has compacted"
answered d sts.nz not-found
ok $? "what was dropped then is gone"
rm spool/routes
answered e new.nz 'found|smtp+tls://mx2.new.nz'
ok $? "a file that is gone changes nothing"

{ conf; echo 'connector new.govt.nz to "smtps://mx.new.govt.nz" from ::1'
} >sge.conf
check "a changed configuration is read" wait_for 5 answered f new.govt.nz \
    'found|smtps://mx.new.govt.nz'
sed -i.bak '$d' sge.conf
echo 'wrong line' >>sge.conf
check "a wrong one is said" wait_for 5 broken_said
answered h new.govt.nz 'found|smtps://mx.new.govt.nz'
ok $? "and the old one stays"
is "$(grep -c 'unknown directive' err)" 1 "it is said once"
rm sge.conf
check "none is said" wait_for 5 gone_said
conf | sed 's,/spool",/spool2",' >sge.conf
mkdir spool2
echo "two.nz|none|$later|smtp+tls://mx.two.nz" >spool2/routes
check "another spool" wait_for 5 answered j two.nz \
    'found|smtp+tls://mx.two.nz'
kill -0 $pid
ok $? "it is still there"
exec 3>&-
wait $pid
is $? 0 "and goes when smtpd does"

# What is noted of attempts: names alone.
mkdir -p spool2/attempts
chmod 1733 spool2/attempts
is "$(ask sge-routes 'lookup|relayhost' two.nz 'two.nz!' '!' "$(printf \
    '%0252d!' 0)" | cut -d ' ' -f 2 | cut -d '|' -f 1 | tr '\n' ' ')" \
    "found not-found not-found not-found " "a name, and three that are none"
is "$(cat spool2/attempts/* | cut -d ' ' -f 2)" two.nz "the name is noted"
rm -rf spool2/attempts

# The disk hangs: who writes to it, the noter of attempts, is stopped.
"$table" "$dir/sge.conf" <in >out 2>err &
pid=$!
exec 3>in
handshake sge-routes >&3
answered k two.nz 'found|smtp+tls://mx.two.nz'
ok $? "another one"
writer=$(ps -eo pid,ppid | awk -v p=$pid '$2 == p { print $1; exit }')
check "a process of its own writes" test -n "$writer"
kill -STOP "$writer"
i=0
while [ $i -lt 3000 ]; do
	echo "table|0.1|1795316677.33|t|lookup|relayhost|w$i|two.nz"
	i=$((i + 1))
done >&3
wait_for 60 answered l two.nz 'found|smtp+tls://mx.two.nz'
ok $? "smtpd has its answers all the time"
is "$(grep -c '^lookup-result|w[0-9]*|found' out)" 3000 "3000 of them"
exec 3>&-
wait $pid
is $? 0 "and it goes when smtpd does, though the writer hangs"
kill -CONT "$writer"
wait_for 60 writer_gone
ok $? "who follows"
finish
