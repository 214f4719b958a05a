#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A day that was worked out by hand: regress/data/day/sessions says what smtpd
# would tell of it, truth what the reports of 127 domains must say, and why.
# filter-sge, table-sge and sged themselves see that day, each with its clock
# on it; policies, MX hosts and looks at them are real, smtpd alone is not.
. "$(dirname "$0")/../bed/bed.sh"
bed_enter "$0" "$@"
bed_up
bed_install
sge_conf_usual
echo "smarthost { $NET4.25 }" >>"$A/etc/mail/sge.conf"
echo 'report sendmail "/bin/keep"' >>"$A/etc/mail/sge.conf"
printf '#!/bin/sh\nexec cat >>/tmp/sent\n' >"$A/bin/keep"
: >"$A/tmp/sent"
chmod 755 "$A/bin/keep"
chmod 666 "$A/tmp/sent"
data=$TOP/regress/data/day
day=1898899200
${CC:-cc} -shared -fPIC -o "$A/usr/lib/clock.so" "$TOP/regress/tool/clock.c" ||
    bail "no clock"

# --- the world -----------------------------------------------------------

# mx HOST N MODE [CERT-OPTION... NAME...]
mx()
{
	mx_host=$1 mx_n=$2 mx_mode=$3
	shift 3
	[ $# -eq 0 ] || cert -o "$mx_host" "$@"
	peer "$mx_host" "$mx_n" "$mx_mode"
}
mx mx.good.nz 60 ok
mx mx.plain.nz 61 nostarttls
mx mx.expired.nz 62 ok -e mx.expired.nz
mx mx.wrong.nz 63 ok other.nz
mx mx.drop.nz 64 drop
mx mx.h1.nz 65 ok mx.h1.nz
mx mx.454.nz 66 454
mx mx.busy.nz 67 banner421
mx mx.f01.nz 68 nostarttls
mx mx.dia.govt.nz 11 ok
dns "mx.u.nz A $NET4.69" "mx.h2.nz A $NET4.65" "mx.h3.nz A $NET4.65"
https_up 200

domains()
{
	grep -v '^[#"]' "$data/truth" | sed -n "s/^\($1\) .*/\1/p"
}
# Where mail for it goes, as far as anybody asks.
while read -r pattern host; do
	for d in $(domains "$pattern"); do
		echo "$d MX 10 $host."
	done
done <<'EOF' | dns
[a-z]0*[0-9]*[.]nz mx.good.nz
f0[34].govt.nz mx.good.nz
f01.govt.nz mx.f01.nz
f02.govt.nz mx.busy.nz
dia.govt.nz mx.dia.govt.nz
EOF
move()
{
	dns_gone "$1"
	dns "$1 MX 10 $2."
}
for d in u01 u02 u03 u04 u05 u06; do
	move $d.nz mx.u.nz
done
for d in x01 x02 x03; do
	move $d.nz mx.expired.nz
done
for d in w01 t02; do
	move $d.nz mx.wrong.nz
done
for d in n01 t04; do
	move $d.nz mx.plain.nz
done
for d in h1 h2 h3; do
	move $d.nz mx.$d.nz
done
while read -r mode pattern host; do
	for d in $(domains "$pattern"); do
		policy "$d" 200 "$mode" 604800 "$host"
	done
done <<'EOF'
enforce e0[1-8].nz mx.good.nz
enforce x0[1-3].nz mx.expired.nz
enforce w01.nz mx.wrong.nz
enforce n01.nz mx.plain.nz
enforce h1.nz mx.h1.nz
enforce h2.nz mx.h2.nz
enforce h3.nz mx.h3.nz
testing t01.nz mx.good.nz
testing t02.nz mx.wrong.nz
testing t03.nz mx.other.nz
testing t04.nz mx.plain.nz
testing t05.nz mx.good.nz
testing v01.nz mx.old.nz
none v02.nz mx.good.nz
testing v03.nz mx.good.nz
enforce z0[12].nz mx.other.nz
EOF
# Nobody answers there.
for d in $(domains 'p0[1-5].nz'); do
	dns "mta-sts.$d A $NET4.199" "_mta-sts.$d TXT v=STSv1; id=1;"
done
dns "_smtp._tls.p02.nz TXT v=TLSRPTv1; rua=mailto:tls@p02.nz"

# --- the day -------------------------------------------------------------

# with_clock SECONDS COMMAND...: in A, so long after the day began.
with_clock()
{
	clock=$1
	shift
	in_a env LD_PRELOAD=/usr/lib/clock.so \
	    SGE_CLOCK_AHEAD=$((day + clock - $(date +%s))) "$@"
}
sged_at()
{
	rm -f "$A/run/sged.sock"
	bed_start sged with_clock "$1" sged -dv -f /etc/mail/sge.conf
	wait_for 60 test -S "$A/run/sged.sock" ||
	    bail "sged: $(tail -n 5 "$BED/log/sged")"
}
ask()
{
	perl -MSocket -e '
		socket(my $s, PF_UNIX, 5, 0) or die "socket: $!";
		connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
		setsockopt($s, SOL_SOCKET, SO_RCVTIMEO, pack("l!l!", 60, 0));
		for my $d (@ARGV[1 .. $#ARGV]) {
			send($s, "{\"learn\":\"$d\"}", 0) or die "send: $!";
			defined recv($s, my $answer, 200000, 0) or
			    die "recv: $!";
			print "$d $answer\n";
		}' "$A/run/sged.sock" "$@" 2>&1
}
db()
{
	python3 -c 'import sqlite3, sys
for row in sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]):
    print("|".join(str(x) for x in row))' "$A/var/db/sged/sged.db" "$1"
}
# filter_sees FROM UNTIL CLOCK: that part of the day, and what was looked up.
filter_sees()
{
	{
		printf 'config|smtpd-version|7.6.0\nconfig|protocol|0.7\n'
		printf 'config|subsystem|smtp-in\nconfig|subsystem|smtp-out\n'
		printf 'config|ready\n'
		awk -v day=$day -v from="$1" -v until="$2" \
		    -v tries="$BED/tries" -f "$data/events.awk" \
		    "$data/sessions"
	} >"$BED/events"
	with_clock "$3" /usr/libexec/opensmtpd/filter-sge \
	    -f /etc/mail/sge.conf <"$BED/events" \
	    >"$BED/log/filter" 2>&1
	chown 875:875 "$A"/var/spool/sged/sessions/*
	while read -r when domain; do
		printf 'config|tablename|sge-routes\nconfig|ready\n%s\n' \
		    "table|0.1|$when.5|sge-routes|lookup|relayhost|1|$domain" |
		    in_a env LD_PRELOAD=/usr/lib/clock.so SGE_CLOCK="$when" \
		    /usr/libexec/opensmtpd/table-sge /etc/mail/sge.conf
	done <"$BED/tries" >>"$BED/log/table" 2>&1
}
counted()
{
	[ "$(db 'SELECT coalesce(sum(lines), 0) FROM segment')" = \
	    "$(records)" ]
}

# The evening before: sged learns.
sged_at -600
# shellcheck disable=SC2046
ask $(domains '[^ ]*') >"$BED/learned"
is "$(grep -vc error "$BED/learned")" "$(domains '[^ ]*' | wc -l | tr -d ' ')" \
    "sged answers for each domain"
# Where mail for it goes is stored a moment after that.
addressed()
{
	[ "$(db "SELECT count(DISTINCT domain) FROM mxaddr")" = \
	    "$(domains '[^ ]*' | wc -l | tr -d ' ')" ]
}
check "and knows its hosts" wait_for 60 addressed
bed_stop sged

filter_sees 00:00:00 12:00:00 43190
sged_at 43200
check "the morning is counted" wait_for 120 counted
policy v01.nz 200 enforce 604800 mx.good.nz
policy v02.nz 200 testing 604800 mx.good.nz
dns_gone _mta-sts.v03.nz mta-sts.v03.nz
bed_stop sged
# A record is asked for again when a learned policy is an hour old.
sged_at 46500
ask v01.nz v02.nz v03.nz >>"$BED/learned"
changed()
{
	[ "$(db "SELECT count(*) FROM sts_history WHERE domain IN ('v01.nz',
	    'v02.nz')")" -ge 4 ]
}
check "policies changed at noon" wait_for 120 changed
bed_stop sged
filter_sees 12:00:00 23:59:59 86398

# The day after.
filter_sees 23:59:59 24:00:00 86399
sged_at 87600
check "the day is counted" wait_for 120 counted
looked()
{
	[ "$(db "SELECT (SELECT count(*) FROM detail WHERE pending = 1) +
	    (SELECT count(*) FROM unseen)")" = 0 ]
}
check "and all looks were had" wait_for 120 looked

# --- what the reports say ------------------------------------------------

# sum FILE MEMBER
sum()
{
	awk -v key="\"$2\":" '$1 == key { n += $2 } END { print n + 0 }' "$1"
}
while read -r domain ok fail why; do
	case $domain in
	'#'*|'"-"') continue ;;
	esac
	sgectl report -d 2030-03-05 "$domain" >"$BED/report" 2>/dev/null
	got="$(sum "$BED/report" total-successful-session-count) $(sum \
	    "$BED/report" total-failure-session-count)"
	[ -s "$BED/report" ] || got='- -'
	is "$got" "$ok $fail" "$domain: $why"
	is "$(sum "$BED/report" failed-session-count)" \
	    "$(sum "$BED/report" total-failure-session-count)" \
	    "$domain: as many failures as its rows tell"
	case $domain in
	z0*) continue ;;	# no session
	esac
	is "$(sgectl -p report -v -d 2030-03-05 "$domain" 2>/dev/null |
	    grep -c '^session|')" "$(echo "$fail" | tr - 0)" "$domain: each is traced"
done <"$data/truth"
# Row by row: what, how often, and which sessions.
is "$(sgectl report -v -d 2030-03-05 x01.nz | sed 's/  [0-9a-f]\{16\}  /  ID  /')" \
    "certificate-expired, 3 sessions, mx.expired.nz: certificate verification
  failed: certificate has expired
  2030-03-05T09:00:01Z  ID  $NET4.62
  2030-03-05T09:06:41Z  ID  $NET4.62
  2030-03-05T09:26:41Z  ID  $NET4.62" "report -v"

# The mail of one without a policy says what its JSON says.
sent()
{
	grep -q '^TLS-Report-Domain: p02.nz' "$A/tmp/sent"
}
check "p02.nz gets its report" wait_for 400 sent
sed '/^Content-Type: application/,$d' "$A/tmp/sent" >"$BED/words"
check "which says why" grep -q 'could not be had; without one' "$BED/words"
is "$(grep -c 'no MTA-STS policy' "$BED/words")" 0 \
    "not that there is no policy"
is "$(db 'SELECT sum(sessions) FROM unknown')" 1 \
    "one session of h2's or h3's is counted as not known"
finish
