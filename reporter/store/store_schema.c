/* SPDX-License-Identifier: ISC */

/*
 * Every table of the database as it was at first, and what changed since.
 * Days are days since 1970-01-01 (UTC), instants epoch seconds, dir 0 in and 1
 * out, names in normal form.
 */

#include "store/store.h"

const char *const store_schema[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL)"
	" WITHOUT ROWID",

	/*
	 * How far each segment of SPOOL/sessions was read; done: it grew no
	 * more for hours.  bad and newer: lines passed over.
	 */
	"CREATE TABLE segment (name TEXT PRIMARY KEY,"
	" offset INTEGER NOT NULL, lines INTEGER NOT NULL,"
	" bad INTEGER NOT NULL, newer INTEGER NOT NULL,"
	" done INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID",

	/*
	 * Connections, each in one column.  class '*': each connection once;
	 * 'local': those of this host itself (unix socket, loopback), which are
	 * no flow between two; otherwise once for each class of correspondents
	 * it carried mail of.
	 */
	"CREATE TABLE flow (day INTEGER, hour INTEGER, dir INTEGER,"
	" class TEXT, tls13 INTEGER, tls12 INTEGER, older INTEGER,"
	" clear INTEGER, refused INTEGER,"
	" PRIMARY KEY (day, hour, dir, class)) WITHOUT ROWID",

	/*
	 * The same by correspondent: sender's domain in, recipient's out; for
	 * mail of this host that was refused on the way in, recipient's too.
	 * domain '<>': the null sender; '*': beyond TALLY_DOMAINS_MAX, or not a
	 * domain name.
	 */
	"CREATE TABLE correspondent (day INTEGER, dir INTEGER, domain TEXT,"
	" class TEXT, tls13 INTEGER, tls12 INTEGER, older INTEGER,"
	" clear INTEGER, refused INTEGER, legacy INTEGER, testing INTEGER,"
	" messages INTEGER, rcpts INTEGER, first INTEGER, last INTEGER,"
	" PRIMARY KEY (day, dir, domain)) WITHOUT ROWID",

	/*
	 * Why and where it went without TLS, or was refused.  why:
	 * not-offered, refused, handshake, not-asked, legacy; no-tls,
	 * old-tls, no-connector (refused by us; the latter two also what would
	 * be but for "mode testing"); forced (out, nothing sent).  Both
	 * connections of a downgrade are "handshake".  addr '*': beyond
	 * INCIDENT_ADDRS_MAX.
	 */
	"CREATE TABLE incident (day INTEGER, dir INTEGER, domain TEXT,"
	" why TEXT, addr TEXT, host TEXT, sessions INTEGER, first INTEGER,"
	" last INTEGER, PRIMARY KEY (day, dir, domain, why, addr))"
	" WITHOUT ROWID",

	/*
	 * RFC 8460.  A policy as it was applied; id 0, not in the table, is
	 * "no-policy-found".  strings and mx are JSON arrays.  tally's domain
	 * '*' is beyond TALLY_DOMAINS_MAX and in no report.
	 */
	"CREATE TABLE policy (id INTEGER PRIMARY KEY, domain TEXT NOT NULL,"
	" type TEXT NOT NULL, mode TEXT NOT NULL, strings TEXT NOT NULL,"
	" mx TEXT NOT NULL, UNIQUE (domain, type, strings, mx))",

	"CREATE TABLE tally (day INTEGER, domain TEXT, policy INTEGER,"
	" ok INTEGER, fail INTEGER,"
	" PRIMARY KEY (day, domain, policy)) WITHOUT ROWID",

	/*
	 * pending 1: the reason waits for a probe of rip, which then moves the
	 * count to its row.  Empty strings where a member is not known; all of
	 * them empty: beyond REPORT_DETAILS_MAX, summed by type.
	 */
	"CREATE TABLE detail (day INTEGER, domain TEXT, policy INTEGER,"
	" type TEXT, sip TEXT, rip TEXT, mx TEXT, helo TEXT, reason TEXT,"
	" info TEXT, pending INTEGER, count INTEGER,"
	" PRIMARY KEY (day, domain, policy, type, sip, rip, mx, helo, reason,"
	" info, pending)) WITHOUT ROWID",
	"CREATE INDEX detail_pending ON detail (rip) WHERE pending = 1",

	/* Addresses of ours that outgoing connections came from. */
	"CREATE TABLE source (day INTEGER, addr TEXT, sessions INTEGER,"
	" PRIMARY KEY (day, addr)) WITHOUT ROWID",

	/* Failed connections whose domain could not be found out. */
	"CREATE TABLE unknown (day INTEGER, addr TEXT, type TEXT,"
	" sessions INTEGER, last INTEGER,"
	" PRIMARY KEY (day, addr, type)) WITHOUT ROWID",

	/* Domains that accepted mail waits for: addressed in, not yet out. */
	"CREATE TABLE waiting (domain TEXT PRIMARY KEY, since INTEGER,"
	" last INTEGER) WITHOUT ROWID",

	/*
	 * Reports.  state: due, sending, sent, given-up, no-rua, excepted,
	 * empty.  due: when it is to be looked at next; first and tries: how
	 * often that was, since when.  body: gzip.
	 */
	"CREATE TABLE report (id INTEGER PRIMARY KEY, day INTEGER NOT NULL,"
	" domain TEXT NOT NULL, report_id TEXT, state TEXT NOT NULL,"
	" due INTEGER NOT NULL, record TEXT, note TEXT, ok INTEGER,"
	" fail INTEGER, body BLOB, created INTEGER, done INTEGER,"
	" first INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (day, domain))",
	"CREATE INDEX report_by_id ON report (report_id)",
	"CREATE INDEX report_state ON report (day, state, due)",
	"CREATE INDEX report_due ON report (due) WHERE state = 'due'",

	/*
	 * state: due, sending, sent, given-up, rested.  kind 0: mail, of which
	 * "copy:" goes to ourselves; 1: https.
	 */
	"CREATE TABLE delivery (id INTEGER PRIMARY KEY,"
	" report INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE,"
	" uri TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,"
	" next INTEGER NOT NULL, first INTEGER, last INTEGER, code INTEGER,"
	" text TEXT, kind INTEGER NOT NULL DEFAULT 0, UNIQUE (report, uri))",
	"CREATE INDEX delivery_next ON delivery (kind, next)"
	" WHERE state = 'due'",
	"CREATE INDEX delivery_sending ON delivery (id)"
	" WHERE state = 'sending'",

	/* Addresses that bounced; rested until then. */
	"CREATE TABLE bounce (address TEXT PRIMARY KEY, count INTEGER,"
	" last INTEGER, until INTEGER, text TEXT) WITHOUT ROWID",
	"CREATE TABLE bounced (report_id TEXT, address TEXT,"
	" PRIMARY KEY (report_id, address)) WITHOUT ROWID",

	/*
	 * MTA-STS: the policy held for a domain, and what was last tried.
	 * expires 0: none held.  error: of the last fetch, or ''.
	 */
	"CREATE TABLE sts (domain TEXT PRIMARY KEY, id TEXT, mode TEXT,"
	" max_age INTEGER, fetched INTEGER, expires INTEGER, policy INTEGER,"
	" body TEXT, checked INTEGER, refresh INTEGER, tried INTEGER,"
	" tried_id TEXT, error TEXT, error_type TEXT) WITHOUT ROWID",
	"CREATE INDEX sts_refresh ON sts (refresh)",
	/* What was in force when; until 0: still.  policy 0: none. */
	"CREATE TABLE sts_history (domain TEXT, since INTEGER, until INTEGER,"
	" policy INTEGER, mode TEXT, PRIMARY KEY (domain, since))"
	" WITHOUT ROWID",

	/* MX hosts and addresses as learned; failures move a host back. */
	"CREATE TABLE mx (domain TEXT, host TEXT, pref INTEGER,"
	" matches INTEGER, failed INTEGER NOT NULL DEFAULT 0,"
	" retry INTEGER NOT NULL DEFAULT 0, seen INTEGER,"
	" PRIMARY KEY (domain, host)) WITHOUT ROWID",
	"CREATE INDEX mx_host ON mx (host)",
	"CREATE INDEX mx_retry ON mx (retry) WHERE failed > 0",
	"CREATE TABLE mxaddr (addr TEXT, domain TEXT, host TEXT,"
	" routed INTEGER, seen INTEGER, PRIMARY KEY (addr, domain, host))"
	" WITHOUT ROWID",
	"CREATE INDEX mxaddr_domain ON mxaddr (domain)",
	"CREATE TABLE route (domain TEXT PRIMARY KEY, kind TEXT,"
	" until INTEGER, urls TEXT, why TEXT, learned INTEGER,"
	" renew INTEGER, used INTEGER) WITHOUT ROWID",
	"CREATE INDEX route_renew ON route (renew)",

	/* What a probe of an MX host said, the newest of each. */
	"CREATE TABLE probe (host TEXT, addr TEXT, probed INTEGER,"
	" status TEXT, starttls TEXT, tls TEXT, type TEXT, text TEXT,"
	" helo TEXT, notafter INTEGER, offers TEXT,"
	" PRIMARY KEY (host, addr)) WITHOUT ROWID",
	"CREATE INDEX probe_addr ON probe (addr)",

	/* Reports received.  org and report_id together name one. */
	"CREATE TABLE received (id INTEGER PRIMARY KEY, org TEXT NOT NULL,"
	" report_id TEXT NOT NULL, contact TEXT, submitter TEXT, dkim TEXT,"
	" day INTEGER NOT NULL, start INTEGER, finish INTEGER,"
	" stored INTEGER, oddities TEXT, UNIQUE (org, report_id))",
	"CREATE INDEX received_day ON received (day)",
	"CREATE TABLE received_policy (id INTEGER PRIMARY KEY,"
	" received INTEGER NOT NULL REFERENCES received (id)"
	" ON DELETE CASCADE, domain TEXT, type TEXT, mode TEXT,"
	" strings TEXT, mx TEXT, ok INTEGER, fail INTEGER)",
	"CREATE INDEX received_policy_of ON received_policy (received)",
	"CREATE TABLE received_detail (id INTEGER PRIMARY KEY,"
	" policy INTEGER NOT NULL REFERENCES received_policy (id)"
	" ON DELETE CASCADE, type TEXT, sip TEXT, rip TEXT, mx TEXT,"
	" helo TEXT, reason TEXT, info TEXT, count INTEGER)",
	"CREATE INDEX received_detail_of ON received_detail (policy)",
	NULL
};

