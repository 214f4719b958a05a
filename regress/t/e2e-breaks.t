#!/bin/sh
# SPDX-License-Identifier: ISC
#
# sgectl check config on the mail host as it runs: nothing to mend, and then
# what only a running one can have: daemons that are down or read an older
# file, owners, programs that cannot do their work, hosts that fail.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
sge_conf_usual
sed -i '/old scanners/d; s/"dia.govt.nz" "moe.govt.nz"/"dia.govt.nz"/' \
    "$A/etc/mail/sge.conf"
dns "_smtp._tls.minties.govt.nz TXT v=TLSRPTv1; rua=mailto:tls-reports@minties.govt.nz"
peer mx.dia.govt.nz 11 ok
https_up 240
# date_at WHEN: the clock of the policy host, as its answers tell it.
date_at()
{
	policy dia.govt.nz 240 enforce 2419200 mx.dia.govt.nz
	sed -i "1s/\$/\nDate: $(date -u -d "$1" \
	    '+%a, %d %b %Y %H:%M:%S GMT')\r/" \
	    "$BED/answers/mta-sts.dia.govt.nz/_.well-known_mta-sts.txt"
}
date_at now
mail_host_up
echo '/usr/local/sbin/sgectl digest' >"$A/etc/daily.local"

# config: what check config says now.
config()
{
	out=$(sgectl -p check config 2>&1)
	status=$?
	out=$(printf '%s\n' "$out" | cut -d '|' -f 3-)
}

# broken PATTERN [STATUS]: that is said, and the exit status.
broken()
{
	config
	like "$out" "*$1*" "$1"
	is $status "${2:-1}" "  exit status"
}

config
is "$(printf '%s\n' "$out" | grep -v -e '|ok|' -e '|info|')" "" \
    "nothing to mend"
is $status 0 "and exit 0"
like "$out" '*smtpd|ok|reads /etc/smtpd.conf, as it is built*' \
    "which file smtpd reads"
like "$out" '*smtpd|ok|OpenSMTPD 7.*' "its version"
like "$out" '*smtpd|ok|smtpd -n finds nothing wrong in /etc/smtpd.conf*' \
    "smtpd -n was asked"
like "$out" '*smtpd|ok|filter-sge starts as *' "filter-sge starts"
like "$out" '*smtpd|ok|table-sge starts as opensmtpd*' "table-sge starts"
like "$out" '*connect|ok|dia.govt.nz: mx.dia.govt.nz *certificate good*' \
    "the connector holds"
like "$out" '*DKIM|ok|opensmtpd can read /etc/mail/dkim.key*' \
    "the key can be read by who signs"
like "$out" '*clock|ok|* s from that of mta-sts.dia.govt.nz*' "the clock"

# Files changed under what runs.
cp "$A/etc/smtpd.conf" "$BED/smtpd.conf"
cp -p "$A/etc/mail/sge.conf" "$BED/sge.conf"
wait_for 5 sh -c "touch $A/etc/smtpd.conf; [ $A/etc/smtpd.conf -nt $A/run/smtpd.sock ]"
broken '|bad|/etc/smtpd.conf was changed after smtpd started'
touch -d '2001-01-01' "$A/etc/smtpd.conf"
printf '# more\n' >>"$A/etc/mail/sge.conf"
broken 'sged|bad|runs with an older /etc/mail/sge.conf'
cp -p "$BED/sge.conf" "$A/etc/mail/sge.conf"
echo 'no such directive' >>"$A/etc/smtpd.conf"
broken '|bad|smtpd -n does not take /etc/smtpd.conf: *syntax error'
cp "$BED/smtpd.conf" "$A/etc/smtpd.conf"
touch -d '2001-01-01' "$A/etc/smtpd.conf"

# What smtpd read with it.
for f in ssl/certs/ca-certificates.crt ssl/mail.minties.govt.nz.crt; do
	wait_for 5 sh -c "touch $A/etc/$f; [ $A/etc/$f -nt $A/run/smtpd.sock ]"
	broken "|warn|/etc/$f was changed after smtpd started: systemctl restart opensmtpd"
	touch -d '2001-01-01' "$A/etc/$f"
