# SPDX-License-Identifier: ISC
#
# A fleet in the test bed: beside A more mail hosts like it, each with a smtpd,
# a sged and a network of its own, and a PostgreSQL that all of them share.
#
#	. bed/bed.sh; bed_enter "$0" "$@"; . bed/pg.sh; . bed/fleet_hosts.sh
#	bed_up; mail_host_up
#	fleet_hosts 2		A1 and A2: mail1 and mail2.minties.govt.nz
#	fleet_tomorrow		a day later; all of them are a fleet
#
# B is the router between them: 198.51.100.(4 N + 1) is N's address.

. "$TOP/regress/bed/fleet_members.sh"

fleet_all=A

# fleet_net NAME N: its network, with a cable to B.
fleet_net()
{
	# Link-local addresses would only be tentative for a while: no smtpd
	# could listen on them.
	ip netns add "$1" &&
	ip -n "$1" link add mail0 type veth peer name "world$2" netns B &&
	ip -n "$1" link set mail0 addrgenmode none &&
	ip -n B link set "world$2" addrgenmode none &&
	ip -n "$1" link set lo up &&
	ip -n "$1" addr add 198.51.100.$((4 * $2 + 1))/30 dev mail0 &&
	ip -n B addr add 198.51.100.$((4 * $2 + 2))/30 dev "world$2" &&
	ip -n "$1" link set mail0 up && ip -n B link set "world$2" up &&
	ip -n "$1" route add default via 198.51.100.$((4 * $2 + 2)) ||
	    bail "no network for $1"
}

# fleet_name HOST: A's name, or A1's.
fleet_name()
{
	echo "mail${1#A}.minties.govt.nz"
}

# fleet_db: the PostgreSQL, on a host of its own.
fleet_db()
{
	pg_find
	fleet_net D 9
	PG_AT="nsenter --net=/run/netns/D"
	PG_LISTEN=198.51.100.37
	pg_up "$BED/pg"
}

# fleet_libpq HOST: the libpq of this host, with what it wants and HOST lacks.
fleet_libpq()
{
	fleet_lib=$(ls /usr/lib/*/libpq.so.5 /usr/local/lib/libpq.so.5 \
	    2>/dev/null | head -n 1)
	[ -n "$fleet_lib" ] || bail "no libpq"
	chroot "$BED/$1" ldconfig -p >"$BED/libraries"
	for fleet_l in "$fleet_lib" \
	    $(ldd "$fleet_lib" | awk '$3 ~ /^\// { print $3 }'); do
		grep -q "^[[:space:]]*${fleet_l##*/} " "$BED/libraries" ||
		    cp -L "$fleet_l" "$BED/$1/usr/local/lib/"
	done
	chroot "$BED/$1" ldconfig
}

# fleet_host N: a mail host as A is, with A's files but for its name.
fleet_host()
{
	fleet_h=A$1
	fleet_net "$fleet_h" "$1"
	bed_folder "$fleet_h" || bail "no folder for $fleet_h"
	( A=$BED/$fleet_h && bed_install ) || exit 1
	host="$(fleet_name "$fleet_h")"
	dns "$host A 198.51.100.$((4 * $1 + 1))"
	dns_ptr 198.51.100.$((4 * $1 + 1)) "$host"
	cert "$host"
	mkdir -p "$BED/$fleet_h/etc/ssl/private"
	cp "$BED/certs/$host.crt" "$BED/$fleet_h/etc/ssl/"
	cp "$BED/certs/$host.key" "$BED/$fleet_h/etc/ssl/private/"
	chmod 600 "$BED/$fleet_h/etc/ssl/private/$host.key"
	cp -p "$A/etc/mail/dkim.key" "$BED/$fleet_h/etc/mail/"
	cp "$A/etc/ssl/certs/ca-certificates.crt" \
	    "$BED/$fleet_h/etc/ssl/certs/"
	cp "$A/etc/aliases" "$BED/$fleet_h/etc/"
	echo "nameserver $A4" >"$BED/$fleet_h/etc/resolv.conf"
	echo "$host" >"$BED/$fleet_h/etc/mailname"
	sed "s/mail\.minties\.govt\.nz/$host/g" "$A/etc/smtpd.conf" \
	    >"$BED/$fleet_h/etc/smtpd.conf"
	sed "s/^hostname .*/hostname \"$host\"/; s/resolver 127.0.0.1/resolver $A4/" \
	    "$A/etc/mail/sge.conf" >"$BED/$fleet_h/etc/mail/sge.conf"
	fleet_all="$fleet_all $fleet_h"
	fleet_sged_up "$fleet_h"
	smtpd_up "$fleet_h"
}

fleet_sged_up()
{
	rm -f "$BED/$1/run/sged.sock"
	bed_start "sged.$1" in_folder "$1" sged -dv -f /etc/mail/sge.conf
	wait_for 60 test -S "$BED/$1/run/sged.sock" ||
	    bail "sged: $(tail -n 5 "$BED/log/sged.$1")"
}

