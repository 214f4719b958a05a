/* SPDX-License-Identifier: ISC */

/*
 * Every limit on what others send, with its reason.  Others are smtpd's
 * clients, the mail hosts we talk to, the DNS, policy hosts, and those who
 * send us reports.
 */

#ifndef SGE_BOUNDS_H
#define SGE_BOUNDS_H

/* Names: RFC 1035 allows 253 characters of text; one for the NUL. */
#define DOMAIN_MAX 254

/*
 * sge.conf is the operator's own; these only keep a wrong path (a log, a
 * device) and files that include each other from taking all memory.
 */
#define CONF_FILE_MAX (64 * 1024 * 1024)
#define CONF_WORD_MAX 2048
#define CONF_INCLUDE_DEPTH 16
#define CONF_MACRO_DEPTH 16
#define CONF_INCLUDES_MAX 1000
#define CONF_EXPANSIONS_MAX 100000

/* HELO text in records and reports: a domain name, or a cut-off one. */
#define HELO_MAX 255

/* One line from smtpd: an address of 64@255 with room for every field. */
#define EVENT_LINE_MAX 8192

/*
 * What passes through filter-keep: one line of a mail, of which smtpd takes
 * 64 kB, and the events that a filter can ask for, twice over.
 */
#define KEPT_LINE_MAX (128 * 1024)
#define KEPT_EVENTS_MAX 64
/* An answer but a mail's line: smtpd's own replies and commands have 2048. */
#define KEPT_ANSWER_MAX 2000
/*
 * What a filter may make of a mail: so many times its bytes (quoted-printable
 * is three), and these.  What goes on is no mail, and smtpd would write it to
 * its queue until the disk is full.
 */
#define KEPT_GROWTH_TIMES 4
#define KEPT_GROWTH_BYTES (1024 * 1024)
/* It is looked so many times, in that time, whether a filter goes on. */
#define KEPT_LOOKS 10
/*
 * And no answer may take more of them, whatever it says meanwhile: by default
 * ten minutes, after which no client waits any more (RFC 5321 4.5.3.2.6).
 */
#define KEPT_LOOKS_MOST 25

/* The id of a table's request, repeated in the answer: smtpd's have 16. */
#define TABLE_ID_MAX 64

/* Sessions at once in the filter: smtpd's own limit is lower (files). */
#define SESSIONS_MAX 200000

/* Distinct (from, to, flow, verdict) rows in one connection's record. */
#define RECORD_TX_MAX 100

/* One session record on disk, newline included. */
#define RECORD_LINE_MAX 65536

/* Records kept in memory while the spool cannot be written, in bytes. */
#define SPOOL_BACKLOG_MAX (8 * 1024 * 1024)

/*
 * SPOOL/attempts, which anybody on this host may write to: a file (some 20,000
 * attempts; a new one each hour, or when it is full), and files at once, where
 * each user has as many as any other who wants them.
 */
#define ATTEMPTS_FILE_MAX (1024 * 1024)
#define ATTEMPTS_FILES_MAX 64
/*
 * And rows of the database, of some 50 bytes each: of all, far more than what
 * is kept of a host that sends 200,000 mails a day to such domains; and, where
 * smtpd, as whom table-sge runs, has none of the names that we know, in an hour
 * of a user, and of all of them (who may be thousands: a user of Linux has
 * subordinate ones).
 */
#define ATTEMPTS_ROWS_MAX 2000000
#define ATTEMPTS_OWNER_HOUR_MAX 2000
#define ATTEMPTS_OTHERS_HOUR_MAX 4000
/*
 * How many of what lies there are looked at in one turn, and removed, which
 * takes some disks milliseconds each.
 */
#define ATTEMPTS_LOOK_MAX 256
#define ATTEMPTS_GONE_MAX 8
/*
 * And read, in bytes: some 5,000 attempts, in as many tens of milliseconds; and
 * turns of these in a row before sessions are counted, whose attempts they may
 * be: all that the files hold.
 */
#define ATTEMPTS_TAKE_MAX (256 * 1024)
#define ATTEMPTS_TURNS_MAX \
	(ATTEMPTS_FILES_MAX * ATTEMPTS_FILE_MAX / ATTEMPTS_TAKE_MAX)

/*
 * Lines of SPOOL/turns: failing hosts that share an address with another one.
 * table-sge goes through all for each; hosts beyond that take no turns.
 */
#define TURNS_MAX 1000

/* Failed sessions of a domain, day and policy that a report's rows name. */
#define TRACES_MAX 200

