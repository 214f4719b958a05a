#!/bin/sh
# SPDX-License-Identifier: ISC
#
# A database that fails now and then: no room, errors of the disk, another that
# holds it.  sged goes on, each record counts once, and each report goes out
# once.

. "$(dirname "$0")/../bed/local.sh"
local_up

N=30
DAY=$(utc_day 1)
${CC:-cc} -shared -fPIC -o "$L/bin/dbfault.so" "$TOP/regress/tool/dbfault.c" \
    -lsqlite3 || bail "dbfault.so"
mkdir "$L/spool/fault"
F=$L/spool/fault
local_sendmail
local_conf "report spread 0s" "report retry 6h"
i=0
while [ $i -lt $N ]; do
	echo "_smtp._tls.d$i.test TXT v=TLSRPTv1; rua=mailto:tls@d$i.test"
	echo "d$i.test MX 10 mx.d$i.test"
	i=$((i + 1))
done >"$L/zone"
local_dns <"$L/zone"

query()
{
	sqlite3 -cmd '.timeout 20000' "$L/db/sged.db" "$1"
}

hits()
{
	tr -cd "${1%"${1#?}"}" 2>/dev/null <"$F/hits" | wc -c | tr -d ' '
}

enough()
{
	[ "$(hits "$1")" -ge "$2" ]
}

# more FILE N: N sessions to each of these domains, in one write.
sessions=0
more()
{
	awk -v n="$2" -v hosts="$N" -v day="$DAY" 'BEGIN {
		for (i = 0; i < n * hosts; i++)
			printf("{\"v\":1,\"time\":\"%sT12:00:00Z\",\"host\":" \
			    "\"mail.minties.govt.nz\",\"dir\":\"out\"," \
			    "\"session\":\"%016x\",\"local\":\"192.0.2.1\"," \
			    "\"remote\":\"198.51.100.7\",\"rdns\":null," \
			    "\"helo\":\"mx.d%d.test\",\"starttls\":\"offered\"," \
			    "\"tls\":\"TLSv1.3\",\"cipher\":\"X\"," \
			    "\"failure\":null,\"tx\":[{\"from\":" \
			    "\"minties.govt.nz\",\"to\":\"d%d.test\",\"flow\":" \
			    "\"public>public\",\"verdict\":\"pass\",\"why\":null," \
			    "\"messages\":1,\"rcpts\":1}]}\n", day, i,
			    i % hosts, i % hosts)
	}' >"$L/more"
	cat "$L/more" >>"$L/spool/sessions/$1"
	sessions=$((sessions + N * $2))
}

# Without it begins: a database that is not yet there is another matter.
local_env="DBFAULT=$F LD_PRELOAD=$L/bin/dbfault.so"
AS="$AS env $local_env" local_sged
more seg.0.jsonl 1
check "sged starts" wait_for 60 test -s "$L/db/sged.db"
counted()
{
	[ "$(query "SELECT sum(tls13 + tls12 + older + clear) FROM flow
	    WHERE class = '*'" 2>/dev/null)" = "$sessions" ]
}
check "and counts" wait_for 60 counted
pid=$(cat "$L/sged.pid")
engine=$(ps -eo pid,ppid,args | awk -v p="$pid" '$2 == p { print $1 }' | sort)
for kind in full ioerr busy; do
	was=$(hits $kind)
	: >"$F/$kind"
	more "seg.$kind.jsonl" 3
	check "$kind: calls fail" wait_for 120 enough $kind $((was + 2))
	rm "$F/$kind"
	# What failed is tried again later and later, until it succeeds.
	check "and all is counted afterwards" wait_for 120 counted
done
note "calls that failed: $(hits full) full, $(hits ioerr) ioerr," \
    "$(hits busy) busy"

check "each record counts" wait_for 120 counted ||
    query "SELECT * FROM flow" | sed 's/^/# /'
settled()
{
	[ "$(query "SELECT count(*) FROM report WHERE state = 'sent'")" = $N ]
}
check "each report is sent" wait_for 120 settled ||
    query "SELECT state, note, count(*) FROM report GROUP BY 1, 2" |
    sed 's/^/# /'
is "$(find "$L/mails" -name 'tls@*' | wc -l | tr -d ' ')" $N "a mail for each"
is "$(find "$L/mails" -name 'tls@*' | sed 's|.*/tls@||; s|\.[^.]*$||' |
    sort | uniq -d)" "" "and for none two"