# fleet_hosts N: as many beside A, which runs; its sged is then of fleet_all too.
fleet_hosts()
{
	nsenter --net=/run/netns/B sh -c \
	    'echo 1 >/proc/sys/net/ipv4/ip_forward' || bed_skip "no routing"
	ip -n A route add 198.51.100.0/24 via $NET4.2
	fleet_db
	fleet_n=0
	while [ $((fleet_n += 1)) -le "$1" ]; do
		fleet_host $fleet_n
	done
	bed_stop sged
	fleet_sged_up A
}

# fleet_submit HOST FROM TO
fleet_submit()
{
	printf 'From: <%s>\nTo: <%s>\nSubject: for %s\n\nHello.\n' \
	    "$2" "$3" "$3" | in_folder "$1" sendmail -f "$2" "$3"
}

# fleet_records HOST [PATTERN]
fleet_records()
{
	cat "$BED/$1"/var/spool/sged/sessions/* 2>/dev/null |
	    grep -c -e "${2:-.}"
}

# fleet_delivered HOST DOMAIN: messages to it that are on record.
fleet_delivered()
{
	cat "$BED/$1"/var/spool/sged/sessions/* 2>/dev/null |
	    grep "\"dir\":\"out\".*\"to\":\"$2\"" |
	    grep -o '"messages":[0-9]*' |
	    awk -F: '{ n += $2 } END { print n + 0 }'
}

# fleet_sessions PATTERN: records of all of them.
fleet_sessions()
{
	for fleet_h in $fleet_all; do
		fleet_records "$fleet_h" "$1"
	done | awk '{ n += $1 } END { print n }'
}

fleet_sgectl()
{
	fleet_h=$1
	shift
	in_folder "$fleet_h" sgectl -f /etc/mail/sge.conf "$@"
}

# The fleet's lines, and who may read its password.  Yesterday is over for longer
# than is usually waited.
fleet_conf_add()
{
	cp "$BED/pg/ca.pem" "$BED/$1/etc/mail/dbca.pem"
	echo 'db.test:*:sge:sge:secret' >"$BED/$1/etc/mail/fleet.pass"
	chmod 600 "$BED/$1/etc/mail/fleet.pass"
	chown 874 "$BED/$1/etc/mail/fleet.pass"
	echo "fleet postgresql \"host=db.test hostaddr=$PG_LISTEN" \
	    "dbname=sge user=sge passfile=/etc/mail/fleet.pass" \
	    "sslrootcert=/etc/mail/dbca.pem\"" >>"$BED/$1/etc/mail/sge.conf"
	echo 'fleet wait 5d' >>"$BED/$1/etc/mail/sge.conf"
	fleet_libpq "$1"
}

fleet_in_touch()
{
	grep -q 'fleet: in touch' "$BED/log/sged.$1"
}

# fleet_tables: made by a host that then is none.
fleet_tables()
{
	mkdir -p "$A/var/spool/none/sessions" "$A/var/db/none"
	chown -R 871:871 "$A/var/spool/none" "$A/var/db/none"
	chown 875:875 "$A/var/spool/none/sessions"
	sed -e 's,/sged/sged.db,/none/sged.db,; s,spool/sged,spool/none,' \
	    -e 's,run/sged.sock,run/none.sock,; s/^hostname .*/hostname "none"/' \
	    "$A/etc/mail/sge.conf" >"$A/etc/mail/none.conf"
	bed_start sged.none in_a sged -dv -f /etc/mail/none.conf
	wait_for 60 fleet_in_touch none ||
	    bail "no fleet: $(tail -n 5 "$BED/log/sged.none")"
	bed_stop sged.none
}

# fleet_tomorrow: what is on record becomes yesterday's, and all are a fleet.
# $yesterday: that day.
fleet_tomorrow()
{
	yesterday=$(date -u -d yesterday +%Y-%m-%d)
	for fleet_h in $fleet_all; do
		bed_stop "smtpd.$fleet_h"
		bed_stop "sged.$fleet_h"
		fleet_spool=$BED/$fleet_h/var/spool/sged/sessions
		sed "s/\"time\":\"[^T]*T/\"time\":\"${yesterday}T/" \
		    "$fleet_spool"/* >"$BED/yesterday"
		rm -f "$fleet_spool"/* "$BED/$fleet_h"/var/db/sged/*
		cp "$BED/yesterday" \
		    "$fleet_spool/$(echo "$yesterday" | tr -d -)T12Z.jsonl"
		chown 875:875 "$fleet_spool"/*
		fleet_conf_add "$fleet_h"
	done
	fleet_tables
	fleet_names=
	for fleet_h in $fleet_all; do
		fleet_names="$fleet_names $(fleet_name "$fleet_h")"
	done
	# shellcheck disable=SC2086
	fleet_members $(($(date -u -d "$yesterday" +%s) / 86400)) $fleet_names
	for fleet_h in $fleet_all; do
		fleet_sged_up "$fleet_h"
		smtpd_up "$fleet_h"
	done
}

# fleet_sent N: the fleet knows of so many reports that were sent.
fleet_sent()
{
	[ "$(pg_sql "SELECT count(*) FROM sge.report WHERE state = 'sent'")" \
	    = "$1" ]
}
