-- A year of a busy host: 1,000 correspondents a day, 2026-03-05 the last day.
CREATE TEMP TABLE d AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL
 SELECT i + 1 FROM n WHERE i < 364) SELECT 20517 - i AS day FROM n;
CREATE TEMP TABLE h AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL
 SELECT i + 1 FROM n WHERE i < 23) SELECT i AS hour FROM n;
CREATE TEMP TABLE k AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL
 SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n;
INSERT INTO flow (day, hour, dir, class, tls13, tls12, older, clear, refused)
 SELECT day, hour, dir, class, 100, 20, 1, 2, 0 FROM d, h,
 (SELECT 0 AS dir UNION ALL SELECT 1), (SELECT '*' AS class
 UNION ALL SELECT 'public' UNION ALL SELECT 'government'
 UNION ALL SELECT 'restricted');
INSERT INTO correspondent (day, dir, domain, class, tls13, tls12, older,
  clear, refused, legacy, testing, messages, rcpts, first, last)
 SELECT day, i % 2, 'domain' || ((i * 7919 + day) % 5000) || '.example.nz',
 'public', 3, 1, 0, i % 10 = 0, 0, 0, 0, 4, 5, day * 86400, day * 86400 + 3600
 FROM d, k WHERE true ON CONFLICT DO NOTHING;
INSERT INTO incident (day, dir, domain, why, addr, host, sessions, first,
  last)
 SELECT day, i % 2, 'domain' || ((i * 7919 + day) % 5000) || '.example.nz',
 CASE i % 3 WHEN 0 THEN 'not-asked' WHEN 1 THEN 'not-offered'
 ELSE 'handshake' END, '192.0.2.' || i % 250, 'mx.example.nz', 1 + i % 4,
 day * 86400, day * 86400 + 3600
 FROM d, k WHERE i < 200 ON CONFLICT DO NOTHING;
INSERT INTO tally (day, domain, policy, ok, fail)
 SELECT day, 'domain' || ((i * 7919 + day) % 5000) || '.example.nz', 0, 4,
 i % 20 = 0 FROM d, k WHERE i < 500 ON CONFLICT DO NOTHING;
INSERT INTO detail (day, domain, policy, type, sip, rip, mx, helo, reason,
  info, pending, count)
 SELECT day, domain, 0, 'starttls-not-supported', '192.0.2.1', '192.0.2.9',
 'mx.example.nz', '', '', '', 0, 1 FROM tally WHERE fail > 0;
INSERT INTO report (day, domain, state, due, ok, fail)
 SELECT day, domain, 'no-rua', 0, ok, fail FROM tally;
-- What a large reporter says of us each day, and one failure of them a week.
INSERT INTO received (id, org, report_id, contact, submitter, dkim, day,
  start, finish, stored)
 SELECT day, 'Google Inc.', day || '_minties.govt.nz',
 'smtp-tls-reporting@google.com', 'google.com', 'pass google.com', day,
 day * 86400, day * 86400 + 86399, day * 86400 + 80000 FROM d;
INSERT INTO received_policy (id, received, domain, type, mode, strings, mx,
  ok, fail)
 SELECT day, day, 'minties.govt.nz', 'sts', 'testing', '["mode: testing"]',
 '["mx1.minties.govt.nz"]', 892, CASE day % 7 WHEN 0 THEN 20 ELSE 0 END FROM d;
INSERT INTO received_detail (policy, type, sip, rip, mx, helo, reason, info,
  count)
 SELECT day, 'certificate-expired', '209.85.222.201', '192.0.2.26',
 'mx2.minties.govt.nz', '', '', '', 20 FROM d WHERE day % 7 = 0;