is "$(query "SELECT sum(tls13 + tls12 + older + clear) FROM flow
    WHERE class = '*'")" "$sessions" "no record counts twice"
is "$(query 'SELECT sum(lines), sum(bad) FROM segment')" "$sessions|0" \
    "each line was read once"
is "$(query 'PRAGMA integrity_check')" ok "the database is whole"
is "$(ps -eo pid,ppid,args | awk -v p="$pid" '$2 == p { print $1 }' | sort)" \
    "$engine" "and no process of sged has ended"
local_stop sged

# A page that is none, as a bad disk leaves it.
query "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
# shellcheck disable=SC2086
check "sged -n on a whole database" $AS "$L/bin/sged" -n -f "$L/sge.conf"
# A letter of an index, which then does not agree with its table.
root=$(query "SELECT rootpage FROM sqlite_master
    WHERE name = 'sqlite_autoindex_report_1'")
dd if="$L/db/sged.db" of="$L/page" bs=4096 skip=$((root - 1)) count=1 \
    2>/dev/null || bail "dd"
LC_ALL=C sed 's/\.test/.tent/' "$L/page" >"$L/wrong"
dd if="$L/wrong" of="$L/db/sged.db" bs=4096 seek=$((root - 1)) count=1 \
    conv=notrunc 2>/dev/null || bail "dd"
# shellcheck disable=SC2086
like "$($AS "$L/bin/sged" -n -f "$L/sge.conf" 2>&1)" \
    "*is damaged: *sgectl check config*" "sged -n on an index that is wrong"
like "$(sgectl check config 2>&1 | tr -s " \n" "  ")" \
    "*is damaged*sessions still has*" "check config too"
dd if="$L/page" of="$L/db/sged.db" bs=4096 seek=$((root - 1)) count=1 \
    conv=notrunc 2>/dev/null
# shellcheck disable=SC2086
check "and whole again" $AS "$L/bin/sged" -n -f "$L/sge.conf"

root=$(query "SELECT rootpage FROM sqlite_master WHERE name = 'report'")
dd if=/dev/zero of="$L/db/sged.db" bs=4096 seek=$((root - 1)) count=1 \
    conv=notrunc 2>/dev/null || bail "dd"
# shellcheck disable=SC2086
said=$($AS "$L/bin/sged" -n -f "$L/sge.conf" 2>&1)
is $? 1 "sged -n on a damaged one"
like "$said" "*is damaged: *sgectl check config*" "  says so"
said=$(sgectl show sent 2>&1)
is $? 1 "show sent can't read all, and ends with 1"
like "$said" "*sged.db is damaged: what is printed is not all; *check config*" \
    "  and says so"
like "$(sgectl digest -a 2>&1 | tr -s " \n" "  ")" "*FIX*database is damaged*check config*" \
    "the digest says what to do"
like "$(sgectl check config 2>&1 | tr -s " \n" "  ")" \
    "*is damaged*sessions still has*" \
    "check config how to go on"
like "$(sgectl show status 2>&1 | tr -s " \n" "  ")" "*database is damaged*" \
    "and show status says it"

# The first one, without which it is no database.
dd if=/dev/zero of="$L/db/sged.db" bs=4096 count=1 conv=notrunc 2>/dev/null
for view in "show status" "digest -a"; do
	# shellcheck disable=SC2086
	like "$(sgectl $view 2>&1)" "*not a database: *check config says*" \
	    "$view says how to go on"
done
like "$(sgectl check config 2>&1 | tr -s " \n" "  ")" \
    "*cannot be read: move it away*" "and check config does"

# What is no file: SQLite would wait at it for ever.
rm -f "$L"/db/sged.db*
for suffix in "" -wal -shm; do
	: >"$L/db/sged.db"
	rm -f "$L/db/sged.db$suffix"
	# shellcheck disable=SC2086
	$AS mkfifo "$L/db/sged.db$suffix"
	for what in "sged -n" "sged -d" "sgectl show status" "sgectl digest -a"; do
		# shellcheck disable=SC2086
		said=$(timeout -k 1 60 $AS "$L/bin/${what%% *}" -f "$L/sge.conf" \
		    ${what#* } 2>&1 </dev/null)
		like "$said" "*sged.db$suffix: not a regular file: move it away*" \
		    "$what: a pipe in the place of sged.db$suffix"
	done
	rm "$L/db/sged.db$suffix"
done
finish
