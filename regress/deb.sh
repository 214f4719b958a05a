#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make deb, from the package's making to its purge, in Debian 13 folders:
# installed where a build of before has left its data, a mail and a report
# through it, removed, purged.  Needs the package mirror, so it is no part of
# make regress.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/bed/bed.sh"
bed_enter "$0" "$@"
bed_up

# Outside the namespaces: where the package mirror is.
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

bed_folder C
mkdir "$BED/C/src"
(cd "$TOP" && tar -cf - --exclude='filter/*.[od]' --exclude='reporter/*.[od]' \
    Makefile README CHANGES LICENSE filter reporter man etc regress/harden) |
    tar -xf - -C "$BED/C/src"
check "etc/debian/build" chroot_out C sh /src/etc/debian/build /out ||
    bail "no package: $(tail -n 20 "$BED/log/apt")"
deb=$(ls "$BED"/C/out/opensmtpd-filter-sge_*.deb)
cp "$deb" "$A/root/sge.deb"
chroot_out C apt-get -qq -y install --no-install-recommends lintian
check "lintian finds no error" chroot_out C lintian --fail-on error \
    --allow-root "/out/$(basename "$deb")"

# --- what was there --------------------------------------------------------

check "apt-get update" chroot_out A apt-get -qq update
chroot_out A apt-get -qq -y install --no-install-recommends systemd cron
(cd "$A" && find etc usr/sbin usr/lib usr/libexec usr/share var run root \
    -xdev ! -path 'var/lib/*' ! -path 'var/cache/*' ! -path 'var/log/*' \
    ! -path 'etc/*-' | sort) >"$BED/before"
cp "$A/etc/passwd" "$BED/passwd.before"
# A host as it was before filter-sge had a user of its own.
mkdir -p "$A/var/spool/sged/sessions" "$A/var/db/sged"
echo '_sged:x:871:871::/nonexistent:/usr/sbin/nologin' >>"$A/etc/passwd"
echo '_sged:x:871:' >>"$A/etc/group"
session=$(date -u -d yesterday +%Y-%m-%dT12:00:00Z)
echo '{"v":1,"time":"'"$session"'","host":"mail.minties.govt.nz","dir":"out",'\
'"session":"66a87376800c5074","local":"203.0.113.1","remote":"203.0.113.9",'\
'"rdns":null,"helo":"mx.old.nz","starttls":"offered","tls":"TLSv1.3",'\
'"cipher":"X","failure":null,"tx":[{"from":"minties.govt.nz","to":"old.nz",'\
'"flow":"restricted>public","verdict":"pass","messages":1,"rcpts":1}]}' \
    >"$A/var/spool/sged/sessions/$(date -u -d yesterday +%Y%m%d)T12Z.jsonl"
chmod 640 "$A"/var/spool/sged/sessions/*
chroot "$A" chown -R _sged:_sged /var/spool/sged /var/db/sged

# --- installed -------------------------------------------------------------

check "apt install ./sge.deb" chroot_out A apt-get -y install \
    --no-install-recommends /root/sge.deb
for u in _sged _sgenet _sgefilter; do
	check "user $u" grep -q "^$u:" "$A/etc/passwd"
done
is "$(chroot "$A" stat -c '%U:%G %a' /var/spool/sged/sessions)" \
    "_sgefilter:_sgefilter 770" "sessions/ belongs to filter-sge's user now"
check "with what was in it" chroot "$A" sh -c \
    '[ "$(stat -c %U /var/spool/sged/sessions/*.jsonl)" = _sgefilter ]'
check "sged would start with the system" chroot "$A" \
    systemctl is-enabled sged.service
is "$(chroot "$A" grep -rl /usr/local /usr/share/man/man8/sged.8.gz \
    /usr/share/doc/opensmtpd-filter-sge /usr/lib/systemd/system/sged.service)" \
    "" "nothing names /usr/local"

# --- a mail and a report through it ----------------------------------------

bed_install()
{
	echo 'staff:x:873:873::/home/staff:/bin/sh' >>"$A/etc/passwd"
	mkdir -p "$A/home/staff"
	chown 873:873 "$A/home/staff"
}
sge_conf_usual
smtpd_conf_usual
sed -i 's,/usr/local/sbin,/usr/sbin,' "$A/etc/smtpd.conf"
mail_host_up
peer mx.public.nz 9 good
dns "public.nz MX 10 mx.public.nz."
submit staff@minties.govt.nz somebody@public.nz
check "a mail goes out" wait_for 60 got_mail 'somebody@public.nz'
check "and is on record" wait_for 60 record_seen '"to":"public.nz"'
day_before()
{
	sgectl -p show flow -d "$(date -u -d yesterday +%Y-%m-%d)" |
	    grep -q '|public|out|1|1|'
}
check "the former build's session is counted" wait_for 30 day_before
bed_stop smtpd.A
bed_stop sged

# --- installed again, removed, purged --------------------------------------

check "the same again" chroot_out A apt-get -y install --reinstall \
    --no-install-recommends /root/sge.deb
check "the data is still there" test -s "$A/var/db/sged/sged.db"
check "apt remove" chroot_out A apt-get -y remove opensmtpd-filter-sge
check "leaves the data" test -s "$A/var/db/sged/sged.db"
ok "$([ ! -e "$A/usr/sbin/sged" ]; echo $?)" "and no program"
check "apt purge" chroot_out A apt-get -y purge opensmtpd-filter-sge
(cd "$A" && find etc usr/sbin usr/lib usr/libexec usr/share var run root \
    -xdev ! -path 'var/lib/*' ! -path 'var/cache/*' ! -path 'var/log/*' \
    ! -path 'etc/*-' | sort) >"$BED/after"
is "$(comm -13 "$BED/before" "$BED/after" |
    grep -v -e '^etc/mail' -e '^etc/smtpd.conf' -e '^var/spool/smtpd' \
    -e '^run/' -e '^etc/ssl' -e '^etc/unbound' -e 'x86_64.*\.so' -e '/home')" \
    "" "nothing is left lying"
is "$(grep -c '^_sge' "$A/etc/passwd")" 0 "no user either"
finish