/* One URL of a route: smtp+tls://HOST:PORT. */
#define ROUTE_URL_MAX (DOMAIN_MAX + 24)

/* One line of SPOOL/routes: a domain, and an URL for each of its MX. */
#define ROUTE_LINE_MAX (DOMAIN_MAX + 64 + MX_HOSTS_MAX * ROUTE_URL_MAX)

/* One message on the daemon's socket or between its processes. */
#define IPC_MESSAGE_MAX (192 * 1024)
/* What is asked on that socket: a domain or an address, and some words. */
#define SOCKET_ASK_MAX 4096

/*
 * Clients of the daemon's socket at once: filters, tables, operators; and so
 * many more of root's and sged's own user, whom the others can't keep out.
 */
#define SOCKET_CLIENTS_MAX 128
#define SOCKET_OURS_MAX 16

/* Domains being learned at once, and asked for and not yet begun. */
#define LEARN_ACTIVE_MAX 256
#define LEARN_WAITING_MAX 20000
/*
 * Of these, so many below one name of two labels go before or beside all
 * others': who sends to made-up names below his own must not have everybody
 * wait for their DNS.  What is beyond that, of all such (co.nz is one, too), has
 * a quarter of the turns, half of those at once, and half of the room to wait.
 */
#define LEARN_ZONE_MAX 64
#define LEARN_CROWD_TURN 4
#define LEARN_CROWD_ACTIVE_MAX (LEARN_ACTIVE_MAX / 2)
#define LEARN_CROWD_WAITING_MAX (LEARN_WAITING_MAX / 2)

/*
 * Once a session waited "learn timeout" for a domain in vain, or two domains in
 * a row were not found out for anybody, one more domain is waited for so many
 * milliseconds: a healthy one answers in 20 to 100, and must not leave without
 * its policy for another's dead DNS.  And all such of a session so many within
 * half a minute, that a mail to many dead domains does not time out at its
 * client, who waits "learn timeout" and these at most.
 */
#define WAITS_CHANCE_MS 1000
#define WAITS_CHANCES_MS 3000

/*
 * Domains that a table or filter tells sged of without waiting: so many in a
 * burst, and one each so many milliseconds; and by each of them, no domain
 * again within so many.  Who is above it is heard at the next attempt.
 */
#define NOTICES_MAX 500
#define NOTICE_MS 20
#define NOTICE_AGAIN_MS 30000

/* TXT records: the text of one, all its strings joined. */
#define TXT_RECORD_MAX 8192
#define TXT_RECORDS_MAX 64

/*
 * MX records read of one domain, all of which a new policy names; of these,
 * hosts that are used, those that its policy names first, and addresses of
 * each.
 */
#define MX_RECORDS_MAX 256
/* TLSA: some per key and algorithm; a whole certificate is the longest. */
#define TLSA_RECORDS_MAX 16
#define TLSA_DATA_MAX 4096
/* A mail host's chain, handed on as PEM to be compared with these. */
#define CHAIN_PEM_MAX (64 * 1024)
#define MX_HOSTS_MAX 32
#define MX_ADDRS_MAX 16

/*
 * Of these, hosts of a domain and addresses of a host that are asked how their
 * TLS is, and hosts asked within one network (/24, /48) a second, whoever's
 * records lead there: a domain's owner chooses whose addresses he names.  And
 * those that wait for an answer there, which a host that hangs gives none for
 * PROBE_SECONDS: few for a network, enough that some who hang hold up nobody.
 */
#define PROBE_HOSTS_MAX 4
#define PROBE_ADDRS_MAX 4
#define PROBES_NETWORK_MAX 4
#define PROBES_NETWORK_UNDER_MAX 16

/* MTA-STS (RFC 8461 3.2, 3.3): policy size, time, and life. */
#define STS_POLICY_MAX (64 * 1024)
#define STS_POLICY_LINES_MAX 512
#define STS_MAX_AGE_MAX 31557600
#define STS_FETCH_SECONDS 60
#define STS_RETRY_SECONDS 300

/* rua (RFC 8460 3): URIs used of one domain, and the length of one. */
#define RUA_URIS_MAX 8
#define RUA_URI_MAX 1024

/*
 * HTTPS: what is read of an answer's head, and transfers at once (hosts that
 * hang must not use them up; each is one descriptor and some 40 kB).
 */
#define HTTP_HEAD_MAX (16 * 1024)
#define HTTP_TRANSFERS_MAX 400
/* Its media type and its server's clock, as text. */
#define HTTP_TYPE_MAX 128
#define HTTP_DATE_MAX 40
#define HTTP_POST_SECONDS 120

