#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Two hosts that both run this and ask each other for reports: filter-sge sees
# the sessions that carry their reports, sged counts them.  After the last mail
# of a person each reports once, and then they are silent.  Both write to
# c.test every day, whose report shows that the day was closed.

. "$(dirname "$0")/../bed/local.sh"
local_up

local_dns <<EOF
_smtp._tls.a.test TXT v=TLSRPTv1; rua=mailto:tls@a.test
_smtp._tls.b.test TXT v=TLSRPTv1; rua=mailto:tls@b.test
_smtp._tls.c.test TXT v=TLSRPTv1; rua=mailto:tls@c.test
EOF

# host NAME: mail host of NAME.test, in a folder of its own.
host()
{
	H=$L/$1
	mkdir -p "$H/spool/sessions" "$H/db" "$H/mails"
	cat >"$H/sge.conf" <<-EOF
	organization "$1"
	contact "tls@$1.test"
	hostname "mail.$1.test"
	local { "$1.test" }
	spool "$H/spool"
	database sqlite "$H/db/sged.db"
	socket "$H/sged.sock"
	report from "noreply@$1.test"
	report sendmail "$H/sendmail"
	report spread 0s
	resolver $DNS_IP port 5300
	EOF
	cat >"$H/sendmail" <<-EOF
	#!/bin/sh
	for to; do :; done
	f=\$(mktemp "$H/mails/.XXXXXX") && cat >"\$f" &&
	    mv "\$f" "$H/mails/\$to.\${f##*.}"
	EOF
	chmod 755 "$H/sendmail"
}
host a
host b
[ -z "$AS" ] || chown -R 65534:65534 "$L"

# events DAY FROM TO N: what smtpd tells of a mail, at noon of that day.
events()
{
	awk -v day="$1" -v from="$2" -v to="$3" -v n="$4" 'BEGIN {
		split(day, p, "-")
		y = p[1] - (p[2] <= 2)
		era = int(y / 400)
		doy = int((153 * (p[2] + (p[2] > 2 ? -3 : 9)) + 2) / 5) + p[3]
		d = era * 146097 + (y - era * 400) * 365 + \
		    int((y - era * 400) / 4) - int((y - era * 400) / 100) + \
		    doy - 1 - 719468
		id = sprintf("%016x", n)
		h = "report|0.7|" sprintf("%d", d * 86400 + 43200) ".5|smtp-out|"
		print h "link-connect|" id "|mx.x|pass|192.0.2.1:5|192.0.2.2:25"
		print h "link-greeting|" id "|mx.x"
		print h "protocol-client|" id "|EHLO mail.x"
		print h "link-identify|" id "|EHLO|mail.x"
		print h "protocol-client|" id "|STARTTLS"
		print h "protocol-client|" id "|EHLO mail.x"
		print h "link-identify|" id "|EHLO|mail.x"
		print h "link-tls|" id "|TLSv1.3:TLS_AES_256_GCM_SHA384:256"
		print h "protocol-client|" id "|MAIL FROM:<" from ">"
		print h "tx-begin|" id "|ce53f15f"
		print h "tx-mail|" id "|ce53f15f|ok|" from
		print h "protocol-client|" id "|RCPT TO:<" to ">"
		print h "tx-rcpt|" id "|ce53f15f|ok|" to
		print h "tx-commit|" id "|ce53f15f|428"
		print h "link-disconnect|" id
	}'
}

# day DAY PEOPLE: every host's mails of that day: those of people, and the
# reports that its sged gave to sendmail since.
day()
{
	for h in a b; do
		case $h in a) o=b;; b) o=a;; esac
		{
			printf 'config|smtpd-version|7.9.0\n'
			printf 'config|protocol|0.7\n'
			printf 'config|subsystem|smtp-out\nconfig|ready\n'
			events "$1" "me@$h.test" u@c.test 1
			[ "$2" -eq 0 ] ||
			    events "$1" "me@$h.test" "you@$o.test" 2
			n=3
			for f in "$L/$h/mails"/*@*; do
				[ -f "$f" ] || continue
				to=${f##*/}
				events "$1" "noreply@$h.test" "${to%.*}" $n
				n=$((n + 1))
				rm "$f"
			done
		} >"$L/events"
		# shellcheck disable=SC2086
		$AS "$TOP/filter/filter-sge" -f "$L/$h/sge.conf" \
		    <"$L/events" >/dev/null 2>>"$L/log/filter"
	done
}

closed()
{
	for h in a b; do
		# shellcheck disable=SC2086
		$AS "$TOP/reporter/sgectl" -f "$L/$h/sge.conf" -p show sent \
		    -n 0 -d "$1" 2>/dev/null |
		    awk -F '|' '$4 == "c.test" && $6 == "sent" { ok = 1 }
			$6 == "due" || $6 == "sending" { bad = 1 }
			END { exit !ok || bad }' || return 1
	done
}

# To whom each host has sent a report that has not gone out yet.
reports()
{
	for h in a b; do
		for f in "$L/$h/mails"/*@*; do
			f=${f##*/}
			printf '%s>%s ' $h "${f%@*.*}@$(echo "${f##*@}" |
			    sed 's/\.[^.]*$//')"
		done
	done | sed 's/ $//'
}

for h in a b; do
	# shellcheck disable=SC2086
	local_start "sged.$h" $AS "$TOP/reporter/sged" -d -f "$L/$h/sge.conf"
done
D=$(utc_day 5)
day "$D" 1
check "a day with mail both ways is closed" wait_for 30 closed "$D"
is "$(reports)" \
    "a>tls@b.test a>tls@c.test b>tls@a.test b>tls@c.test" \
    "each reports to the other"
for i in 4 3 2; do
	D=$(utc_day $i)
	day "$D" 0
	if [ $i -eq 4 ]; then
		is "$(cat "$L"/[ab]/spool/sessions/* |
		    grep -c '"to":"[ab].test".*"report":true')" 2 \
		    "next day the reports are the only mail between them"
	fi
	check "$i days ago is closed" wait_for 30 closed "$D"
	is "$(reports)" "a>tls@c.test b>tls@c.test" \
	    "$i days ago: no report to each other"
done
is "$(cat "$L"/[ab]/spool/sessions/* | grep -c '"report":true')" 8 \
    "every report's session was seen as one"
is "$(cat "$L"/[ab]/spool/sessions/* | grep -vc '"report":true')" 10 \
    "and no mail of a person"
for h in a b; do
	local_stop "sged.$h"
	is "$(grep -c 'fatal\|unexpected' "$L/log/sged.$h")" 0 \
	    "$h: nothing went wrong"
done
finish
