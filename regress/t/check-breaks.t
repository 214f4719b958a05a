#!/bin/sh
# SPDX-License-Identifier: ISC
#
# sgectl check config finds what is broken: data/check/breaks.tsv says each
# break of a good set-up and what must be said.  What needs a running smtpd is
# in e2e-breaks.t.
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/bed/tap.sh"
TOP=${here%/*}
. "$here/bed/dns.sh"
if ! dns_unbound; then
	echo "1..0 # SKIP needs unbound"
	exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-breaks.XXXXXX") || exit 1
# finish says the plan; whatever else ends this says where it was.
where='the set-up'
ended()
{
	[ -n "$planned" ] || note "ended with status $1 at $where," \
	    "after $tap_run checks"
	dns_stop
	rm -rf "$dir"
}
planned=
trap 'ended $?' EXIT
for signal in HUP INT PIPE TERM; do
	# shellcheck disable=SC2064
	trap "note 'signal $signal'; exit 1" $signal
done
chmod 755 "$dir"
tab=$(printf '\t')
# Who runs it owns the files, as root does on a mail host.
me=$(id -un)
AS=
if [ "$(id -u)" -eq 0 ]; then
	me=nobody
	AS="setpriv --reuid 65534 --regid 65534 --clear-groups"
fi

# A DNS in which there is nothing but what is ours.
good=$dir/good
mkdir -p "$good/bin"
openssl genrsa -out "$good/dkim.key" 2048 2>/dev/null
public=$(openssl rsa -in "$good/dkim.key" -pubout 2>/dev/null |
    sed '/^-/d' | tr -d '\n')
mkdir "$dir/dns"
dns_start "$dir/dns" <<EOT || bail "unbound does not start"
	local-data: 'mail.minties.govt.nz. A 192.0.2.7'
	local-data: 'minties.govt.nz. MX 10 mail.minties.govt.nz.'
	local-data: '_smtp._tls.minties.govt.nz. TXT "v=TLSRPTv1; rua=mailto:tls-reports@minties.govt.nz"'
	local-data: 'sge._domainkey.minties.govt.nz. TXT "v=DKIM1; k=rsa; p=" "$(echo "$public" | cut -c -200)" "$(echo "$public" | cut -c 201-)"'
	local-data: 'two._domainkey.minties.govt.nz. TXT "v=DKIM1; k=rsa; p=" "$(echo "$public" | cut -c -200)" "$(echo "$public" | cut -c 201-)"'
	local-data: 'two._domainkey.minties.govt.nz. TXT "v=spf1 -all"'
	local-data: 'sha1._domainkey.minties.govt.nz. TXT "v=DKIM1; h=sha1; p=" "$(echo "$public" | cut -c -200)" "$(echo "$public" | cut -c 201-)"'
EOT

# A good set-up in $dir/good.
sh "$here/data/sgectl/make" "$good" || bail "no fixture"
cp "$here/../reporter/sgectl" "$here/../filter/filter-sge" "$dir" || exit 1
printf '#!/bin/sh\nexit 0\n' >"$good/filter-dkimsign"
cp "$good/filter-dkimsign" "$good/filter-keep"
printf '#!/bin/sh\nexit 0\n' >"$good/sendmail"
: >"$good/ca.pem"
chmod 640 "$good/dkim.key"
printf 'Postmaster: root\nroot: %s\n' "$me" >"$good/aliases"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=mail.minties.govt.nz \
    -days 90 -keyout "$good/mail.key" -out "$good/mail.crt" 2>/dev/null
echo 'OpenSMTPD 7.6.0-portable' >"$good/bin/version"
cat >"$good/bin/smtpd" <<'EOT'
#!/bin/sh
# It reads @DIR@/smtpd.conf and listens at @DIR@/smtpd.sock .
case $1 in
-h) echo "version: $(cat @DIR@/bin/version)" >&2; exit 1 ;;
-n) [ ! -f @DIR@/bin/smtpd-n ] || . @DIR@/bin/smtpd-n ;;
esac
EOT
chmod 755 "$good/filter-dkimsign" "$good/filter-keep" "$good/sendmail" \
    "$good/bin/smtpd"
sed -e "s,\"filter-,\"@DIR@/filter-," -e "s,@DIR@/filter-sge,$dir/filter-sge," \
    -e "s,/etc/mail/,@DIR@/,g" \
    -e "s,user _sgefilter group _sgefilter,user $me," \
    -e "s,/usr/local/sbin/sgectl,$dir/sgectl -f @DIR@/sge.conf," -e "/mda/s/_sged/$me/" \
    -e 's,"/etc/ssl.*\.,"@DIR@/mail.,' \
    "$here/../etc/smtpd.conf.example" >"$good/smtpd.conf"
cp "$good/sge.conf" "$good/sge"
sed -e '/^legacy/d' -e '/^local/s/ }/ "library.govt.nz" }/' \
    -e '/^report from/d' -e '/^hostname/s/mx1/mail/' "$good/sge" >"$good/sge.conf"
cat >>"$good/sge.conf" <<'EOT'
report from "tlsrpt-noreply@minties.govt.nz"
ca "@DIR@/ca.pem"
report sendmail "@DIR@/sendmail"
resolver 127.0.0.1 port @PORT@
EOT

# fresh: the good one again, in $dir/set.
set=$dir/set
fresh()
{
	rm -rf "$set"
	cp -R "$good" "$set"
	mkdir -m 1733 "$set/spool/attempts"
	for f in smtpd.conf sge.conf bin/smtpd; do
		sed -e "s,@PORT@,$dns_port," -e "s,@DIR@,$set,g" -e "s,$good,$set,g" "$good/$f" \
		    >"$set/$f"
	done
	[ -z "$AS" ] || chown -R 65534:65534 "$set"
}

# complaints: what check config says beyond "ok", in a form of one line each.
complaints()
{
	# shellcheck disable=SC2086
	PATH=$set/bin:$PATH $AS "$dir/sgectl" -p -f "$set/sge.conf" \
	    check config ${1:+"$1"} >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	cut -d '|' -f 4- "$dir/out"
}

fresh
complaints >"$dir/base"
is "$status" 1 "a set-up without daemons: exit 1"
grep -v -e '^ok|' -e '^info|' "$dir/base" >"$dir/base.bad"
# No user, no smtpd, no sged, no DNS in this test.
is "$(grep -v -e "no user _sge" -e "filter-sge runs as $me, " -e 'smtpd does not run' \
    -e '^bad|does not answer at' -e '^bad|no table-sge in' \
    -e '^bad|.*in the DNS (nxdomain)' -e '^unknown|' "$dir/base.bad")" "" "and nothing else is wrong"
for user in _sged _sgenet _sgefilter; do
	id $user >/dev/null 2>&1 ||
	    like "$(cat "$dir/base.bad")" "*bad|no user $user: useradd -*" \
	    "how to make $user"
done
like "$(cat "$dir/base")" "*ok|reads $set/smtpd.conf, as it is built*" \
    "the smtpd.conf that smtpd is built to read is found and named"
like "$(cat "$dir/base")" '*ok|mail of this host: sge-verify by "verify", sge-encrypt by "encrypt", other domains by "outbound"*' \
    "which way mail of this host goes"
like "$(cat "$dir/base")" '*ok|mail of authenticated users: sge-verify by*' \
    "and that of authenticated users"
like "$(cat "$dir/base")" "*ok|filter-sge starts as $me*" \
    "filter-sge was started"

kinds=0
while IFS=$tab read -r file script level want; do
	case $file in ''|'#'*) continue ;; esac
	kinds=$((kinds + 1))
	where="$file: $script"
	script=$(printf '%s\n' "$script" | sed "s,@DIR@,$set,g")
	fresh
	if [ "$file" = run ]; then
		# shellcheck disable=SC2086
		$AS sh -c "$script" </dev/null
	else
		sed "$script" "$set/$file.conf" >"$set/new"
		if cmp -s "$set/new" "$set/$file.conf"; then
			ok 1 "$file: $script changes nothing"
			continue
		fi
		cat "$set/new" >"$set/$file.conf"
	fi
	complaints >"$dir/said"
	grep -Fvx -f "$dir/base" "$dir/said" >"$dir/more"
	# shellcheck disable=SC2254
	like "$(cat "$dir/more")" "*$level|*$want*" "$file: $want"
	is "$status" 1 "  exit status"
	[ ! -s "$dir/err" ] || note "$(cat "$dir/err")"
done <"$here/data/check/breaks.tsv"
[ $kinds -ge 185 ]
ok $? "$kinds kinds of breaks"

# What is right in another form: nothing is said of it.
while IFS= read -r line; do
	where="what is right: $line"
	fresh
	sed "/^match from local for any/s/^/$line\\
/" "$good/smtpd.conf" >"$dir/right.conf"
	sed -e "s,@DIR@,$set,g" -e "s,$good,$set,g" "$dir/right.conf" \
	    >"$set/smtpd.conf"
	grep -Fqx "$line" "$set/smtpd.conf" || bail "no line: $line"
	complaints >"$dir/said"
	grep -e '^bad|' -e '^warn|' "$dir/said" |
	    sed 's/smtpd.conf:[0-9]*/smtpd.conf/' >"$dir/more"
	sed 's/smtpd.conf:[0-9]*/smtpd.conf/' "$dir/base.bad" |
	    grep -Fvx -f - "$dir/more" >"$dir/new"
	is "$(cat "$dir/new")" "" "right: $line"
done <<'EOT'
match from local for domain "*.govt.nz" action "encrypt"
match from local for domain { "*.example", "*.co.nz" } action "outbound"
match from local for rcpt-to { "x@uni.govt.nz", "y@moe.govt.nz" } action "encrypt"
match from any for domain "*.minties.govt.nz" rcpt-to "x@minties.govt.nz" action "box"
match from any for rcpt-to { "postmaster", "x@minties.govt.nz" } action "box"
match for local rcpt-to "root" action "box"
EOT

# TLS 1.3 that a flow requires, with the actions that hold it.
fresh
sed -i '/require tls$/s/$/ "1.3"/' "$set/sge.conf"
sed -i '/13/s/^#//' "$set/smtpd.conf"
complaints >"$dir/said"
is "$(grep -e '^bad|' -e '^warn|' "$dir/said" | grep -Fvx -f "$dir/base.bad")" \
    "" "right: the actions for TLS 1.3"
like "$(cat "$dir/said")" '*ok|mail of authenticated users that a flow '\
'requires TLS 1.3 of: sge-verify13 by "verify13"*sge-encrypt13 by "encrypt13"*' \
    "and which they are"
sed -i '/^action "verify13"/s/ helo "[^"]*"//' "$set/smtpd.conf"
complaints >"$dir/said"
like "$(cat "$dir/said")" '*bad|*sge-verify that a flow requires TLS 1.3 of '\
'leaves by action "verify13": a session that another action opened*write helo*' \
    "but by sessions of their own"
sed -i '/require tls "1.3"/s/ "1.3"//' "$set/sge.conf"
complaints >"$dir/said"
is "$(grep -e '^bad|' -e '^warn|' "$dir/said" | grep -Fvx -f "$dir/base.bad")" \
    "" "nor are they wrong where nobody needs them"

# Another file than smtpd's own.
fresh
cp "$set/smtpd.conf" "$set/mine.conf"
complaints "$set/mine.conf" >"$dir/said"
like "$(cat "$dir/said")" \
    "*warn|$set/mine.conf is looked at, and smtpd reads $set/smtpd.conf*" \
    "a file that smtpd does not read"
planned=yes
finish