/*
 * Steps from one format to the next, newest last; each may hold several
 * statements.  One that a release had is never changed.
 */
const char *const store_steps[] = {
	/*
	 * incident: whys more, see query_flow.c.  testing: so many of the
	 * sessions went on all the same, in "mode testing".  What was refused
	 * of our own users' mail is "out", without address and host; before,
	 * it was "in", with no TLS for a reason.
	 */
	"ALTER TABLE incident ADD COLUMN testing INTEGER NOT NULL DEFAULT 0",
	/* Reports name no address of ours that nobody saw. */
	"DROP TABLE source",
	/*
	 * When a domain announced a policy that could not be had; until 0:
	 * still; type '': it is being fetched.  detail.pending 2: a session of
	 * that time.
	 */
	"CREATE TABLE sts_error (domain TEXT, since INTEGER, until INTEGER,"
	" type TEXT, error TEXT, PRIMARY KEY (domain, since)) WITHOUT ROWID;"
	"CREATE INDEX detail_fetching ON detail (domain) WHERE pending = 2",
	/*
	 * received.given: the report-id as the report has it; report_id is
	 * that, or with a number behind it.  received_over: reports above what
	 * is kept of a sender and day; "" stands for all that prove nothing.
	 * received_size: of all rows.
	 */
	"ALTER TABLE received ADD COLUMN given TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE received ADD COLUMN size INTEGER NOT NULL DEFAULT 1024;"
	"UPDATE received SET given = report_id;"
	"UPDATE received SET given = substr(report_id, 1,"
	" length(report_id) - 2) WHERE report_id GLOB '*#[2-9]' AND EXISTS"
	" (SELECT 1 FROM received first WHERE first.org = received.org AND"
	" first.report_id = substr(received.report_id, 1,"
	" length(received.report_id) - 2));"
	"CREATE INDEX received_given ON received (org, given);"
	"CREATE INDEX received_stored ON received (stored);"
	"CREATE TABLE received_over (day INTEGER, sender TEXT,"
	" reports INTEGER, PRIMARY KEY (day, sender)) WITHOUT ROWID;"
	"CREATE TABLE received_size (bytes INTEGER NOT NULL);"
	"INSERT INTO received_size SELECT coalesce(sum(size), 0)"
	" FROM received;"
	"CREATE TRIGGER received_came AFTER INSERT ON received BEGIN"
	" UPDATE received_size SET bytes = bytes + new.size; END;"
	"CREATE TRIGGER received_went AFTER DELETE ON received BEGIN"
	" UPDATE received_size SET bytes = bytes - old.size; END",

	/*
	 * delivery: whom it goes to, a mail address in lower case or an https
	 * host; NULL: ourselves.  Its state may be "held", see report limit.
	 */
	"ALTER TABLE delivery ADD COLUMN target TEXT;"
	"CREATE INDEX delivery_target ON delivery (target, last)",
	/* Domains whose _mta-sts record can't be looked up: since and last. */
	"CREATE TABLE broken (domain TEXT PRIMARY KEY, since INTEGER,"
	" last INTEGER, status TEXT) WITHOUT ROWID",
	/*
	 * Sessions in tally.ok whose TLS came up, under a policy, at a host
	 * that is still to be looked at; unseen: enum unseen.
	 */
	"CREATE TABLE unseen (day INTEGER, domain TEXT, policy INTEGER,"
	" sip TEXT, rip TEXT, mx TEXT, unseen INTEGER, count INTEGER,"
	" PRIMARY KEY (rip, mx, day, domain, policy, sip, unseen))"
	" WITHOUT ROWID",
	/* When smtpd was about to send there (milliseconds); url '': to none. */
	"CREATE TABLE attempt (domain TEXT, at INTEGER, url TEXT,"
	" PRIMARY KEY (domain, at)) WITHOUT ROWID",
	/* Whether an address had a copy of late is asked at RCPT. */
	"CREATE INDEX delivery_copy ON delivery (uri COLLATE NOCASE, last)"
	" WHERE target IS NULL",
	/*
	 * The session that a row of detail counts, or one of unseen: state is
	 * detail.pending, or 10 + unseen.  remote also where rip is ''.
	 */
	"CREATE TABLE trace (day INTEGER, domain TEXT, policy INTEGER,"
	" time INTEGER, session TEXT, remote TEXT, state INTEGER, type TEXT,"
	" sip TEXT, rip TEXT, mx TEXT, helo TEXT, reason TEXT, info TEXT,"
	" PRIMARY KEY (day, domain, policy, time, session)) WITHOUT ROWID;"
	"CREATE INDEX trace_host ON trace (rip, mx) WHERE state > 0;"
	"CREATE INDEX trace_fetching ON trace (domain) WHERE state = 2",
	/* Which file that was: its inode, a hash of its first line (0: none). */
	"ALTER TABLE segment ADD COLUMN ino INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE segment ADD COLUMN head INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX segment_ino ON segment (ino)",
	/*
	 * The last day of the digest that told of a report, 0 for one that
	 * came before there was a digest; NULL: none did yet.
	 */
	"ALTER TABLE received ADD COLUMN told INTEGER;"
	"UPDATE received SET told = iif(id > coalesce((SELECT value FROM meta"
	" WHERE key = 'digest_after'), 0), (SELECT value FROM meta"
	" WHERE key = 'digest_day'), 0) WHERE id <= (SELECT value FROM meta"
	" WHERE key = 'digest_newest');"
	"DELETE FROM meta WHERE key IN ('digest_after', 'digest_newest')",
	/* What the fleet's database has of a day; closed: all, it is over. */
	"CREATE TABLE copied (day INTEGER PRIMARY KEY, digest TEXT NOT NULL,"
	" closed INTEGER NOT NULL, at INTEGER NOT NULL)",
	/* Reports that this host sends for its fleet; noted: as it knows. */
	"CREATE TABLE claimed (report INTEGER PRIMARY KEY REFERENCES"
	" report (id) ON DELETE CASCADE, part INTEGER NOT NULL,"
	" noted INTEGER NOT NULL, seen INTEGER NOT NULL);"
	"CREATE INDEX claimed_open ON claimed (report) WHERE noted = 0",
	/*
	 * What the DNS said where a host surely has no address, nxdomain or
	 * nodata; '': it has one, or nobody knows.
	 */
	"ALTER TABLE mx ADD COLUMN noaddr TEXT NOT NULL DEFAULT ''",
	/* Whether sessions of its day still wait is asked for each report. */
	"CREATE INDEX unseen_day ON unseen (day, domain)",
	NULL
};
