# SPDX-License-Identifier: ISC
#
# The day of the manual page's example: reports of four senders, in "$dir".
# The guide's table is made of it.

mkdir -p "$dir/reports"
report 'Twilio SendGrid' tlsrpt@sendgrid.net 77 2026-03-05 \
    "$(policy no-policy-found 0 60 "$(detail starttls-not-supported 60 \
    149.72.212.101 mx1.minties.govt.nz)")" > "$dir/reports/sendgrid.json"
report 'Google Inc.' smtp-tls-reporting@google.com \
    2026-03-05T00:00:00Z_minties.govt.nz 2026-03-05 \
    "$(policy sts 892 20 "$(detail certificate-expired 20 209.85.222.201 \
    mx2.minties.govt.nz 192.0.2.26)" minties.govt.nz \
    '"mx1.minties.govt.nz","mx2.minties.govt.nz"' |
    sed 's/"mx-host"/"policy-string":["version: STSv1","mode: testing"],&/')" \
    > "$dir/reports/google.json"
report 'Microsoft Corporation' tlsrpt-noreply@microsoft.com \
    133742605+minties.govt.nz 2026-03-05 \
    "$(policy sts 307 3 '{"result-type":"sts-policy-fetch-error",
    "failed-session-count":3,"failure-reason-code":"HTTP 404"}'),$(policy \
    tlsa 310 0 '')" > "$dir/reports/microsoft.json"
report stalwart.example postmaster@stalwart.example 9 2026-03-05 \
    "$(policy no-policy-found 1 0 '')" > "$dir/reports/stalwart.json"
mail noreply-smtp-tls-reporting@google.com "$dir/reports/google.json" \
    > "$dir/reports/google.eml"
rm "$dir/reports/google.json"
gzip -n "$dir/reports/microsoft.json"
