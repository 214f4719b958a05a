#!/bin/sh
# sgectl check config: the shipped smtpd.conf has nothing to mend; each line
# that is taken away is missed.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-config.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$dir"
sh "$here/data/sgectl/make" "$dir" || bail "no fixture"
cp "$here/../reporter/sgectl" "$dir/sgectl" || exit 1

# Its rows for smtpd.conf, without DNS: as a user who is not root.
rows()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$dir/sgectl" -p -f "$dir/sge.conf" check config "$1"
	else
		"$dir/sgectl" -p -f "$dir/sge.conf" check config "$1"
	fi >"$dir/out" 2>"$dir/err"
	status=$?
	grep '^domain|config|smtpd|' "$dir/out"
}

sed "s,/etc/mail/sge.conf,$dir/sge.conf," \
    "$here/../etc/smtpd.conf.example" >"$dir/smtpd.conf"
out=$(rows "$dir/smtpd.conf")
is "$(printf '%s\n' "$out" | grep -vc '|ok|')" 0 \
    "the shipped example has nothing to mend"
[ "$(printf '%s\n' "$out" | grep -c '|ok|')" -ge 8 ]
ok $? "and what is good is said"

# SED SCRIPT TAB what must be said
tab=$(printf '\t')
while IFS=$tab read -r script want; do
	sed "$script" "$dir/smtpd.conf" >"$dir/less.conf"
	if cmp -s "$dir/smtpd.conf" "$dir/less.conf"; then
		ok 1 "$script changes nothing"
		continue
	fi
	out=$(rows "$dir/less.conf")
	like "$(printf '%s\n' "$out" | grep -v '|ok|')" "*$want*" "$want"
done <<'EOT'
/^table sge-routes/d	no table sge-routes
/^listen on egress tls/s/filter "sge"//	listen on egress has no filter-sge
/^action "outbound"/s/filter "sge"//	action "outbound" has no filter-sge
/^action "encrypt"/d	no action "relay tls no-verify"
/^action "verify"/s/protocols "[^"]*"//	may use TLS before 1.2
/^action "verify"/d	no action "relay tls domain <sge-routes>"
/sge-encrypt/s/^match/#match/	no match ... for domain <sge-encrypt>
/^match from local mail-from/d	no match for mail-from tlsrpt-noreply@minties.govt.nz
/^action "reports"/s/relay/relay tls/	reports need an action with relay and without tls
/^filter "local"/s/, "dkim"//	listen on socket has no filter-dkimsign
/^action "tlsrpt"/s/virtual.*/user _sged/	reports about us to tls-reports@minties.govt.nz are refused
/^action "tlsrpt"/s/sgectl deliver/cat/	reports about us to tls-reports@minties.govt.nz are not read
EOT

# Mistakes of sge.conf, and a file that is not there.
rows "$dir/none.conf" >/dev/null
is $status 1 "no smtpd.conf"
like "$(cat "$dir/out")" "*|smtpd|bad|$dir/none.conf: No such file*" \
    "and it is said"
echo 'flow from nobody to any require tls' >>"$dir/sge.conf"
rows "$dir/smtpd.conf" >/dev/null
is $status 1 "a mistake in sge.conf"
like "$(cat "$dir/out")" '*|sge.conf|bad|*sge.conf:*nobody*' \
    "is told with its line"
finish
