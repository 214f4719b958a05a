# SPDX-License-Identifier: ISC
#
# The mail host of the test bed (bed.sh reads this): smtpd, sged and what they
# need, and a mail host outside that takes reports.

# --- smtpd -------------------------------------------------------------

# smtpd_up [FOLDER]: starts the mail host of folder A (or B) with its
# etc/smtpd.conf.
smtpd_up()
{
	smtpd_in=${1:-A}
	in_folder "$smtpd_in" smtpd -n >"$BED/log/smtpd-n" 2>&1 ||
	    bail "smtpd.conf: $(cat "$BED/log/smtpd-n")"
	: >"$BED/log/smtpd.$smtpd_in"
	bed_start "smtpd.$smtpd_in" in_folder "$smtpd_in" smtpd -dv
	wait_for 20 chroot "$BED/$smtpd_in" smtpctl show status &&
	    wait_for 20 smtpd_listens ||
	    bail "smtpd: $(tail -n 5 "$BED/log/smtpd.$smtpd_in")"
}

# It answers smtpctl before it listens: its filters come first.
smtpd_listens()
{
	grep '^listen on' "$BED/$smtpd_in/etc/smtpd.conf" |
	    grep -qv '^listen on socket' || return 0
	nsenter --net="/run/netns/$smtpd_in" ss -ltnp | grep -q '"smtpd"'
}

# submit FROM RCPT...: a mail from a user of A, through its sendmail(8).
submit()
{
	submit_from=$1
	shift
	printf 'From: <%s>\nTo: <%s>\nSubject: for %s\n\nHello.\n' \
	    "$submit_from" "$1" "$1" |
	    in_a sendmail -f "$submit_from" "$@"
}

# retry_now: smtpd tries waiting mail at once.
retry_now()
{
	in_a smtpctl schedule all
}

# queued [PATTERN]: how many envelopes wait in A whose line of "show queue"
# matches.
queued()
{
	in_a smtpctl show queue | grep -c -e "${1:-.}"
}

queue_empty()
{
	[ "$(queued)" -eq 0 ]
}

# --- the mail host as it should be ------------------------------------

# sge_conf: /etc/mail/sge.conf of A from standard input.
sge_conf()
{
	cat >"$A/etc/mail/sge.conf"
}

# The configuration most tests use.  minties.govt.nz is in the Restricted
# Group, library.govt.nz another government domain; both are ours.
sge_conf_usual()
{
	sge_conf <<-CONF
	organization "Minties"
	contact "tls-reports@minties.govt.nz"
	hostname "mail.minties.govt.nz"
	mode enforce
	local { "minties.govt.nz" "library.govt.nz" }
	class restricted { "minties.govt.nz" "dia.govt.nz" "moe.govt.nz" }
	class government { ".govt.nz" ".mil.nz" "parliament.nz" }
	flow from restricted to restricted require connector
	flow from { restricted government } to { restricted government } \
	    require tls
	flow from any to any prefer tls
	connector "dia.govt.nz" to "smtp+tls://mx.dia.govt.nz" \
	    from { $NET4.11 }
	legacy { $NET4.150 } until 2099-03-31 "UPS monitors"
	legacy { $NET4.151 } until 2020-03-31 "old scanners"
	spool "/var/spool/sged"
	database sqlite "/var/db/sged/sged.db"
	socket "/var/run/sged.sock"
	report from "tlsrpt-noreply@minties.govt.nz"
	report spread 0s
	learn timeout 5s
	resolver 127.0.0.1 port 53
	ca "/etc/ssl/certs/ca-certificates.crt"
	network allow { $NET4.0/24 }
	CONF
}

# smtpd.conf of A: etc/smtpd.conf.example with the bed's names, and who reads
# root's mail.
smtpd_conf_usual()
{
	grep -q '^root:' "$A/etc/aliases" || echo 'root: staff' >>"$A/etc/aliases"
	sed -e "$(sh "$TOP/etc/words" "$TOP/filter/base/system.h")" \
	    -e 's/egress/mail0/' "$TOP/etc/smtpd.conf.example" \
	    >"$A/etc/smtpd.conf"
}