/* SMTP probe: a line, all of a reply, and the whole conversation. */
#define SMTP_LINE_MAX 2048
#define SMTP_REPLY_MAX (16 * 1024)
#define PROBE_SECONDS 60
/* Names of a host's certificate. */
#define CERT_NAMES_MAX 32
#define PROBES_MAX 64

/* Hosts of one fleet: what one answer about them holds. */
#define FLEET_MEMBERS_MAX 500
/* Reports that one of them has at once, and tells of; a report's rows. */
#define FLEET_CLAIMS_MAX 256
#define FLEET_ENDED_MAX 200
#define FLEET_SUMS_MAX 500
/* What PostgreSQL says of an error, for people. */
#define FLEET_TEXT_MAX 512

/* Reports we send: RFC 8460 5.2 sees receivers stop at ten megabytes. */
#define REPORT_SIZE_MAX (10 * 1000 * 1000)
/* Distinct failure rows of one policy domain and day; more are summed. */
#define REPORT_DETAILS_MAX 1000
/* Distinct domains tallied in one day and direction; more are summed. */
#define TALLY_DOMAINS_MAX 300000
/* Addresses told apart for one correspondent, day, and reason. */
#define INCIDENT_ADDRS_MAX 100
/* Domains remembered as having mail under way. */
#define WAITING_DOMAINS_MAX 100000
/* Free text in a report: EHLO text, TLS library's messages. */
#define REPORT_TEXT_MAX 255

/* Reports received: the mail, what it packs, what that unpacks to. */
#define READ_MAIL_MAX (16 * 1024 * 1024)
#define READ_PACKED_MAX (16 * 1024 * 1024)
#define READ_REPORT_MAX (64 * 1024 * 1024)
/*
 * One mail, whatever is nested in it: bytes gone through (one packed report of
 * the largest size, twice), parts and packed files, CPU seconds; and what is
 * kept of it, rows counted with their text.
 */
#define READ_WORK_MAX (256LL * 1024 * 1024)
#define READ_MEMBERS_MAX 400
#define READ_CPU_SECONDS 6
#define READ_KEPT_MAX (1024 * 1024)
#define READ_ROW_SIZE 128
/* Of the process that reads it: a hung system call, and all its memory. */
#define READ_WALL_SECONDS 60
#define READ_NICE 10
#define READ_MEMORY_MAX (1024LL * 1024 * 1024)
/* What that process says of it: READ_KEPT_MAX, as JSON at its longest. */
#define READ_ANSWER_MAX (16 * 1024 * 1024)
#define READ_MIME_DEPTH_MAX 8
#define READ_MIME_PARTS_MAX 100
#define READ_JSON_DEPTH_MAX 32
#define READ_POLICIES_MAX 10000
/* Of a report; more are summed by type, so many types of a policy. */
#define READ_DETAILS_MAX 2000
#define READ_SUMMED_MAX 16
#define READ_TEXT_MAX 1024
/* Files in a zip archive; members and values of all JSON in a report. */
#define READ_ZIP_FILES_MAX 100
#define READ_JSON_VALUES_MAX 1000000
/* Lines of a policy, or MX patterns, kept of a report's policy. */
#define READ_STRINGS_MAX 64
/* Signatures of a mail that are looked at. */
#define RD_SIGNERS_MAX 8
/* Oddities named of one report. */
#define READ_ODDITIES_MAX 24
/*
 * Reports that are kept: of one sender that proves itself, or of all together
 * that do not, in a day (a host of a thousand domains gets as many of one
 * reporter); and bytes of all that is kept.
 */
#define RECEIVED_DAY_MAX 5000
#define RECEIVED_DAY_SIZE_MAX (64 * 1024 * 1024)
#define RECEIVED_SIZE_MAX (1024LL * 1024 * 1024)
/* Mails that held no report that could be read. */
#define UNREAD_MAX 1000
#define UNREAD_SIZE_MAX (256 * 1024 * 1024)
/* Messages by which check config tries the mailbox: each is read at once. */
#define UNREAD_TEST_MAX 10
/* Folders within folders when a whole tree is read. */
#define READ_FOLDER_DEPTH_MAX 8

/*
 * How long a report's mail may lie in sendmail's offline folder and still go
 * to where it was announced to: smtpd may be down for days.
 */
#define ANNOUNCED_KEPT_SECONDS (4 * 86400)
/* In SPOOL/announced: a day's of a big host, read in some milliseconds. */
#define ANNOUNCED_LINES_MAX 100000

#endif
