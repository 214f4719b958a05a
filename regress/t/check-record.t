#!/bin/sh
# sgectl record new, check record: offline over the list of records, and over
# the DNS in every case that has an answer of its own.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
TOP=${here%/*}
. "$here/bed/dns.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-record.XXXXXX") || exit 1
trap 'dns_stop; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
tab=$(printf '\t')
# Not as root: the checks' processes would want to become _sged.
chmod 755 "$dir"
cp "$here/../reporter/sgectl" "$dir/sgectl" || exit 1
sgectl()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$dir/sgectl" "$@"
	else
		"$dir/sgectl" "$@"
	fi
}

# The verdict that the rows of -p add up to.
verdict()
{
	case $(cut -d '|' -f 3 "$1" | sort -u | tr '\n' ' ') in
	*bad*) echo bad ;;
	*warn*) echo ok-unportable ;;
	*) echo ok ;;
	esac
}

records=0
while IFS=$tab read -r want text why; do
	case $want in '#'*) continue ;; esac
	records=$((records + 1))
	sgectl -p check record -s "$text" >"$dir/out" 2>"$dir/err"
	status=$?
	is "$(verdict "$dir/out")" "$want" "$why"
	case $want in
	ok) is $status 0 "  exit status" ;;
	*) is $status 1 "  exit status" ;;
	esac
done <"$here/data/samples/records.tsv"
[ $records -gt 20 ]
ok $? "the list has $records records"

# Where nobody's report arrives.
for uri in 'https://[::1]/x' https://127.0.0.1/ https://10.1.2.3:8443/r \
    https://localhost/ https://mx.localhost/ https://printer/x \
    https://x.internal/ mailto:a@mail.local; do
	out=$(sgectl check record -s "v=TLSRPTv1; rua=$uri")
	is $? 1 "$uri"
	is "$(echo "$out" | grep -cF "$uri is never contacted: ")" 1 \
	    '  is said to be out of reach'
	is "$(echo "$out" | grep -c 'reports go to')" 0 '  and nothing goes there'
done

like "$(sgectl check record -s "$(printf 'v=TLSRPTv1; rua=mailto:a\033@b.nz')")" \
    '*a control character (byte 0x1b) is part of the record*' \
    'a control character is named, and no address made of it'

# The position of the fault, marked.
out=$(sgectl check record -s 'v=TLSRPTv1; rua=mailto:a@b.example other')
like "$out" "*
                                     ^
bad *" "trailing text is marked where it begins"
out=$(sgectl check record -s 'v=TLSRPTv1; RUA=mailto:a@b.example')
like "$out" "*
              ^
bad *lower case matter in rua*" "RUA"
out=$(sgectl check record -s 'v=TLSRPTv1; rua=http://b.example/in')
like "$out" "*bad *none of the addresses can be used*" "no plain http"
out=$(sgectl check record -s 'v-TLSRPTv1; rua=mailto:a@b.example')
like "$out" "*
   ^
bad *misprint*" "the guide's misprint"
out=$(sgectl check record -s "$(printf 'v=TLSRPTv1; rua=\033[31mx')")
like "$out" '*rua=\\033\[31mx*' "control characters are escaped"
like "$out" "*
                  ^
bad*" "and the mark stands where the first of them is shown"
# Forms of an address that no sender can use: which one, and what to write.
while IFS='|' read -r rua want; do
	out=$(sgectl check record -s "v=TLSRPTv1; rua=$rua")
	is $? 1 "$rua: exit 1"
	like "$(echo $out)" "*bad $want*" "  $want"
done <<'EOT'
mailto://a@b.example|mailto has no //, which would be part of the address: write mailto:a@b.example
mailto:<a@b.example>|no < and > around the address: write mailto:a@b.example 1
mailto:ok@b.example,mailto:<c@b.example>|no < and > around the address: write mailto:c@b.example
mailto:a%zz@b.example|two hexadecimal digits must follow a '%'
mailto:a@[192.0.2.1]|an address literal
mailto:a@[IPv6:2001:db8::1]|an address literal
mailto:ä@b.example|the address is not ASCII
mailto:a@b.example;c@d.example|';' ends rua, a ',' stands between addresses: write ,mailto:c@d.example
mailto:a@b.example; mailto:c@d.example;|';' ends rua, a ',' stands between addresses: write ,mailto:c@d.example
tls-rpt@b.example|an address needs its scheme: write mailto:tls-rpt@b.example (
mailto:a@b.example,c@d.example|an address needs its scheme: write mailto:c@d.example (
“mailto:a@b.example”|a quote character is part of the record
mailto:a@b.example”|a quote character is part of the record
mailto:a@b.example |a blank that is not ASCII
mailto:a@bä.example|the domain is not ASCII: write mailto:a@xn--b-0fa.example
EOT
sgectl check record >/dev/null 2>&1
is $? 1 "neither a domain nor a text"

# What is made passes the check.
out=$(sgectl record new -r tls@minties.govt.nz -r https://r.example/in \
    minties.govt.nz)
is $? 0 "record new"
like "$out" "Name   _smtp._tls.minties.govt.nz. *
Value  v=TLSRPTv1; rua=mailto:tls@minties.govt.nz,https://r.example/in
*" "portal form"
like "$out" "*_smtp._tls IN TXT \"v=TLSRPTv1; rua=*\"*" "zone form"
value=$(printf '%s\n' "$out" | sed -n 's/^Value  //p')
sgectl check record -s "$value" >/dev/null
is $? 0 "the new record is good"
good="v=TLSRPTv1; rua=mailto:tls@minties.govt.nz"
is "$(sgectl record new -p -r tls@minties.govt.nz minties.govt.nz)" \
    "record|_smtp._tls.minties.govt.nz|TXT|3600|$good" "the name in fields"
# A name in its own letters, with what no terminal should be shown.
while IFS='|' read -r name want; do
	out=$(sgectl record new -r a@b.nz "$(printf '%b' "$name")" 2>&1)
	like "$out" "sgectl: \"*$want" "A-label: $name"
done <<'EOT'
M\0304\0200ORI.nz|: write "xn--mori-qsa.nz"
ma\0314\0204ori.nz|: write "xn--mori-qsa.nz"
\0342\0200\0256a.nz|: take out the bytes E2 80 AE
\0357\0274\0241.nz|the bytes EF BC A1 are no letter known here*
EOT
# The key that signs: strings of at most 255 characters, which add up.
openssl genrsa -out "$dir/key" 4096 2>/dev/null
chmod 644 "$dir/key"
public=$(openssl rsa -in "$dir/key" -pubout 2>/dev/null | sed '/^-/d' |
    tr -d '\n')
out=$(sgectl record new -k "$dir/key" minties.govt.nz)
like "$out" "Name   sge._domainkey.minties.govt.nz. *
Value  v=DKIM1; k=rsa; p=$public
Zone   sge._domainkey IN TXT \"v=DKIM1; *\" \"*\"" "the record of a key"
zone=$(printf '%s\n' "$out" | sed -n 's/^Zone .* TXT //p')
is "$(printf '%s\n' "$zone" | sed 's/" "//g')" \
    "\"v=DKIM1; k=rsa; p=$public\"" "its strings add up"
is "$(printf '%s\n' "$zone" | tr '"' '\n' | awk 'length > 255')" "" \
    "none is longer than one may be"
like "$(sgectl record new -p -k "$dir/key" -s two minties.govt.nz)" \
    'record|two._domainkey.minties.govt.nz|TXT|3600|v=DKIM1; k=rsa; p=*' \
    "another selector"
out=$(sgectl record new -k "$dir/none" minties.govt.nz 2>&1)
is $? 1 "no such key"
like "$out" "*-k $dir/none: No such file*" "it says so"
out=$(sgectl record new -k "$dir/sgectl" minties.govt.nz 2>&1)
like "$out" "*-k $dir/sgectl: no private key in PEM*" "what is no key"
sgectl record new -r 'mailto:no address' minties.govt.nz >/dev/null
is $? 1 "no record is made of a bad address"

if ! dns_unbound; then
	ok 0 "records in the DNS # SKIP no unbound"
	finish
fi
# long STRINGS: a record of so many strings of 200 characters.
long()
{
	awk -v n="$1" -v x="$(printf '%200s' '' | tr ' ' x)" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%s\"%s\"", i ? " " : "", i ? x : \
			    "v=TLSRPTv1; rua=mailto:a@b.example; x=" }'
}
# many N DOMAIN: so many MX records.
many()
{
	awk -v n="$1" -v d="$2" 'BEGIN {
		q = sprintf("%c", 39)
		for (i = 0; i < n; i++)
			printf "\tlocal-data: %s%s MX 1 mx%d.%s%s\n", q, d, i,
			    d, q }'
}
dns_start "$dir" <<EOT || bail "unbound does not start"
	local-data: '_smtp._tls.good.test. 77 TXT "v=TLSRPTv1; rua=" "mailto:a@b.example"'
	local-data: 'mail.test. MX 20 mx2.mail.test.'
	local-data: 'mail.test. MX 10 mx1.mail.test.'
	local-data: 'mx1.mail.test. A 192.0.2.1'
	local-data: 'mx2.mail.test. A 192.0.2.2'
	local-data: 'nomail.test. MX 0 .'
	local-data: 'address.test. MX 10 192.0.2.7.'
	local-data: 'mixed.test. MX 0 .'
	local-data: 'mixed.test. MX 10 MX1.mail.test.'
	local-data: 'mixed.test. MX 20 mx1.MAIL.test.'
	local-data: 'mixed.test. MX 30 192.0.2.7.'
	local-data: 'mixed.test. MX 40 gone.mail.test.'
	local-data: '_smtp._tls.two.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_smtp._tls.two.test. TXT "v=TLSRPTv1; rua=mailto:c@b.example"'
	local-data: '_smtp._tls.beside.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_smtp._tls.beside.test. TXT "google-site-verification=1"'
	local-data: '_smtp._tls.other.test. TXT "v=spf1 -all"'
	local-data: '_smtp._tls.nodata.test. A 192.0.2.1'
	local-data: '_smtp._tls.alias.test. CNAME _smtp._tls.good.test.'
	local-data: 'smtp._tls.wrong.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_tlsrpt.wrong1.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_smtp_tls.wrong2.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_tls._smtp.wrong3.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_smtp._tls.twice.test.twice.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: 'apex.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
	local-data: '_smtp._tls.bad.test. TXT "v=TLSRPTv1; rua=tls@bad.test"'
	local-data: '_smtp._tls.own.test. TXT "v=TLSRPTv1; rua=mailto:tls@own.test"'
	local-data: '_smtp._tls.long.test. TXT $(long 50)'
	local-data: '_mta-sts.long.test. TXT $(long 50)'
	local-data: 'near.test. MX 10 127.0.0.2.'
	local-data: '_mta-sts.near.test. TXT "v=stsv1; id=1"'
	local-data: '_mta-sts.near.test. TXT "v=STSv1 id=2"'
	local-data: '_mta-sts.near.test. TXT " v=STSv1; id=3"'
	local-data: '_mta-sts.near.test. TXT "\"v=STSv1; id=4\""'
	local-data: 'ids.test. MX 10 127.0.0.2.'
	local-data: '_mta-sts.ids.test. TXT "v=STSv1; id=1; id=2"'
$(many 40 forty.test.)
$(many 260 lots.test.)
	local-zone: "wild.test." redirect
	local-data: 'wild.test. TXT "v=TLSRPTv1; rua=mailto:a@b.example"'
EOT
sed -e "s,@DIR@,$dir,g" "$here/data/sgectl/sge.conf.in" >"$dir/sge.conf"
cp "$here/data/sgectl/restricted" "$dir/restricted"
echo "resolver 127.0.0.1 port $dns_port" >>"$dir/sge.conf"

# domain TAB exit status TAB pattern in the output
while IFS=$tab read -r domain want pattern; do
	out=$(sgectl -f "$dir/sge.conf" check record "$domain" 2>&1)
	is $? "$want" "$domain: exit $want"
	# shellcheck disable=SC2254
	like "$(echo $out)" "*$pattern*" "$domain: $pattern"
done <<'EOT'
good.test	0	_smtp._tls.good.test TXT ttl 77 dnssec no v=TLSRPTv1; rua=mailto:a@b.example
alias.test	0	alias (CNAME) of _smtp._tls.good.test
beside.test	0	2 records, 0 faults
own.test	0	all addresses are in the domain
two.test	1	2 TLSRPT records
other.test	1	a record of SPF
nodata.test	1	has no TXT record
none.test	1	no such name
long.test	1	a TXT record of more than 8192 bytes
wrong.test	1	stands at smtp._tls.wrong.test
wrong1.test	1	stands at _tlsrpt.wrong1.test
wrong2.test	1	stands at _smtp_tls.wrong2.test
wrong3.test	1	stands at _tls._smtp.wrong3.test
_smtp._tls.good.test	0	_smtp._tls.good.test TXT ttl 77
none.test	1	TXT none, remembered for
twice.test	1	stands at _smtp._tls.twice.test.twice.test
apex.test	1	stands at apex.test
bad.test	1	write mailto:tls@bad.test
wild.test	1	a wildcard answers
x.broken.test	2	is not "no record"
EOT

out=$(sgectl -p -f "$dir/sge.conf" check domain long.test)
like "$out" '*TLS-RPT|bad|a TXT record*of more than 8192 bytes*' \
    "check domain does not call it none"
like "$out" '*MTA-STS|bad|a TXT record*of more than 8192 bytes*' \
    "nor that of MTA-STS"

# Where the record stands, and whether it is one of the name's own.
while IFS='|' read -r domain said; do
	out=$(sgectl -p -f "$dir/sge.conf" check domain "$domain")
	is $? 1 "check domain $domain: exit 1"
	like "$out" "*|TLS-RPT|$said*" "and says it"
done <<'EOT'
wild.test|warn|a wildcard answers for every name
wrong3.test|bad|a TLSRPT record stands at _tls._smtp.wrong3.test, where no
apex.test|bad|a TLSRPT record stands at apex.test, where no sender looks
other.test|bad|no TLSRPT record, but another TXT record at its name: sgectl ch
none.test|bad|no TLSRPT record; every sending domain must have one
EOT

# A record that is nearly one is there: what is wrong with it.
sgectl -p -f "$dir/sge.conf" check domain near.test >"$dir/out"
while IFS='|' read -r why text; do
	is "$(grep -c "MTA-STS|bad|.*: $why; .*$text" "$dir/out")" 1 \
	    "nearly an MTA-STS record: $text"
done <<'EOT'
it does not begin with v=STSv1, letter for letter|v=stsv1; id=1$
no ";" follows v=STSv1|v=STSv1 id=2$
it begins with a blank|v=STSv1; id=3$
quotes are part of it|v=STSv1; id=4
EOT
is "$(grep -c 'no MTA-STS record' "$dir/out")" 0 "it is not called none"
like "$(sgectl -p -f "$dir/sge.conf" check domain ids.test)" \
    '*MTA-STS|warn|the record has 2 ids: *' "an id twice"

# The policy file of the MX hosts that there are.
out=$(sgectl -f "$dir/sge.conf" policy new mail.test 2>&1)
is $? 0 "policy new"
like "$out" '*Zone   _mta-sts IN TXT "v=STSv1; id=20????????????;"*' \
    "its record"
like "$out" '*
https://mta-sts.mail.test/.well-known/mta-sts.txt:
version: STSv1
mode: testing
mx: mx1.mail.test
mx: mx2.mail.test
max_age: 604800
*server "mta-sts.mail.test"*server_name mta-sts.mail.test;*' \
    "its file, and how to serve it"
is "$(printf '%s\n' "$out" | sed -n '/httpd.conf/,/nginx/p' |
    grep -c -e types -e '{.*}')" 0 \
    "httpd's own media types stay, and each block has lines of its own"
like "$(sgectl -f "$dir/sge.conf" policy new -e mail.test 2>&1)" \
    '*mode: enforce*max_age: 2419200*' "to be enforced"
like "$(sgectl -p -f "$dir/sge.conf" policy new mail.test 2>&1)" \
    'record|_mta-sts.mail.test|TXT|3600|v=STSv1; id=*;
file|https://mta-sts.mail.test/.well-known/mta-sts.txt|version: STSv1*' \
    "in fields"
out=$(sgectl -f "$dir/sge.conf" policy new nomail.test 2>&1)
is $? 1 "a null MX: exit 1"
like "$out" '*no MX host*' "and why"
like "$(sgectl -p -f "$dir/sge.conf" check domain nomail.test)" \
    '*MTA-STS|info|no MTA-STS record: a domain that takes no mail needs none*' \
    "check domain says the same"
out=$(sgectl -f "$dir/sge.conf" policy new address.test 2>&1)
is $? 1 "an MX record that names an address: exit 1"
like "$out" '*names an address, 192.0.2.7: it must name a host' \
    "and why, and no policy"
sgectl -f "$dir/sge.conf" policy new mixed.test >"$dir/out" 2>"$dir/err"
is $? 1 "MX records with faults: exit 1"
is "$(grep '^mx: ' "$dir/out")" \
    'mx: mx1.mail.test
mx: gone.mail.test' "each host is named once, and no address"
like "$(cat "$dir/err")" '*null MX*beside*
*names an address, 192.0.2.7*
*gone.mail.test has no address*' "and each fault is said"
like "$(sgectl -p -f "$dir/sge.conf" check domain mixed.test)" \
    '*MX|bad|a null MX*MX|bad|the MX record names an address*' \
    "by check domain too"
# More hosts than are tried: each is in the policy, or none is made.
sgectl -p -f "$dir/sge.conf" policy new -e forty.test >"$dir/out" 2>/dev/null
is "$(grep -o 'mx: mx[0-9]*[.]forty' "$dir/out" | wc -l | tr -d ' ')" 40 \
    "a policy of 40 MX hosts names 40"
like "$(sgectl -p -f "$dir/sge.conf" check domain forty.test)" \
    '*MX|warn|40 MX hosts: the last 8 are not tried*' "check domain tries 32"
out=$(sgectl -f "$dir/sge.conf" policy new lots.test 2>&1)
is $? 1 "more MX records than are read: exit 1"
like "$out" "sgectl: lots.test has 256 MX records or more*" "and no policy"
sgectl -f "$dir/sge.conf" policy new x.broken.test >/dev/null 2>&1
is $? 2 "the DNS does not answer: exit 2"
dns_stop
out=$(sgectl -f "$dir/sge.conf" check record good.test 2>&1)
is $? 2 "no DNS server: exit 2"
like "$out" "unknown *" "and it says that it is not known"
finish
