-- Text of others that wants to be something else, wherever it can stand.
CREATE TEMP TABLE bad AS SELECT 'x' || char(27) || '[31m|' || char(10)
 || '<script>alert(1)</script>"&' || char(233) || char(0x202e) || 'é.example'
 AS t;
INSERT INTO flow (day, hour, dir, class, tls13, tls12, older, clear, refused)
 SELECT 20517, 1, 0, t, 1, 1, 1, 1, 1 FROM bad;
INSERT INTO flow (day, hour, dir, class, tls13, tls12, older, clear, refused)
 SELECT 20517, 1, 0, '*', 1, 1, 1, 1, 1;
INSERT INTO incident (day, dir, domain, why, addr, host, sessions, first,
  last) SELECT 20517, 0, t, 'not-asked', t, t, 3, 1772676600, 1772676601
 FROM bad;
INSERT INTO incident (day, dir, domain, why, addr, host, sessions, first,
  last) SELECT 20517, 1, t, 'forced', t, t, 3, 1772676600, 1772676601
 FROM bad;
INSERT INTO incident (day, dir, domain, why, addr, host, sessions, first,
  last) SELECT 20517, 1, 'moe.govt.nz', 'forced', t, t, 3, 1772676600,
 1772676601 FROM bad;
INSERT INTO tally (day, domain, policy, ok, fail)
 SELECT 20517, t, 0, 1, 1 FROM bad;
INSERT INTO detail (day, domain, policy, type, sip, rip, mx, helo, reason,
  info, pending, count)
 SELECT 20517, t, 0, t, t, t, t, t, t, t, 0, 1 FROM bad;
INSERT INTO report (id, day, domain, report_id, state, due, record, note)
 SELECT 1, 20517, t, t, 'sending', 0, t, t FROM bad;
INSERT INTO delivery (report, uri, state, tries, next, text)
 SELECT 1, t, 'due', 1, 0, t FROM bad;
INSERT INTO bounce (address, count, last, until, text)
 SELECT t, 3, 1, 9999999999, t FROM bad;
INSERT INTO sts (domain, id, mode, max_age, fetched, expires, policy, body,
  checked, refresh, error, error_type)
 SELECT 'moe.govt.nz', t, t, 1, 1, 9999999999, 0, t, 1, 1, t, t FROM bad;
INSERT INTO mx (domain, host, pref, matches, seen)
 SELECT 'moe.govt.nz', t, 1, 0, 1 FROM bad;
INSERT INTO mx (domain, host, pref, matches, seen)
 SELECT 'minties.govt.nz', t, 1, 0, 1 FROM bad;
INSERT INTO probe (host, addr, probed, status, starttls, tls, type, text,
  notafter, offers) SELECT t, t, 1, t, t, t, t, t, 1, t FROM bad;
INSERT INTO route (domain, kind, until, urls, why, learned)
 SELECT 'moe.govt.nz', 'enforce', 9999999999, t || ',' || t, t, 1 FROM bad;
INSERT INTO received (id, org, report_id, contact, submitter, dkim, day,
  start, finish) SELECT 1, t, t, t, t, t, 20517, 1772668800, 1772755199
 FROM bad;
INSERT INTO received_policy (id, received, domain, type, mode, strings, mx,
  ok, fail) SELECT 1, 1, 'minties.govt.nz', 'sts', 'testing', '[]', '[]', 1, 1
 FROM bad;
INSERT INTO received_detail (policy, type, sip, rip, mx, helo, reason, info,
  count) SELECT 1, t, t, t, t, t, t, t, 1 FROM bad;
