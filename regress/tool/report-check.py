# SPDX-License-Identifier: ISC
"""A second opinion on the mails of our reports (files as arguments, with the
arguments of sendmail in the first line): read with Python's own parsers, and
judged by RFC 8460, RFC 7493 and what readers of reports need."""

import email
import email.policy
import email.utils
import gzip
import ipaddress
import json
import re
import sys
from datetime import datetime

TYPES = {
    "starttls-not-supported", "certificate-host-mismatch",
    "certificate-expired", "certificate-not-trusted", "validation-failure",
    "tlsa-invalid", "dnssec-invalid", "dane-required",
    "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"}
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = ATOM + r"(?:\." + ATOM + r")*"


def unique(pairs):
    obj = dict(pairs)
    assert len(obj) == len(pairs), "a name twice"
    return obj


def no_constant(name):
    raise AssertionError(name)


def members(obj, required, optional=()):
    assert set(required) <= set(obj), set(required) - set(obj)
    assert set(obj) <= set(required) | set(optional), obj.keys()


def text(value):
    assert isinstance(value, str) and value != "", value


def count(value):
    assert type(value) is int and 0 <= value < 2 ** 53, value


def check_policy(one):
    members(one, ("policy", "summary", "failure-details"))
    policy = one["policy"]
    members(policy, ("policy-type", "policy-string", "policy-domain"),
            ("mx-host",))
    assert policy["policy-type"] in ("sts", "no-policy-found")
    text(policy["policy-domain"])
    assert isinstance(policy["policy-string"], list)
    assert isinstance(policy.get("mx-host", []), list)
    for line in policy["policy-string"] + policy.get("mx-host", []):
        text(line)
    members(one["summary"], ("total-successful-session-count",
                             "total-failure-session-count"))
    for value in one["summary"].values():
        count(value)
    assert isinstance(one["failure-details"], list)
    for row in one["failure-details"]:
        members(row, ("result-type", "failed-session-count"),
                ("sending-mta-ip", "receiving-mx-hostname",
                 "receiving-mx-helo", "receiving-ip",
                 "additional-information", "failure-reason-code"))
        assert row["result-type"] in TYPES
        count(row["failed-session-count"])
        for name in ("sending-mta-ip", "receiving-ip"):
            if name in row:
                assert str(ipaddress.ip_address(row[name])) == row[name]
        for name in row:
            if name != "failed-session-count":
                text(row[name])


def check_report(body):
    report = json.loads(body.decode("utf-8"), object_pairs_hook=unique,
                        parse_constant=no_constant)
    members(report, ("organization-name", "date-range", "contact-info",
                     "report-id", "policies"))
    for name in ("organization-name", "contact-info", "report-id"):
        text(report[name])
    members(report["date-range"], ("start-datetime", "end-datetime"))
    start, end = (datetime.strptime(report["date-range"][n],
                                    "%Y-%m-%dT%H:%M:%SZ")
                  for n in ("start-datetime", "end-datetime"))
    assert start.strftime("%H:%M:%S") == "00:00:00"
    assert (end - start).total_seconds() == 86399
    assert isinstance(report["policies"], list) and report["policies"]
    for one in report["policies"]:
        check_policy(one)
    return report, start


def check_headers(mail, report):
    for name in ("From", "To", "Subject", "Date", "Message-ID",
                 "MIME-Version", "Auto-Submitted", "TLS-Required",
                 "TLS-Report-Domain", "TLS-Report-Submitter",
                 "Content-Type"):
        assert len(mail.get_all(name, [])) == 1, name
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["TLS-Required"] == "No"
    submitter = mail["TLS-Report-Submitter"]
    assert submitter == report["contact-info"].rpartition("@")[2]
    address = email.utils.parseaddr(mail["From"])[1]
    assert address.rpartition("@")[2] == submitter, "DKIM would not align"
    assert email.utils.parsedate_to_datetime(mail["Date"]) is not None
    assert re.fullmatch("<" + DOT_ATOM + "@" + DOT_ATOM + ">",
                        mail["Message-ID"])
    subject = re.fullmatch(
        r"Report Domain: (\S+)\s+Submitter: (\S+)\s+Report-ID: <(" +
        DOT_ATOM + ")@(" + DOT_ATOM + ")>",
        re.sub(r"\r?\n", "", mail["Subject"]))
    assert subject, mail["Subject"]
    assert subject.group(1) == mail["TLS-Report-Domain"]
    assert subject.group(2) == submitter
    assert subject.group(3) == report["report-id"]


def check_name(name, mail, start):
    first = int((start - datetime(1970, 1, 1)).total_seconds())
    assert re.fullmatch(r"%s!%s!%d!%d![A-Za-z0-9]+\.json\.gz" % (
        re.escape(mail["TLS-Report-Submitter"]),
        re.escape(mail["TLS-Report-Domain"]), first, first + 86399),
        name), name


def check_mail(data):
    assert max(len(line) for line in data.split(b"\n")) <= 78
    mail = email.message_from_bytes(data, policy=email.policy.compat32)
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "tlsrpt"
    people, programs = mail.get_payload()
    assert not mail.defects + people.defects + programs.defects
    assert people.get_content_type() == "text/plain"
    words = people.get_payload(decode=True).decode(
        people.get_content_charset())
    assert programs.get_content_type() == "application/tlsrpt+gzip"
    assert programs["Content-Transfer-Encoding"] == "base64"
    packed = programs.get_payload(decode=True)
    assert packed[:8] == b"\x1f\x8b\x08\0\0\0\0\0", "gzip with a time"
    report, start = check_report(gzip.decompress(packed))
    check_headers(mail, report)
    check_name(programs.get_filename(), mail, start)
    for one in report["policies"]:
        for row in one["failure-details"]:
            assert row["result-type"] in words, "not for people"


def main():
    for path in sys.argv[1:]:
        with open(path, "rb") as f:
            f.readline()
            try:
                check_mail(f.read())
            except Exception as e:
                sys.exit("%s: %s: %s" % (path, type(e).__name__, e))
    print("%d mails" % len(sys.argv[1:]))
    return 0 if len(sys.argv) > 1 else 1


if __name__ == "__main__":
    sys.exit(main())
