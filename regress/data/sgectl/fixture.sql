-- What sged stored, for the examples of sgectl(8).  Day 20517 is 2026-03-05.
-- 1772668800 is its first second (UTC).

INSERT INTO segment
 (name, offset, lines, bad, newer, done, last)
 VALUES ('20260305T23Z.jsonl', 1180, 5369, 0, 0, 1,
 1772755199);

INSERT INTO flow
 (day, hour, dir, class, tls13, tls12, older, clear, refused)
 VALUES
 (20517,  2, 1, 'restricted',  200,  14,  0,  0,  4),
 (20517,  3, 0, 'restricted',  190,   8,  0,  0,  0),
 (20517,  3, 1, 'government',  480, 139,  0,  0,  2),
 (20517,  9, 0, 'government',  515, 180,  0,  7,  0),
 (20517,  9, 1, 'public',     1205, 198,  0, 17,  0),
 (20517, 14, 0, 'public',     1840, 301, 12, 57,  0),
 (20517,  2, 1, '*',          1885, 351,  0, 17,  6),
 (20517,  9, 0, '*',          2545, 489, 12, 99,  0),
 (20517,  9, 0, 'local',         0,   0,  0, 35,  0);
-- The weeks before, public mail alone.
INSERT INTO flow
 (day, hour, dir, class, tls13, tls12, older, clear, refused)
 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
 SELECT 20517 - i, 9, 0, c, 1900 - 7 * i, 300 + i % 5, i % 3, 60 + i % 11, 0
 FROM n, (SELECT 'public' AS c UNION ALL SELECT '*');
INSERT INTO flow
 (day, hour, dir, class, tls13, tls12, older, clear, refused)
 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
 SELECT 20517 - i, 9, 1, c, 1200 - 3 * i, 200 - i % 7, 0, 15 + i % 4, 0
 FROM n, (SELECT 'public' AS c UNION ALL SELECT '*');

INSERT INTO correspondent
 (day, dir, domain, class, tls13, tls12, older, clear, refused,
  legacy, testing, messages, rcpts, first, last)
 VALUES
 (20517, 1, 'moe.govt.nz', 'restricted', 21, 0, 0, 0, 4, 0, 0, 30, 33,
  1772676600, 1772700000),
 (20517, 0, 'moe.govt.nz', 'restricted', 18, 2, 0, 0, 0, 0, 0, 22, 25,
  1772672000, 1772750000),
 (20517, 0, 'council-monitor.example.govt.nz', 'government',
  0, 0, 0, 7, 0, 7, 0, 7, 7, 1772676600, 1772700000),
 (20517, 1, 'widgets.co.nz', 'public', 0, 0, 0, 15, 0, 0, 0, 15, 15,
  1772676600, 1772700000),
 (20517, 0, 'oldprinter.example.com', 'public', 0, 0, 0, 52, 0, 0, 0, 52, 52,
  1772676600, 1772700000),
 (20517, 0, 'google.com', 'public', 1100, 20, 0, 0, 0, 0, 0, 1500, 1600,
  1772668801, 1772755190),
 (20517, 0, 'mail.club.org.nz', 'public', 0, 0, 12, 5, 0, 0, 0, 17, 17,
  1772669801, 1772754190);

INSERT INTO incident
 (day, dir, domain, why, addr, host, sessions, first, last)
 VALUES
 (20517, 1, 'moe.govt.nz', 'forced', '203.0.113.9', 'mx1.moe.govt.nz',
  4, 1772676600, 1772682900),
 (20517, 1, 'uni.govt.nz', 'forced', '192.0.2.9', 'mx1.uni.govt.nz',
  2, 1772690000, 1772693600),
 (20517, 0, 'council-monitor.example.govt.nz', 'legacy', '10.1.2.3', '',
  4, 1772676600, 1772700000),
 (20517, 0, 'council-monitor.example.govt.nz', 'legacy', '10.9.0.7', '',
  3, 1772676600, 1772700000),
 (20517, 1, 'widgets.co.nz', 'not-offered', '198.51.100.20',
  'mail.widgets.co.nz', 15, 1772676600, 1772700000),
 (20512, 1, 'widgets.co.nz', 'not-offered', '198.51.100.20',
  'mail.widgets.co.nz', 11, 1772240000, 1772260000),
 (20511, 0, 'news.example.org', 'not-asked', '198.51.100.40',
  'out.news.example.org', 1828, 1772160000, 1772240000),
 (20511, 1, 'list.example.net', 'not-offered', '198.51.100.41',
  'mx.list.example.net', 467, 1772160000, 1772240000),
 (20517, 0, 'oldprinter.example.com', 'not-asked', '198.51.100.77',
  'printer.example.com', 52, 1772676600, 1772700000),
 (20510, 0, 'oldprinter.example.com', 'not-asked', '198.51.100.77',
  'printer.example.com', 50, 1772070000, 1772090000),
 (20517, 0, 'mail.club.org.nz', 'not-asked', '198.51.100.80',
  'mail.club.org.nz', 5, 1772676600, 1772700000),
 (20517, 1, 'mail.club.org.nz', 'handshake', '198.51.100.80',
  'mail.club.org.nz', 2, 1772676600, 1772700000);