done
wait_for 5 sh -c "touch $A/etc/aliases; [ $A/etc/aliases -nt $A/run/smtpd.sock ]"
broken '|info|/etc/aliases was changed after smtpd started: *smtpctl update table aliases' 0
touch -d '2001-01-01' "$A/etc/aliases"

touch "$A/usr/libexec/opensmtpd/filter-sge"
broken '|bad|*/filter-sge was installed after smtpd started'
bed_stop smtpd.A
smtpd_up
sed -i 's,"_sged",nobody,' "$A/etc/smtpd.conf"
broken '|bad|*runs sgectl deliver as nobody, who cannot write /var/db/sged/sged.db'
cp "$BED/smtpd.conf" "$A/etc/smtpd.conf"
touch -d '2001-01-01' "$A/etc/smtpd.conf"
echo '/usr/local/bin/sgectl digest' >"$A/etc/daily.local"
broken 'system|warn|*/usr/local/bin/sgectl: No such file*write /usr/local/sbin/sgectl digest there'
echo 'date; /usr/local/sbin/sgectl -f /etc/mail/other.conf digest' \
    >"$A/etc/daily.local"
broken "system|warn|the digest tells of elsewhere: the daily job of \
/etc/daily.local reads /etc/mail/other.conf*write *sgectl -f *digest there"
rm "$A/etc/daily.local"
broken 'system|info|no daily job runs sgectl digest: */usr/local/sbin/sgectl digest' 0
# cron looks in few folders, if its file does not say otherwise.
mkdir -p "$A/etc/cron.d"
echo '30 1 * * * root sgectl digest' >"$A/etc/cron.d/sge"
broken 'system|warn|*/etc/cron.d/sge runs sgectl, which cron looks for in /usr/bin:/bin only; write /usr/local/sbin/sgectl digest there'
printf '%s\n' 'PATH = "/opt/bin:/usr/local/bin"' \
    '30 1 * * * root sgectl digest' >"$A/etc/cron.d/sge"
broken 'system|warn|*in /opt/bin:/usr/local/bin only*'
{
	echo 'PATH=/usr/local/sbin:/usr/bin'
	echo '30 1 * * * root sgectl digest'
} >"$A/etc/cron.d/sge"
config
is "$(printf '%s\n' "$out" | grep 'daily job')" "" "one that finds it"
rm "$A/etc/cron.d/sge"
echo '/usr/local/sbin/sgectl digest' >"$A/etc/daily.local"

# What starts sged with another file at the next boot.
mkdir -p "$A/etc/systemd/system"
echo 'sged_flags="-f /etc/mail/other.conf"' >"$A/etc/rc.conf.local"
broken 'sged|bad|/etc/rc.conf.local:1 starts sged with -f /etc/mail/other.conf'
echo 'sged_flags=-f /etc/mail/sge.conf' >"$A/etc/rc.conf.local"
printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/sged -d -f /etc/sge.conf' \
    >"$A/etc/systemd/system/sged.service"
broken '|bad|/etc/systemd/system/sged.service:2 starts sged with -f /etc/sge.conf*write -f /etc/mail/sge.conf'
rm -r "$A/etc/rc.conf.local" "$A/etc/systemd/system"

# Owners and modes.
sge_user=$(stat -c %u:%g "$A/var/spool/sged/sessions")
chown 0 "$A/var/spool/sged/sessions"
sessions_mode=$(stat -c %a "$A/var/spool/sged/sessions")
chmod 755 "$A/var/spool/sged/sessions"
broken 'spool|bad|*who cannot write /var/spool/sged/sessions (chown'
chown "$sge_user" "$A/var/spool/sged/sessions"
chmod "$sessions_mode" "$A/var/spool/sged/sessions"
attempts=/var/spool/sged/attempts
chown 0 "$A$attempts"
broken "spool|bad|$attempts is not _sged's: *(chown _sged $attempts)"
chown 871 "$A$attempts"
for m in 1755 0733 1777; do
	chmod $m "$A$attempts"
	broken "spool|bad|$attempts has mode $m: *(chmod 1733 $attempts)"
