# SPDX-License-Identifier: ISC

# fleet_members DAYNUMBER NAME...: they alone are members, of which nobody opens
# a day before all have closed it.
fleet_members()
{
	fleet_since=$1
	shift
	pg_sql "DELETE FROM sge.member; DELETE FROM sge.member_day"
	for fleet_name in "$@"; do
		pg_sql "INSERT INTO sge.member (member, instance, version,
		    joined, seen, since) VALUES ('$fleet_name', '', '', 0,
		    extract(epoch FROM now())::bigint - 100, $fleet_since)"
	done
}