INSERT INTO policy
 (id, domain, type, mode, strings, mx)
 VALUES
 (1, 'moe.govt.nz', 'sts', 'enforce',
  '["version: STSv1","mode: enforce","mx: mx1.moe.govt.nz","max_age: 604800"]',
  '["mx1.moe.govt.nz"]'),
 (2, 'uni.govt.nz', 'sts', 'testing',
  '["version: STSv1","mode: testing","mx: *.uni.govt.nz","max_age: 86400"]',
  '["*.uni.govt.nz"]');
INSERT INTO tally
 (day, domain, policy, ok, fail)
 VALUES
 (20517, 'moe.govt.nz', 1, 21, 4),
 (20517, 'uni.govt.nz', 2, 88, 2),
 (20517, 'widgets.co.nz', 0, 0, 15),
 (20517, 'example.org', 0, 41, 0);
INSERT INTO detail
 (day, domain, policy, type, sip, rip, mx, helo, reason, info, pending,
  count)
 VALUES
 (20517, 'moe.govt.nz', 1, 'starttls-not-supported', '192.0.2.25',
  '203.0.113.9', 'mx1.moe.govt.nz', 'mx1.moe.govt.nz', '', '', 0, 4),
 (20517, 'uni.govt.nz', 2, 'certificate-expired', '192.0.2.25',
  '192.0.2.9', 'mx1.uni.govt.nz', 'mx1.uni.govt.nz',
  'certificate expired on 2026-03-01', '', 0, 2),
 (20517, 'widgets.co.nz', 0, 'starttls-not-supported', '192.0.2.25',
  '198.51.100.20', 'mail.widgets.co.nz', 'mail.widgets.co.nz', '', '', 0, 15);

INSERT INTO trace
 (day, domain, policy, time, session, remote, state, type, sip, rip, mx, helo,
  reason, info)
 VALUES
 (20517, 'uni.govt.nz', 2, 1772701924, '66a87376800c5074', '192.0.2.9', 0,
  'certificate-expired', '192.0.2.25', '192.0.2.9', 'mx1.uni.govt.nz',
  'mx1.uni.govt.nz', 'certificate expired on 2026-03-01', ''),
 (20517, 'uni.govt.nz', 2, 1772702300, '66a873f1ee09b14c', '192.0.2.9', 0,
  'certificate-expired', '192.0.2.25', '192.0.2.9', 'mx1.uni.govt.nz',
  'mx1.uni.govt.nz', 'certificate expired on 2026-03-01', '');

INSERT INTO unknown
 (day, addr, type, sessions, last)
 VALUES
 (20517, '192.0.2.200', 'validation-failure', 1, 1772700000);

INSERT INTO report
 (id, day, domain, report_id, state, due, record, note, ok, fail, created,
  done) VALUES
 (41, 20517, 'uni.govt.nz', '20260305.uni.govt.nz.81c2', 'sent', 1772760000,
  'v=TLSRPTv1; rua=https://r.uni.govt.nz/tlsrpt', NULL, 88, 2, 1772757000,
  1772760001),
 (42, 20517, 'moe.govt.nz', '20260305.moe.govt.nz.0b77', 'sending',
  1772768400, 'v=TLSRPTv1; rua=mailto:tls@moe.govt.nz', NULL, 21, 4,
  1772757000, NULL),
 (43, 20517, 'example.org', NULL, 'due', 1772769600, NULL, NULL, 41, 0, NULL,
  NULL),
 (44, 20517, 'widgets.co.nz', NULL, 'no-rua', 1772757100, NULL, NULL, 0, 15,
  NULL, 1772757100),
 (45, 20514, 'old.example', '20260302.old.example.77aa', 'given-up',
  1772600000, 'v=TLSRPTv1; rua=mailto:tls@old.example', NULL, 5, 0,
  1772497800, 1772584200);
INSERT INTO delivery
 (id, report, uri, state, tries, next, first, last, code, text)
 VALUES
 (1, 41, 'https://r.uni.govt.nz/tlsrpt', 'sent', 1, 0, 1772760000,
  1772760001, 201, NULL),
 (2, 42, 'mailto:tls@moe.govt.nz', 'due', 2, 1772768400, 1772757600,
  1772761200, NULL, '451 try later'),
 (3, 45, 'mailto:tls@old.example', 'given-up', 5, 0, 1772497800, 1772584200,
  NULL, '550 no such user');
INSERT INTO bounce
 (address, count, last, until, text)
 VALUES
 ('tls@old.example', 3, 1772584200, 1775176200, '550 no such user');