# dkim DOMAIN: its key in A for filter-dkimsign, selector "sge", and in the
# DNS, for all that is signed.
dkim()
{
	openssl genrsa -out "$A/etc/mail/dkim.key" 2048 \
	    2>>"$BED/log/openssl"
	chmod 640 "$A/etc/mail/dkim.key"
	chgrp "$(sed -n 's/^opensmtpd:[^:]*:\([0-9]*\):.*/\1/p' \
	    "$A/etc/group")" "$A/etc/mail/dkim.key"
	dns "sge._domainkey.$1 TXT v=DKIM1; k=rsa; p=$(
	    openssl rsa -in "$A/etc/mail/dkim.key" -pubout \
	    2>>"$BED/log/openssl" | sed '/^-/d' | tr -d '\n')"
}

# mail_host_up: A as its operator sets it up, sged and smtpd running.
mail_host_up()
{
	bed_install
	[ -f "$A/etc/mail/sge.conf" ] || sge_conf_usual
	host mail.minties.govt.nz 1
	dns "minties.govt.nz MX 10 mail.minties.govt.nz." \
	    "library.govt.nz MX 10 mail.minties.govt.nz."
	cert mail.minties.govt.nz
	mkdir -p "$A/etc/ssl/private"
	cp "$BED/certs/mail.minties.govt.nz.crt" "$A/etc/ssl/"
	cp "$BED/certs/mail.minties.govt.nz.key" "$A/etc/ssl/private/"
	chmod 600 "$A/etc/ssl/private/mail.minties.govt.nz.key"
	dkim minties.govt.nz
	[ -f "$A/etc/mail/own-smtpd.conf" ] || smtpd_conf_usual
	sged_up
	smtpd_up
}

sged_up()
{
	bed_start sged in_a sged -dv -f /etc/mail/sge.conf
	wait_for 20 test -S "$A/run/sged.sock" ||
	    bail "sged: $(tail -n 5 "$BED/log/sged")"
}

sgectl()
{
	in_a sgectl -f /etc/mail/sge.conf "$@"
}

# records [PATTERN]: how many session records there are whose line matches.
records()
{
	cat "$A"/var/spool/sged/sessions/* 2>/dev/null |
	    grep -c -e "${1:-.}"
}

# record_seen PATTERN
record_seen()
{
	[ "$(records "$1")" -gt 0 ]
}

# past_midnight: the records there are become yesterday's, and sged and smtpd
# start again, sged without a memory.  $yesterday: that day.
past_midnight()
{
	bed_stop smtpd.A
	bed_stop sged
	yesterday=$(date -u -d yesterday +%Y-%m-%d)
	past=$A/var/spool/sged/sessions
	sed "s/\"time\":\"[^T]*T/\"time\":\"${yesterday}T/" "$past"/* \
	    >"$BED/yesterday"
	rm -f "$past"/* "$A"/var/db/sged/*
	cp "$BED/yesterday" \
	    "$past/$(echo "$yesterday" | tr -d -)T12Z.jsonl"
	chown 875:875 "$past"/*
	sged_up
	smtpd_up
}

# rua_up DOMAIN: a mail host in B, a real smtpd with its own DNS view, that
# puts mail to reports@DOMAIN into a Maildir.
rua_up()
{
	bed_folder B
	echo "nameserver $A4" >"$B/etc/resolv.conf"
	echo "mx.$1" >"$B/etc/mailname"
	host "mx.$1" 250
	dns "$1 MX 10 mx.$1."
	cert "mx.$1"
	cp "$BED/certs/mx.$1.crt" "$BED/certs/mx.$1.key" "$B/etc/mail/"
	chmod 600 "$B/etc/mail/mx.$1.key"
	echo 'reports:x:872:872::/home/reports:/bin/sh' >>"$B/etc/passwd"
	echo 'reports:x:872:' >>"$B/etc/group"
	mkdir -p "$B/home/reports"
	chown 872:872 "$B/home/reports"
	cat >"$B/etc/smtpd.conf" <<-CONF
	pki "mx.$1" cert "/etc/mail/mx.$1.crt"
	pki "mx.$1" key "/etc/mail/mx.$1.key"
	listen on socket
	listen on $NET4.250 hostname "mx.$1" tls pki "mx.$1"
	action "box" maildir
	match from any for domain "$1" action "box"
	CONF
	smtpd_up B
}

# The reports that have arrived, a path a line.
reports()
{
	find "$B/home/reports/Maildir/new" -type f 2>/dev/null | sort
}

# reports_are N: whether at least so many are there.
reports_are()
{
	[ "$(reports | wc -l)" -ge "$1" ]
}

# dkim_verify FILE: by opendkim's tool and the DNS.
dkim_verify()
{
	in_folder B opendkim-testmsg <"$1"
}

# record_count N: whether there are that many records.
record_count()
{
	[ "$(records)" -eq "$1" ]
}
