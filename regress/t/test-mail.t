#!/bin/sh
# SPDX-License-Identifier: ISC
#
# sgectl test: a dry run of one mail, in and out.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-test.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
sh "$here/data/sgectl/make" "$dir" || bail "no fixture"
cat >"$dir/spool/routes" <<'EOT'
enforced.example|enforce|4102444800|smtp+tls://mx.enforced.example
plain.example|none|4102444800|
uni.govt.nz|none|4102444800|
EOT
printf '%s\n' 'mta-sts except { "excepted.example" }' \
    'class partner { "partner.example" "routed.example" }' \
    'flow from any to partner require verified tls "1.3"' >"$dir/more"
echo 'routed.example|enforce|4102444800|smtp+tls://mx.routed.example' \
    >>"$dir/spool/routes"
sed -e "/^class restricted/r $dir/more" "$dir/sge.conf" >"$dir/new" &&
    mv "$dir/new" "$dir/sge.conf"
sed '/^legacy/s/until [0-9-]*/until 2099-03-31/' "$dir/sge.conf" \
    >"$dir/new" && mv "$dir/new" "$dir/sge.conf"

# EXIT|OPERANDS|the row must be like
while IFS='|' read -r want operands pattern; do
	# shellcheck disable=SC2086
	out=$("$here/../reporter/sgectl" -p -f "$dir/sge.conf" \
	    test $operands 2>&1 </dev/null)
	is $? "$want" "$operands: exit $want"
	like "$out" "$(echo "$pattern" | tr ' ' '?')" "  $pattern"
done <<'EOT'
0|from a@minties.govt.nz to b@dia.govt.nz|*restricted>restricted?require connector?pass?-?verify?smtp+tls://mx.dia.govt.nz?*
0|from a@minties.govt.nz to b@uni.govt.nz|*restricted>government?require tls?pass?-?encrypt?-?none?*
0|from a@minties.govt.nz to b@enforced.example|*prefer tls?pass?-?verify?smtp+tls://mx.enforced.example?enforce?*
0|from a@minties.govt.nz to b@plain.example|*prefer tls?pass?-?outbound?-?none?*
2|from a@minties.govt.nz to b@new.example|*?pass?-?outbound?-?-?whether the domain has an MTA-STS policy is not known*
0|to b@minties.govt.nz tls 1.2 from a@dia.govt.nz from-address 198.51.100.4|*restricted>restricted?require connector?pass?-?-?-?-?*
1|from a@dia.govt.nz to b@minties.govt.nz from-address 192.0.2.9|*?reject?550 5.7.1 *by its connector*
1|from a@uni.govt.nz to b@minties.govt.nz from-address 192.0.2.9 tls none|*?reject?530 5.7.0 Must issue a STARTTLS command first*
1|from a@uni.govt.nz to b@minties.govt.nz from-address 2001:db8::9 tls 1.1|*?reject?550 5.7.0 This session has TLSv1.1*
0|from a@uni.govt.nz to b@minties.govt.nz from-address 10.1.2.3 tls none|*?legacy?*
0|from a@x.example to b@minties.govt.nz from-address 192.0.2.9 tls none|*public>restricted?prefer tls?pass?*
1|from tlsrpt-noreply+x@minties.govt.nz to b@dia.govt.nz|*?reject?550 5.7.1 *and none goes to this recipient*but for as long as sged has a report for it*
1|from @a.nz:TLSRPT-noreply@minties.govt.nz to b@minties.govt.nz from-address 192.0.2.9|*?reject?550 5.7.1 *only from here*
1|from tlsrpt-noreply@ to b@plain.example|*?reject?550 5.7.1 *
0|from staff to b@minties.govt.nz from-address 192.0.2.9|*government>restricted?require tls?pass?*
0|from dia.govt.nz to minties.govt.nz from-address 198.51.100.4|*restricted>restricted?require connector?pass?*
0|from @b.nz:a@dia.govt.nz to b@minties.govt.nz from-address 198.51.100.4|*restricted>restricted?require connector?pass?*
2|from a@uni.govt.nz to b@minties.govt.nz from-address 127.0.0.1 tls|*want from, to, from-address, helo or tls*
1|from <> to b@minties.govt.nz from-address 192.0.2.9 tls none helo mx.uni.govt.nz|*government>restricted?require tls?reject?530 5.7.0 *
0|from <> to b@minties.govt.nz from-address 192.0.2.9 tls none|*public>restricted?prefer tls?pass?*
0|from <> to b@minties.govt.nz from-address 198.51.100.4 helo mx.dia.govt.nz|*restricted>restricted?require connector?pass?*
0|from <> to b@plain.example|test?-?b@plain.example?*?pass?*
2|from a@x.example to b@plain.example from-address 203.0.113.9|*prefer tls?pass?-?outbound?*whether that address may relay is smtpd.conf's to say*
2|from a@x.example to b@enforced.example from-address 203.0.113.9|*pass?-?verify?smtp+tls://mx.enforced.example?*may relay*
0|from a@minties.govt.nz to b@plain.example from-address 127.0.0.1|*pass?-?outbound?*it goes to an MX host*
2|from a@b.example to|*usage*
2|from a@b.example to c@d.example from-address 192.0.2.1 tls 9|*want none, 1.0, 1.1, 1.2 or 1.3*
2|from a@b.example to c@d.example from-address x|*no IP address*
2|from a@b.example from c@d.example|*from: given twice*
2|from a@b.example to c@d.example to e@f.example|*to: given twice*
2|from a@b.example to c@d.example tls none|*tls: is of a host that brings the mail: want its from-address*
2|from a@b.example to c@d.example helo x.example|*helo: is of a host*want its from-address*
2|from a@minties.govt.nz to <>|*to: want an address*no mail goes to the null sender*
0|from <a@minties.govt.nz> to <b@plain.example>|test?a@minties.govt.nz?b@plain.example?*?pass?*
1|from <tlsrpt-noreply@minties.govt.nz> to <b@plain.example>|*?reject?*
0|from a@minties.govt.nz to b@excepted.example|*prefer tls?pass?-?outbound?*
2|from a@minties.govt.nz to b@partner.example|*require verified tls "1.3"?pass?-?verify?*not known here yet*
0|from a@minties.govt.nz to b@routed.example|*require verified tls "1.3"?pass?-?verify13?smtp+tls://mx.routed.example?*
EOT

