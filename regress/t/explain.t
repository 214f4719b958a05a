#!/bin/sh
#
# sgectl explain: the eleven result types of RFC 8460, reason codes, parts of
# names, names that nobody knows.
. "$(dirname "$0")/../bed/tap.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
sgectl=${SGECTL:-$here/../reporter/sgectl}

n=0
for type in starttls-not-supported certificate-host-mismatch \
    certificate-expired certificate-not-trusted validation-failure \
    tlsa-invalid dnssec-invalid dane-required sts-policy-fetch-error \
    sts-policy-invalid sts-webpki-invalid; do
	out=$("$sgectl" explain $type)
	like "$out" "$type*Seen: *Delivered: *Fix: *Test: *" "$type"
	case $("$sgectl" explain) in *" $type "*) n=$((n + 1)) ;; esac
done
is "$n" 11 'all are listed'
for code in MX_HOSTS_MISMATCH X509_V_ERR_CERT_HAS_EXPIRED \
    X509_V_ERR_SOMETHING_NEW tls-remote-alert-40 tls-remote-alert-112; do
	like "$("$sgectl" explain $code)" "$code*Seen: *Fix: *" "$code"
done
is "$("$sgectl" -v explain | awk 'length > 79')" '' 'in 79 columns'
like "$("$sgectl" explain dane-r)" 'dane-required*' 'part of a name'
is "$("$sgectl" -j explain | wc -l | tr -d ' ')" \
    "$("$sgectl" -p explain | wc -l | tr -d ' ')" 'the forms for programs'
out=$("$sgectl" explain nonsense 2>&1)
is $? 1 'a name that nobody knows'
like "$out" '*nonsense: not a result type*' 'and what to do'
finish