done
chmod 1733 "$A$attempts"
for f in routes routes.cdb; do
	chmod 600 "$A/var/spool/sged/$f"
	broken "spool|bad|table-sge runs as opensmtpd, who cannot read /var/spool/sged/$f"
	chmod 644 "$A/var/spool/sged/$f"
done
sge_user=$(stat -c %u:%g "$A/var/spool/sged")
chown 0 "$A/var/spool/sged"
broken "spool|bad|/var/spool/sged is not _sged's: *(chown _sged /var/spool/sged)"
chown "$sge_user" "$A/var/spool/sged"
chown 0 "$A/var/db/sged/sged.db"
broken "sged|bad|database /var/db/sged/sged.db is not _sged's: chown -R _sged:_sged /var/db/sged"
case $out in
*'write virtual'*) ok 1 "  and nothing else is to be written" ;;
*) ok 0 "  and nothing else is to be written" ;;
esac
chown "$sge_user" "$A/var/db/sged/sged.db"
chmod 600 "$A/etc/mail/sge.conf"
broken '|bad|*table-sge does not start as opensmtpd*'
chmod 644 "$A/etc/mail/sge.conf"
chmod 700 "$A/etc/mail"
broken '|bad|/etc/mail has mode 0700: filter-sge runs as _sgefilter, who cannot pass it to /etc/mail/sge.conf: chmod 755 /etc/mail'
like "$out" '*|bad|/etc/mail has mode 0700: table-sge runs as opensmtpd, *' \
    "  and table-sge"
like "$out" '*DKIM|bad|/etc/mail has mode 0700: opensmtpd, who signs (/etc/smtpd.conf:*), cannot pass it to /etc/mail/dkim.key: chmod 755 /etc/mail*' \
    "  and who signs"
chmod 755 "$A/etc/mail"
chmod 700 "$A/var/spool/sged"
broken 'spool|bad|/var/spool/sged has mode 0700: filter-sge runs as _sgefilter, who cannot pass it to /var/spool/sged/sessions: chmod 755 /var/spool/sged'
chmod 755 "$A/var/spool/sged"
chown 873 "$A/etc/mail/sge.conf"
broken '|bad|/etc/mail/sge.conf*another user can write to it: chown root'
chown 0 "$A/etc/mail/sge.conf"
chmod 600 "$A/etc/mail/dkim.key"
broken 'DKIM|bad|/etc/mail/dkim.key cannot be read by opensmtpd, who signs'
chmod 640 "$A/etc/mail/dkim.key"

# What the DNS says of us.
dns_gone minties.govt.nz
dns "minties.govt.nz MX 10 mx.other.example."
broken 'DNS|info|mail for minties.govt.nz comes by mx.other.example' 0
dns_gone minties.govt.nz
broken 'DNS|warn|minties.govt.nz has no MX record'
dns "minties.govt.nz MX 10 mail.minties.govt.nz."

# Hosts of others.
date_at '+1 hour'
broken 'clock|bad|this host has *, and mta-sts.dia.govt.nz *: set it'
date_at now
bed_stop mx.dia.govt.nz
broken 'connect|unknown|dia.govt.nz: mx.dia.govt.nz * could not be tried' 2
peer_start mx.dia.govt.nz 11 nostarttls
broken 'connect|bad|dia.govt.nz: mx.dia.govt.nz * offers no STARTTLS'
bed_stop mx.dia.govt.nz
cert -e mx.dia.govt.nz
peer_start mx.dia.govt.nz 11 ok
broken 'connect|bad|dia.govt.nz: * has a certificate that is over'

# Daemons.
bed_stop smtpd.A
broken 'smtpd|bad|smtpd does not run (/var/run/smtpd.sock)'
# Of a later second than its start, before which it made its socket.
sged_exe=$A$(in_a sh -c 'command -v sged')
later()
{
	cp -p "$sged_exe" "$sged_exe.new" && mv "$sged_exe.new" "$sged_exe"
	[ "$(stat -c %Z "$sged_exe")" -gt "$(stat -c %Y "$A/run/sged.sock")" ]
}
wait_for 20 later
broken 'sged|bad|*/sged was installed after sged started (*Z), and the older one runs: restart it'
bed_stop sged
broken 'sged|bad|does not answer at /var/run/sged.sock'
finish