# What smtpd itself answers of an address, as OpenSMTPD 7.6 does on Linux, to
# RCPT (501) and to MAIL (553).
sgectl()
{
	"$here/../reporter/sgectl" -f "$dir/sge.conf" "$@" 2>&1 </dev/null
}
while IFS= read -r a; do
	out=$(sgectl test from a@minties.govt.nz to "$a")
	is $? 1 "to $a: exit 1"
	like "$out" '*reject: 501 5.1.3 *asks no filter*' "  501"
	out=$(sgectl test from "$a" to b@plain.example)
	is $? 1 "  from: exit 1"
	like "$out" '*reject: 553 5.1.0 *' "  553"
done <<'EOT'
u@[bad]
u@[1.2.3.4
u@plain.example.
u@.plain.example
u@plain..example
u@-plain.example
@plain.example
u@x@plain.example
"u v"@plain.example
u v@plain.example
u..v@plain.example
.u@plain.example
u.@plain.example
u(v)@plain.example
u,v@plain.example
u;v@plain.example
u<v@plain.example
u\v@plain.example
u"v@plain.example
u[v@plain.example
u@plain.example:25
u@plain/example
u@plain,example
u@plain example
u@*.example
EOT
while IFS= read -r a; do
	out=$(sgectl test from a@minties.govt.nz to "$a")
	is $? 0 "to $a: exit 0" || note "$out"
	sgectl test from "$a" to b@plain.example >"$dir/out"
	is $? 0 "  from: exit 0"
done <<'EOT'
u@[203.0.113.9]
u@[IPv6:2001:db8::1]
u@[2001:db8::1]
u:v@plain.example
u%other.nz@plain.example
u!v@plain.example
|u@plain.example
u{v}@plain.example
-u+tag@plain.example
@a.nz,@b.nz:u@plain.example
EOT
# The first '>' ends an address; what is behind that is an option to smtpd.
while IFS='|' read -r a rcpt mail; do
	like "$(sgectl -p test from a@minties.govt.nz to "$a")" \
	    "*|reject|$rcpt*asks no filter*" "to $a: $rcpt"
	like "$(sgectl -p test from "$a" to b@plain.example)" \
	    "*|reject|$mail*" "from $a: $mail"
done <<'EOT'
u>v@plain.example|503 Unsupported option v@plain.example>|503 5.5.4 Invalid command arguments: Unsupported option v@plain.example>
u@plain.example>|503 Unsupported option >|503 5.5.4 Invalid command arguments: Unsupported option >
u> v@plain.example|503 Unsupported option v@plain.example>|503 5.5.4 *option v@plain.example>
u>v w=1@plain.example|503 Unsupported option v|503 5.5.4 *option v
>u@plain.example|501 5.1.3 |503 5.5.4 *option u@plain.example>
u..v>w@plain.example|501 5.1.3 |553 5.1.0 
"u>v"@plain.example|501 5.1.3 |553 5.1.0 
EOT
m=$(printf 'a@m\303\274nchen.nz')
like "$(sgectl -p test from a@minties.govt.nz to "$m")" \
    '*|reject|501 5.1.3 *the DNS writes its domain xn--mnchen-3ya.nz*' \
    "a domain in its own letters: how the DNS writes it"
like "$(sgectl -p test from "$m" to b@plain.example)" \
    '*|reject|553 5.1.0 *the DNS writes its domain xn--mnchen-3ya.nz*' \
    "  the sender's, too"
is "$(sgectl test from a@minties.govt.nz to u@plain.example. |
    grep -c 'the DNS')" 0 \
    "  nothing of the kind where that is not why"
like "$(sgectl test from a@minties.govt.nz to 'u@[203.0.113.9]')" \
    '*restricted>public: prefer tls*action "outbound"*goes to that address*' \
    "an address in brackets is of no class"
cp "$dir/sge.conf" "$dir/old.conf"
echo 'flow from any to public require tls' >"$dir/more"
sed "/^class restricted/r $dir/more" "$dir/old.conf" >"$dir/sge.conf"
like "$(sgectl test from a@minties.govt.nz to 'u@[203.0.113.9]')" \
    '*require tls*action "encrypt"*with TLS 1.2*' \
    "  and held to what is asked of all others"
cp "$dir/old.conf" "$dir/sge.conf"
like "$("$here/../reporter/sgectl" -f "$dir/sge.conf" test from \
    a@minties.govt.nz to b@dia.govt.nz)" '*
  route    action "verify" to smtp+tls://mx.dia.govt.nz
*
Exit 0.' "in words"
test_of()
{
	"$here/../reporter/sgectl" -f "$dir/sge.conf" test "$@" 2>&1
}
out=$(test_of from a@minties.govt.nz to '')
is "$? $out" '2 sgectl: to: want an address; no mail goes to the null sender' \
    "nothing is no address"
out=$(test_of from '' to b@minties.govt.nz from-address 192.0.2.9)
is "$? $out" "2 sgectl: from: want an address, or '<>' for the null sender" \
    "nor is it the null sender"
like "$(test_of from a@minties.govt.nz to b@partner.example)" '*
  route    action "verify13" to a host that is not known yet
*' "a route that nobody knows is said so"
like "$(test_of from a@minties.govt.nz to b@excepted.example)" '*
  policy   not known, excepted by sge.conf
*(mta-sts except)*
Exit 0.' "an excepted domain's too"
like "$(test_of from a@minties.govt.nz to b@minties.govt.nz)" \
    'Mail from a@minties.govt.nz to b@minties.govt.nz, of this host or an
  authenticated user
*' "the mail itself"
like "$("$here/../reporter/sgectl" -f "$dir/sge.conf" show route \
    partner.example)" '*
  no host is known yet, *' "show route says the same"
# A member without a connector.
sed '/^connector "dia/d' "$dir/sge.conf" >"$dir/less.conf"
out=$("$here/../reporter/sgectl" -p -f "$dir/less.conf" test \
    from a@minties.govt.nz to b@dia.govt.nz)
is $? 1 "a member without a connector: exit 1"
like "$out" '*|reject|550 5.7.1 *' "and what is answered"
finish
