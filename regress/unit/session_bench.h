/* SPDX-License-Identifier: ISC */

/* Sessions as smtpd tells of them to a filter, for the unit-session tests. */

#ifndef SGE_SESSION_BENCH_H
#define SGE_SESSION_BENCH_H

#include "conf/conf.h"
#include "session/session.h"

#define T0 1795316645	/* 2026-11-22T03:04:05Z */
#define IN "0000000000000001"
#define OUT "0000000000000002"

/* What the sessions of the tests have for sge.conf. */
extern const char conf_lines[];

/* Of the scene that goes on, between begin and end. */
extern struct sessions *ss;

/* A working directory, stderr to a file in it, and the configuration. */
struct conf	*bench_begin(const char *);
void		 bench_end(struct conf *);

/* No session yet; the second: as with -v. */
void		 begin(const struct conf *, int);
/* Frees all, and returns what is on record, line by line; static buffer. */
const char	*end(void);
/* What was logged since begin; static buffer. */
const char	*logged(void);
/* How often the second stands in the first. */
int		 count(const char *, const char *);

/* One line of smtpd's, but for what stands in front of the direction. */
void		 event(const char *, ...)
		    __attribute__((__format__(printf, 1, 2)));
/* A session in from an address, with a version of TLS or NULL. */
void		 connect_in(const char *, const char *, const char *);
void		 mail(const char *, const char *);
/*
 * What is answered to the recipient; "learn DOMAIN" if sged is to be asked;
 * static buffer.
 */
const char	*rcpt_at(const char *, const char *, enum learned);
const char	*rcpt(const char *, const char *);
/* SPOOL/routes with these lines, and without. */
void		 write_routes(const char *);
void		 drop_routes(void);
/*
 * What sged is told of comes to a socket, which notices_end closes; ss->notice
 * is the caller's to make and to free.
 */
int		 notices_begin(void);
void		 notices_end(int);
/* A session out to an address, and what smtpd says in it. */
void		 connect_out(const char *, const char *);
void		 command(const char *);

#endif