INSERT INTO sts
 (domain, id, mode, max_age, fetched, expires, policy, body, checked,
  refresh, tried, tried_id, error, error_type)
 VALUES
 ('moe.govt.nz', '20260101T00', 'enforce', 604800, 1772640000, 1773244800, 1,
  'version: STSv1
mode: enforce
mx: mx1.moe.govt.nz
max_age: 604800
', 1772750000, 1772836400, 1772640000, '20260101T00', '', '');
INSERT INTO sts_history
 (domain, since, until, policy, mode)
 VALUES
 ('moe.govt.nz', 1767225600, 1771000000, 1, 'testing'),
 ('moe.govt.nz', 1771000000, 0, 1, 'enforce');
INSERT INTO mx
 (domain, host, pref, matches, failed, retry, seen)
 VALUES
 ('moe.govt.nz', 'mx1.moe.govt.nz', 10, 1, 4, 1772772000, 1772750000),
 ('moe.govt.nz', 'backup.example.net', 20, 0, 0, 0, 1772750000),
 ('uni.govt.nz', 'mx1.uni.govt.nz', 10, 1, 0, 0, 1772750000),
 ('minties.govt.nz', 'mx1.minties.govt.nz', 10, 1, 0, 0, 1772750000),
 ('minties.govt.nz', 'mx2.minties.govt.nz', 20, 1, 0, 0, 1772750000);
INSERT INTO route
 (domain, kind, until, urls, why, learned, renew, used)
 VALUES
 ('uni.govt.nz', 'enforce', 1773244800, 'smtp+tls://mx1.uni.govt.nz',
  'MTA-STS enforce, id 20260101', 1772640000, 1772726400, 1772750000),
 ('plain.example', 'none', 1773244800, 'smtp+tls://mx1.uni.govt.nz',
  'no MTA-STS record', 1772640000, 1772726400, 1772750000);
INSERT INTO probe
 (host, addr, probed, status, starttls, tls, type, text, helo, notafter,
  offers)
 VALUES
 ('mx1.moe.govt.nz', '203.0.113.9', 1772682000, 'ok', 'absent', NULL,
  'starttls-not-supported', '', 'mx1.moe.govt.nz', NULL, NULL),
 ('mx1.minties.govt.nz', '192.0.2.25', 1772750000, 'ok', 'offered',
  'TLSv1.3', '', '', 'mx1.minties.govt.nz', 1780000000, '["1.2","1.3"]'),
 ('mx1.uni.govt.nz', '203.0.113.10', 1772682000, 'connect', '', '', '',
  '203.0.113.10 port 25: Connection refused', '', NULL, NULL),
 ('mx2.minties.govt.nz', '192.0.2.26', 1772750000, 'ok', 'offered',
  'TLSv1.3', '', '', 'mx2.minties.govt.nz', 1774300000, '["1.2","1.3"]');

INSERT INTO received
 (id, org, report_id, contact, submitter, dkim, day, start, finish, stored)
 VALUES
 (1, 'Google Inc.', '2026-03-05T00:00:00Z_minties.govt.nz',
  'smtp-tls-reporting@google.com', 'google.com', 'pass google.com', 20517,
  1772668800, 1772755199, 1772760000),
 (2, 'Twilio SendGrid', '77', 'tlsrpt@sendgrid.net', 'sendgrid.net', '',
  20517, 1772668800, 1772755199, 1772760000),
 (3, 'Microsoft Corporation', '133742605+minties.govt.nz',
  'tlsrpt-noreply@microsoft.com', 'microsoft.com', 'pass microsoft.com',
  20517, 1772668800, 1772755199, 1772760000);
INSERT INTO received_policy
 (id, received, domain, type, mode, strings, mx, ok, fail)
 VALUES
 (1, 1, 'minties.govt.nz', 'sts', 'testing', '["mode: testing"]',
  '["mx1.minties.govt.nz","mx2.minties.govt.nz"]', 892, 20),
 (2, 2, 'minties.govt.nz', 'no-policy-found', '', '[]', '[]', 0, 60),
 (3, 3, 'minties.govt.nz', 'sts', 'testing', '["mode: testing"]',
  '["mx1.minties.govt.nz","mx2.minties.govt.nz"]', 307, 3);
INSERT INTO received_detail
 (id, policy, type, sip, rip, mx, helo, reason, info, count)
 VALUES
 (1, 1, 'certificate-expired', '209.85.222.201', '192.0.2.26',
  'mx2.minties.govt.nz', '', '', '', 20),
 (2, 2, 'starttls-not-supported', '149.72.212.101', '192.0.2.25',
  'mx1.minties.govt.nz', '', '', '', 60),
 (3, 3, 'sts-policy-fetch-error', '', '', '', '', 'HTTP 404', '', 3);
