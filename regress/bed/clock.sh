# SPDX-License-Identifier: ISC
#
# A clock that is moved while programs run (tool/clock.c).

# clock_make SO FILE: what is run with $CLOCK_ENV has that clock.
clock_make()
{
	${CC:-cc} -shared -fPIC -std=gnu11 -o "$1" "$TOP/regress/tool/clock.c" ||
	    bail "no clock"
	clock_file=$2
	clock_passed=0
	clock_wrong=0
	clock_write
	chmod 644 "$clock_file"
	CLOCK_ENV="SGE_CLOCK_FILE=$2 LD_PRELOAD=$1"
}

# In place: it is mapped.
clock_write()
{
	printf '%019d %019d' "$clock_passed" "$clock_wrong" 1<>"$clock_file"
}

# clock_pass SECONDS: they go by, by every clock.
clock_pass()
{
	clock_passed=$((clock_passed + $1))
	clock_write
}

# clock_set SECONDS: so far ahead is the time of day, behind if negative.
clock_set()
{
	clock_wrong=$1
	clock_write
}

clock_now()
{
	echo $(($(date +%s) + clock_passed + clock_wrong))
}

# clock_to TIME: at once.
clock_to()
{
	clock_pass $(($1 - $(clock_now)))
}

# clock_date FORMAT: in UTC.
clock_date()
{
	date -u -d "@$(clock_now)" "$1"
}
