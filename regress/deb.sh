#!/bin/sh
# SPDX-License-Identifier: ISC
#
#	deb.sh [FILE.deb]
#
# make deb, from the package's making to its purge, in Debian 13 folders: made
# (or the one named), installed under a systemd of its own where a build of
# before has left its data, a mail through it, upgraded, removed, purged.
# Needs the package mirror, so it is no part of make regress.  Some minutes,
# most of them for debhelper and lintian.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/bed/bed.sh"
[ $# -eq 0 ] || set -- "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
bed_enter "$0" "$@"
bed_up

# Outside the network namespaces: where the package mirror is.
chroot_out()
{
	cp /etc/resolv.conf "$BED/$1/etc/resolv.conf"
	chroot_in=$1
	shift
	chroot "$BED/$chroot_in" env DEBIAN_FRONTEND=noninteractive "$@" \
	    >>"$BED/log/apt" 2>&1
	chroot_rc=$?
	echo "nameserver 127.0.0.1" >"$BED/$chroot_in/etc/resolv.conf"
	return $chroot_rc
}

# --- made ------------------------------------------------------------------

if [ $# -gt 0 ]; then
	cp "$1" "$A/root/sge.deb" || bail "$1"
else
	bed_folder C
	mkdir "$BED/C/src"
	(cd "$TOP" && tar -cf - Makefile README CHANGES LICENSE filter \
	    reporter man etc regress/harden) | tar -xf - -C "$BED/C/src"
	check "etc/debian/build" chroot_out C sh /src/etc/debian/build /out ||
	    bail "no package: $(tail -n 20 "$BED/log/apt")"
	deb=$(ls "$BED"/C/out/opensmtpd-filter-sge_*.deb)
	cp "$deb" "$A/root/sge.deb"
	chroot_out C apt-get -qq -y install --no-install-recommends lintian
	check "lintian finds no error, and nothing to warn of" chroot_out C \
	    lintian --fail-on error,warning --allow-root \
	    "/out/$(basename "$deb")" || tail -n 20 "$BED/log/apt" |
	    sed 's/^/# /'
fi
# The next version.
dpkg-deb -R "$A/root/sge.deb" "$BED/next" &&
    sed -i 's/^Version: .*/&+next/' "$BED/next/DEBIAN/control" &&
    dpkg-deb --root-owner-group -b "$BED/next" "$A/root/next.deb" \
    >/dev/null || bail "dpkg-deb"

# --- what was there --------------------------------------------------------

check "apt-get update" chroot_out A apt-get -qq update
chroot_out A apt-get -qq -y install --no-install-recommends dbus systemd cron \
    iproute2
chroot_out A apt-get -qq -y install --no-install-recommends -d /root/sge.deb
# Their own unit would start a name server beside the bed's.
chroot_out A systemctl mask unbound console-getty systemd-modules-load

files()
{
	(cd "$A" && find etc usr root var -xdev ! -path 'var/lib/*' \
	    ! -path 'var/cache/*' ! -path 'var/log/*' ! -path 'etc/*-' \
	    ! -path 'usr/lib/*-linux-gnu/*' | sort)
}
files >"$BED/before"

# A host as it was before filter-sge had a user of its own.
mkdir -p "$A/var/spool/sged/sessions" "$A/var/db/sged"
echo '_sged:x:871:871::/nonexistent:/usr/sbin/nologin' >>"$A/etc/passwd"
echo '_sged:x:871:' >>"$A/etc/group"
echo 'staff:x:873:873::/home/staff:/bin/sh' >>"$A/etc/passwd"
mkdir -p "$A/home/staff"
chown 873:873 "$A/home/staff"
yesterday=$(date -u -d yesterday +%Y-%m-%d)
echo '{"v":1,"time":"'"$yesterday"'T12:00:00Z","host":"mail.minties.govt.nz",'\
'"dir":"out","session":"66a87376800c5074","local":"203.0.113.1",'\
'"remote":"203.0.113.9","rdns":null,"helo":"mx.old.nz","starttls":"offered",'\
'"tls":"TLSv1.3","cipher":"X","failure":null,"tx":[{"from":"minties.govt.nz",'\
'"to":"old.nz","flow":"restricted>public","verdict":"pass","messages":1,'\
'"rcpts":1}]}' \
    >"$A/var/spool/sged/sessions/$(echo "$yesterday" | tr -d -)T12Z.jsonl"
chmod 640 "$A"/var/spool/sged/sessions/*
sqlite3 "$A/var/db/sged/sged.db" <"$TOP/regress/data/upgrade/format1.sql" ||
    bail "sqlite3"
chroot "$A" chown -R _sged:_sged /var/spool/sged /var/db/sged

host mail.minties.govt.nz 1
dns "minties.govt.nz MX 10 mail.minties.govt.nz."
cert mail.minties.govt.nz
mkdir -p "$A/etc/ssl/private"
cp "$BED/certs/mail.minties.govt.nz.crt" "$A/etc/ssl/"
cp "$BED/certs/mail.minties.govt.nz.key" "$A/etc/ssl/private/"
chmod 600 "$A/etc/ssl/private/mail.minties.govt.nz.key"
dkim minties.govt.nz
sge_conf_usual
smtpd_conf_usual
sed -i 's,/usr/local/sbin,/usr/sbin,' "$A/etc/smtpd.conf"

# --- the system, on A's network --------------------------------------------

# systemd as the first process of its namespaces, with A as its root.
system_up()
{
	bed_start system at_a unshare --mount --pid --cgroup --ipc --uts \
	    --fork --kill-child --propagation private sh -c '
		mount -t proc proc "$1/proc"
		mount -t sysfs -o ro sysfs "$1/sys"
		mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
		mount -t tmpfs -o mode=755 tmpfs "$1/run"
		exec env -i container=bed PATH=/usr/sbin:/usr/bin \
		    chroot "$1" /lib/systemd/systemd --system \
		    --show-status=no' sh "$A"
	wait_for 30 system_pid || bail "no systemd"
}

system_pid()
{
	system=$(pgrep -P "$(bed_pid system)" -x systemd)
}

# Runs a command there, its output in log/inside too.
inside()
{
	nsenter -t "$system" -m -p -n -C -r -w \
	    env DEBIAN_FRONTEND=noninteractive "$@"
}

is_active()
{
	[ "$(inside systemctl is-active "$1")" = active ]
}

journal()
{
	inside journalctl --no-pager -u "$1" -o cat | tee "$BED/log/$1" |
	    grep -c "$2"
}

system_up
check "systemd runs" wait_for 120 is_active cron.service

# --- installed -------------------------------------------------------------

check "apt install ./sge.deb" inside apt-get -y install \
    --no-install-recommends /root/sge.deb
for u in _sged _sgenet _sgefilter; do
	check "user $u" grep -q "^$u:" "$A/etc/passwd"
done
is "$(chroot "$A" stat -c '%U:%G %a' /var/spool/sged/sessions)" \
    "_sgefilter:_sgefilter 770" "sessions/ belongs to filter-sge's user now"
is "$(chroot "$A" sh -c 'stat -c %U /var/spool/sged/sessions/*.jsonl')" \
    _sgefilter "with what was in it"
check "sged starts with the system" inside systemctl is-enabled sged
check "and runs, since there is an sge.conf" wait_for 60 is_active sged
is "$(chroot "$A" getent passwd _sged | cut -d : -f 6)" / \
    "_sged's home is there now"
is "$(journal sged 'database: format [0-9]* made of 1')" 1 \
    "with the former build's database" || sed 's/^/# /' "$BED/log/sged"
is "$(inside systemctl show -p NRestarts --value sged)" 0 "at once"
check "systemd-analyze security: below 3" inside systemd-analyze \
    --threshold=30 security --no-pager sged
is "$(chroot "$A" grep -rl /usr/local /usr/share/man/man8/sged.8.gz \
    /usr/share/doc/opensmtpd-filter-sge /etc/cron.d \
    /usr/lib/systemd/system/sged.service)" "" "nothing names /usr/local"
like "$(chroot "$A" bash -c '. /usr/share/bash-completion/completions/sgectl
    COMP_WORDS=(sgectl show sta) COMP_CWORD=2; _sgectl; echo "$COMPREPLY"')" \
    status "bash completes sgectl"
is "$(chroot "$A" dpkg -V opensmtpd-filter-sge)" "" "all files are whole"

# --- a mail through it -----------------------------------------------------

peer mx.public.nz 9 ok
dns "public.nz MX 10 mx.public.nz."
check "smtpd starts with it" inside systemctl restart opensmtpd
smtpd_answers()
{
	inside smtpctl show status >/dev/null 2>&1
}
wait_for 60 smtpd_answers
printf 'Subject: x\n\nHello.\n' |
    inside sendmail -f staff@minties.govt.nz somebody@public.nz
check "a mail goes out" wait_for 60 got_mail 'somebody@public.nz'
check "and is on record" wait_for 60 record_seen '"to":"public.nz"'
day_before()
{
	inside sgectl -p show flow -d "$yesterday" -D old.nz |
	    grep -q '|old.nz|out|'
}
check "the former build's session is counted" wait_for 60 day_before
like "$(inside sgectl -p show sent -d 2026-11-24 -n 0)" '*d0.example.nz*' \
    "its reports are known"

# --- upgraded, removed, purged ---------------------------------------------

was=$(inside systemctl show -p MainPID --value sged)
check "apt install ./next.deb" inside apt-get -y install \
    --no-install-recommends /root/next.deb
check "sged runs" wait_for 60 is_active sged
ok "$([ "$(inside systemctl show -p MainPID --value sged)" != "$was" ]
    echo $?)" "anew"
check "with the data" day_before

inside systemctl stop opensmtpd
inside apt-get -y remove opensmtpd-filter-sge >"$BED/log/remove" 2>&1
is $? 0 "apt remove"
like "$(cat "$BED/log/remove")" '*/etc/smtpd.conf still names filter-sge*' \
    "it says that smtpd does not start again"
is "$(inside sh -c 'cat /proc/[0-9]*/comm' | grep sge)" "" \
    "nothing is left running"
check "the data is left" test -s "$A/var/db/sged/sged.db"
ok "$([ ! -e "$A/usr/sbin/sged" ]; echo $?)" "no program is"
job=$(sed -n 's/^30 1 [*] [*] [*] root //p' \
    "$A/etc/cron.d/opensmtpd-filter-sge")
like "$job" '*sgectl digest' "cron's job is left"
is "$(inside sh -c "$job" 2>&1)" "" "and silent"
check "apt purge" inside apt-get -y purge --autoremove opensmtpd-filter-sge
files >"$BED/after"
is "$(comm -13 "$BED/before" "$BED/after" |
    grep -v -e '^etc/mail/dkim.key$' -e '^etc/mail/sge.conf$' \
    -e '^etc/ssl/.*minties' -e '^var/spool/smtpd' -e '^var/tmp/' \
    -e '/[.]updated$')" "" \
    "nothing is left lying"
is "$(grep -c '^_sge' "$A/etc/passwd")" 0 "no user either"

# --- README's set-up, word by word -----------------------------------------

rm -f "$A/etc/mail/sge.conf" "$A/etc/mail/dkim.key" "$A/etc/smtpd.conf"
check "Debian's own smtpd.conf" chroot_out A apt-get -y --reinstall \
    -o Dpkg::Options::=--force-confmiss install opensmtpd
dns_gone sge._domainkey.minties.govt.nz
ip -n A route add default via $NET4.2
cp "$A/root/sge.deb" "$A/root/opensmtpd-filter-sge_1.0.0_amd64.deb"
# block FIRST LAST: README's commands between these two, without blanks before.
block()
{
	sed -n "/^    $1/,/^    $2/s/^    //p" "$TOP/README"
}
line()
{
	sed -n "\,^    $1,s/^    //p" "$TOP/README"
}
{
	echo 'set -e; cd /root'
	line 'D='
	line 'apt install ./opens' |
	    sed 's/^apt install/apt-get -y install --no-install-recommends/'
	line 'EXAMPLES=/usr/share'
	line 'SMTPD_CONF=/etc/smtpd.conf'
	line 'NIC=.(ip'
	block 'names=' 'echo "root'
	echo 'exec >/root/published'
	line 'sgectl record new'
	block 'systemctl daemon' 'systemctl restart'
} >"$A/root/readme.sh"
inside sh /root/readme.sh >"$BED/log/readme" 2>&1
is $? 0 "README's commands run" || sed 's/^/# /' "$BED/log/readme"
note "$(wc -l <"$A/root/readme.sh") lines of README"
# What they say to publish.
awk '$1 == "Name" { sub(/[.]$/, "", $2); name = $2 }
    /^Value/ { sub(/^Value */, ""); print name " TXT " $0 }' \
    "$A/root/published" | dns
peer mx.dia.govt.nz 11 ok
echo 'network allow { 203.0.113.0/24 }' >>"$A/etc/mail/sge.conf"
check "smtpd runs" wait_for 60 smtpd_answers
check "sged runs" wait_for 60 is_active sged
check "and reads it again" inside systemctl reload sged
all_well()
{
	inside sgectl check config >"$BED/log/check"
}
check "check config: all well" wait_for 60 all_well ||
    sed 's/^/# /' "$BED/log/check"
like "$(cat "$BED/log/check")" '*info*mode testing*Exit 0.' \
    "mode testing is named"
# As README says, when nothing is missed.
sed -i 's/^mode testing/mode enforce/' "$A/etc/mail/sge.conf"
check "systemctl reload" inside systemctl reload sged
check "check config: all well" wait_for 60 all_well ||
    sed 's/^/# /' "$BED/log/check"
echo 'no such directive' >>"$A/etc/mail/sge.conf"
inside systemctl reload sged >>"$BED/log/reload" 2>&1
ok "$([ $? -ne 0 ]; echo $?)" "a file with a mistake fails the reload"
check "sged runs" is_active sged
sed -i '$d' "$A/etc/mail/sge.conf"
printf 'Subject: for root\n\nx\n' | inside sendmail root
staff_has()
{
	grep -rq "$1" "$A/home/staff/Maildir/new"
}
check "root's mail is a person's" wait_for 60 staff_has '^Subject: for root'
printf 'Subject: x\n\nHello.\n' |
    inside sendmail -f staff@minties.govt.nz else@public.nz
check "a mail goes out" wait_for 60 got_mail 'else@public.nz'
report()
{
	inside sgectl report -d today public.nz | grep -q '"public.nz"'
}
check "and is in the day's report" wait_for 60 report
finish
