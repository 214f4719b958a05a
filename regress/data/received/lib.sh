# SPDX-License-Identifier: ISC
#
# Reports as others write them, for tests of read, deliver and show received.

here=$(cd "$(dirname "$0")/.." && pwd)
sgectl=${SGECTL:-$here/../reporter/sgectl}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-received.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
TZ=UTC
export TZ

cat > "$dir/sge.conf" <<-CONF
	organization "Minties"
	contact "tls-reports@minties.govt.nz"
	hostname "mx1.minties.govt.nz"
	local { "minties.govt.nz" }
	class government { ".govt.nz" }
	spool "$dir/spool"
	database sqlite "$dir/sged.db"
	socket "$dir/sged.sock"
	report from "tlsrpt-noreply@minties.govt.nz"
	dkim verified by { "mx1.minties.govt.nz" }
CONF

ctl()
{
	"$sgectl" -f "$dir/sge.conf" "$@"
}

# policy TYPE OK FAILED DETAILS [DOMAIN [MX]]: one policy, as JSON
policy()
{
	printf '{"policy":{"policy-type":"%s","policy-domain":"%s"%s},' \
	    "$1" "${5:-minties.govt.nz}" "${6:+,\"mx-host\":[$6]}"
	printf '"summary":{"total-successful-session-count":%s,' "$2"
	printf '"total-failure-session-count":%s},' "$3"
	printf '"failure-details":[%s]}' "$4"
}

# detail TYPE COUNT SENDER MX [RECEIVER [REASON]]
detail()
{
	printf '{"result-type":"%s","failed-session-count":%s' "$1" "$2"
	printf ',"sending-mta-ip":"%s","receiving-mx-hostname":"%s"' "$3" "$4"
	printf ',"receiving-ip":"%s","failure-reason-code":"%s"}' "$5" "$6"
}

# report ORGANISATION CONTACT ID DAY POLICIES
report()
{
	printf '{"organization-name":"%s","contact-info":"%s",' "$1" "$2"
	printf '"report-id":"%s","date-range":{"start-datetime":' "$3"
	printf '"%sT00:00:00Z","end-datetime":"%sT23:59:59Z"},' "$4" "$4"
	printf '"policies":[%s]}\n' "$5"
}

# mail FROM FILE: a mail with that file, gzip in base64
mail()
{
	printf 'Received: from x by mx1.minties.govt.nz (OpenSMTPD); now\n'
	printf 'Authentication-Results: mx1.minties.govt.nz;\n'
	printf '\tdkim=pass header.d=%s\n' "${1#*@}"
	printf 'From: <%s>\nTo: tls-reports@minties.govt.nz\n' "$1"
	printf 'TLS-Report-Domain: minties.govt.nz\n'
	printf 'TLS-Report-Submitter: %s\nMIME-Version: 1.0\n' "${1#*@}"
	printf 'Content-Type: multipart/report; report-type=tlsrpt; '
	printf 'boundary="=b"\n\n--=b\n\nA TLS report.\n\n--=b\n'
	printf 'Content-Type: application/tlsrpt+gzip\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	gzip -nc "$2" | openssl base64
	printf '\n--=b--\n'
}
