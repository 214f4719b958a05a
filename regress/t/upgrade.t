#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Databases of every older format: sged makes the newest of them, all or
# nothing, and the views show what they showed before; sgectl leaves them
# alone and says so; nobody touches a newer one.
. "$(dirname "$0")/../bed/daemon.sh"
data=$TOP/regress/data/upgrade
: "${CC:=cc}"
command -v sqlite3 >/dev/null || {
	echo "1..0 # SKIP needs sqlite3"
	exit 0
}
daemon_world

# db_of FORMAT: a database of it where sged and sgectl look.
db_of()
{
	rm -f "$W"/db/*
	{ echo 'PRAGMA journal_mode = WAL;'; cat "$data/format$1.sql"; } |
	    sqlite3 "$W/db/sged.db" >/dev/null || bail "format $1"
	[ "$(id -u)" -ne 0 ] || chown -R 871:871 "$W/db"
}

format_is()
{
	query 'PRAGMA user_version'
}

schema()
{
	query '.schema' | LC_ALL=C sort
}

sgectl()
{
	"$TOP/reporter/sgectl" -f "$W/conf" "$@"
}

rm -f "$W"/db/*
echo "SELECT 1;" >"$W/none.sql"
"$REGRESS_BIN/unit-fill" "$W/db/sged.db" "$W/none.sql" || bail "unit-fill"
newest=$(format_is)
schema >"$W/newest"

# --- every format ----------------------------------------------------------

# Those between two releases nobody has: a release leaves its dump.
format=0
while [ $((format += 1)) -lt "$newest" ]; do
	[ $format -lt 17 ] || [ -f "$data/format$format.sql" ] || continue
	db_of $format
	said=$("$REGRESS_BIN/unit-fill" "$W/db/sged.db" "$W/none.sql" 2>&1)
	like "$said" "*format $newest made of $format*" \
	    "format $format is made the newest"
	is "$(schema | cmp - "$W/newest")" "" "  with all that a new one has"
	is "$(query 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok \
	    "  and whole"
	like "$(query 'SELECT count(*) FROM report WHERE body IS NOT NULL')" \
	    '[1-9]*' "  reports are still there"
done

# --- what the views show ---------------------------------------------------

db_of 1
mv "$W/db/sged.db" "$W/month"
rm -f "$W"/db/*
$CC -shared -fPIC -o "$W/clock.so" "$TOP/regress/tool/clock.c" || exit 1
"$REGRESS_BIN/unit-fill" "$W/month" "$W/none.sql" 2>/dev/null
sed -e "s,@DIR@/db,$W/month," -e "s,@DIR@,$W," "$data/sge.conf.in" \
    >"$W/month.conf"

# Rows as they were, in their order; fields may have come behind them.  Of the
# digest the last field, a command, names the days now.
same_rows()
{
	awk -v was="$1" '
	BEGIN {
		while ((getline line <was) > 0) {
			if (line ~ /^digest/)
				sub(/[|][^|]*$/, "", line)
			row[++n] = line
		}
	}
	{
		if (++i > n || index($0 "|", row[i] "|") != 1) {
			print "row " i ": was " row[i] ", is " $0
			exit bad = 1
		}
	}
	END { if (!bad && i != n) print i + 0 " rows, were " n }'
}

views=0
while read -r line; do
	case $line in
	'= '*)
		view=${line#= }
		views=$((views + 1))
		sed -n "/^= $(echo "$view" | sed 's,[/.],\\&,g')\$/,/^= /p" \
		    "$data/views" | grep -v '^= ' >"$W/was"
		# shellcheck disable=SC2086
		SGE_CLOCK=1795672800 LD_PRELOAD="$W/clock.so" \
		    "$TOP/reporter/sgectl" -p -f "$W/month.conf" $view \
		    >"$W/is" 2>"$W/err" </dev/null
		is "$(same_rows "$W/was" <"$W/is"; cat "$W/err")" "" \
		    "$view: $(wc -l <"$W/was" | tr -d ' ') rows as before"
		;;
	esac
done <"$data/views"
ok "$([ $views -gt 8 ]; echo $?)" "$views views"

# --- who makes it new, and how ---------------------------------------------

mail()
{
	cat "$TOP"/regress/data/samples/mox_google_2022-09-15_sts.eml
}

db_of 1
before=$(cksum <"$W/db/sged.db")
said=$(sgectl show flow 2>&1)
is $? 1 "sgectl does not read an older format"
like "$said" "*format 1 is older*restart sged*" "and says what to do"
mail | sgectl deliver
is $? 75 "sgectl deliver then has the mail wait"
is "$(cksum <"$W/db/sged.db")" "$before" "it is left as an older sged wants it"

daemon_start
check "sged starts with it" wait_for 60 daemon_ready
check "it says which format it made of which" \
    grep -q "database: format $newest made of 1" "$W/log"
mail | sgectl deliver
is $? 0 "then deliver takes the report"
kill "$SGED"
wait "$SGED"
SGED=

# One step of several fails.
db_of 1
query 'CREATE TABLE broken (what)'
daemon_start
wait "$SGED"
ok "$([ $? -ne 0 ]; echo $?)" "where a step fails, sged ends"
SGED=
is "$(format_is) $(query 'SELECT count(*) > 0 FROM source')" "1 1" \
    "and nothing of the steps before it was done"

query 'DROP TABLE broken; PRAGMA user_version = 99'
before=$(cksum <"$W/db/sged.db")
daemon_start
wait "$SGED"
ok "$([ $? -ne 0 ]; echo $?)" "sged does not start with a newer format"
SGED=
check "it says so" grep -q 'format 99 is newer.*use that one' "$W/log"
mail | sgectl deliver
is $? 75 "sgectl deliver has the mail wait"
said=$(sgectl show flow 2>&1)
like "$said" "*format 99 is newer*" "sgectl says so too"
is "$(cksum <"$W/db/sged.db")" "$before" "nobody touched it"
finish
