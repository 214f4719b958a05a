# One Makefile for GNU make and BSD make.

PREFIX =	/usr/local
SBINDIR =	${PREFIX}/sbin
MANDIR =	${PREFIX}/man
EXAMPLEDIR =	${PREFIX}/share/examples/sge
DESTDIR =

# Where smtpd looks for proc-exec filters and for tables.
LIBEXEC !=	if test -d /usr/local/libexec/smtpd; then \
			echo /usr/local/libexec/smtpd; \
		else echo /usr/libexec/opensmtpd; fi

CC =		cc
YACC =		yacc
OPT =		-O2 -g
WARN =		-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
		-Wshadow -Wpointer-arith -Wcast-qual -Wsign-compare
WERROR =

BSD_CFLAGS !=	pkg-config --cflags libbsd-overlay 2>/dev/null || true
BSD_LIBS !=	pkg-config --libs libbsd-overlay 2>/dev/null || true
JSON_CFLAGS !=	pkg-config --cflags jansson 2>/dev/null || true
JSON_LIBS !=	pkg-config --libs jansson 2>/dev/null || echo -ljansson
DAEMON_CFLAGS !=	pkg-config --cflags sqlite3 libunbound libtls zlib \
			2>/dev/null || true
DAEMON_LIBS !=	pkg-config --libs sqlite3 libunbound libtls zlib \
		2>/dev/null || echo -lsqlite3 -lunbound -ltls -lz

SGE_CFLAGS =	${OPT} ${WARN} ${WERROR} -std=gnu11 -D_GNU_SOURCE \
		-DLIBBSD_OPENBSD_VIS -Ifilter -Ireporter ${BSD_CFLAGS} ${JSON_CFLAGS} \
		${DAEMON_CFLAGS} ${CFLAGS_EXTRA}
FILTER_LIBS =	${JSON_LIBS} ${BSD_LIBS}
REPORTER_LIBS =	${JSON_LIBS} ${DAEMON_LIBS} ${BSD_LIBS} -lm

# Shared by all programs.
COMMON_OBJS =	\
		filter/addr.o \
		filter/answer.o \
		filter/client.o \
		filter/conf.o \
		filter/conf_add.o \
		filter/conf_check.o \
		filter/conf_file.o \
		filter/conf_print.o \
		filter/conf_read.o \
		filter/conf_set.o \
		filter/conf_value.o \
		filter/confine.o \
		filter/domain.o \
		filter/domset.o \
		filter/flow.o \
		filter/lex.o \
		filter/log.o \
		filter/parse.o \
		filter/record_read.o \
		filter/record_write.o \
		filter/routes.o \
		filter/scan.o \
		filter/words.o

# The rest of filter-sge and table-sge.
FILTER_OBJS =	\
		filter/answers.o \
		filter/event.o \
		filter/finish.o \
		filter/outside.o \
		filter/pool.o \
		filter/session.o \
		filter/spool.o \
		filter/verdict.o \
		filter/waits.o

TABLE_OBJS =	\

# Shared by sged and sgectl.
REPORTER_OBJS =	\
		reporter/bounce.o \
		reporter/day.o \
		reporter/ipc.o \
		reporter/loop.o \
		reporter/mail.o \
		reporter/mail_code.o \
		reporter/mail_text.o \
		reporter/mailbox.o \
		reporter/mime.o \
		reporter/mime_code.o \
		reporter/reader.o \
		reporter/reader_dkim.o \
		reporter/reader_json.o \
		reporter/reader_member.o \
		reporter/reader_report.o \
		reporter/reader_scan.o \
		reporter/reader_text.o \
		reporter/report.o \
		reporter/report_json.o \
		reporter/result.o \
		reporter/rua.o \
		reporter/rua_uri.o \
		reporter/schema.o \
		reporter/store.o \
		reporter/store_delivery.o \
		reporter/store_received.o \
		reporter/store_report.o \
		reporter/sts.o \
		reporter/unpack.o \
		reporter/world.o

# The processes that sged asks, and sgectl's checks too.
WORLD_OBJS =	\
		reporter/cert.o \
		reporter/conn.o \
		reporter/hello.o \
		reporter/http.o \
		reporter/httpread.o \
		reporter/mailer.o \
		reporter/net.o \
		reporter/probe.o \
		reporter/process.o \
		reporter/resolve.o \
		reporter/resolve_conf.o \
		reporter/sandbox.o \
		reporter/smtpread.o \
		reporter/trust.o \
		reporter/wire.o

SGED_OBJS =	\
		reporter/control.o \
		reporter/deliver.o \
		reporter/deliver_day.o \
		reporter/deliver_lookup.o \
		reporter/deliver_now.o \
		reporter/deliver_send.o \
		reporter/engine.o \
		reporter/hash.o \
		reporter/ingest.o \
		reporter/judge.o \
		reporter/learn.o \
		reporter/learn_dns.o \
		reporter/learn_file.o \
		reporter/learn_look.o \
		reporter/learn_own.o \
		reporter/learn_policy.o \
		reporter/learn_route.o \
		reporter/segment.o \
		reporter/setup.o \
		reporter/store_flow.o \
		reporter/store_names.o \
		reporter/store_probe.o \
		reporter/store_route.o \
		reporter/store_segment.o \
		reporter/store_sts.o \
		reporter/store_tally.o \
		reporter/tally.o \
		reporter/tally_flush.o \
		reporter/tally_rfc.o \
		reporter/trim.o

SGECTL_OBJS =	\
		reporter/ask.o \
		reporter/check.o \
		reporter/check_config.o \
		reporter/check_dkim.o \
		reporter/check_domain.o \
		reporter/check_mx.o \
		reporter/check_record.o \
		reporter/check_smtpd.o \
		reporter/cmd_deliver.o \
		reporter/cmd_read.o \
		reporter/cmd_report.o \
		reporter/cmd_send.o \
		reporter/ctl.o \
		reporter/digest.o \
		reporter/digest_heard.o \
		reporter/digest_own.o \
		reporter/digest_seen.o \
		reporter/html.o \
		reporter/html_chart.o \
		reporter/html_flow.o \
		reporter/html_style.o \
		reporter/html_told.o \
		reporter/lag.o \
		reporter/letter.o \
		reporter/lint.o \
		reporter/lint_print.o \
		reporter/metrics.o \
		reporter/read_text.o \
		reporter/record_new.o \
		reporter/sendmail.o \
		reporter/smtpdconf.o \
		reporter/store_heard.o \
		reporter/store_held.o \
		reporter/store_seen.o \
		reporter/store_told.o \
		reporter/talk.o \
		reporter/unread.o \
		reporter/view.o \
		reporter/view_cleartext.o \
		reporter/view_domain.o \
		reporter/view_downgrade.o \
		reporter/view_explain.o \
		reporter/view_failures.o \
		reporter/view_flow.o \
		reporter/view_policy.o \
		reporter/view_received.o \
		reporter/view_reporters.o \
		reporter/view_route.o \
		reporter/view_sent.o \
		reporter/view_status.o

OBJS =		${COMMON_OBJS} ${FILTER_OBJS} ${TABLE_OBJS} \
		${REPORTER_OBJS} ${WORLD_OBJS} ${SGED_OBJS} ${SGECTL_OBJS}
PROGS =		\
		filter/filter-sge \
		filter/table-sge \
		reporter/sgectl \
		reporter/sged

all: ${PROGS} ${OBJS}

.SUFFIXES:
.SUFFIXES: .c .o

.c.o:
	${CC} ${SGE_CFLAGS} -MMD -MP -c -o $@ $<

filter/parse.c: filter/parse.y
	${YACC} -o $@ filter/parse.y

filter/filter-sge: filter/filter-sge.o ${FILTER_OBJS} ${COMMON_OBJS}
	${CC} -o $@ filter/filter-sge.o ${FILTER_OBJS} ${COMMON_OBJS} \
	    ${FILTER_LIBS}

filter/table-sge: filter/table-sge.o ${TABLE_OBJS} ${COMMON_OBJS}
	${CC} -o $@ filter/table-sge.o ${TABLE_OBJS} ${COMMON_OBJS} \
	    ${FILTER_LIBS}

reporter/sgectl: reporter/sgectl.o ${SGECTL_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS}
	${CC} -o $@ reporter/sgectl.o ${SGECTL_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS} ${REPORTER_LIBS}

reporter/sged: reporter/sged.o ${SGED_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS}
	${CC} -o $@ reporter/sged.o ${SGED_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS} ${REPORTER_LIBS}

# Unit tests: regress/unit-NAME.c, one item a line.
UNITS =		\
		unit-answer \
		unit-bounce \
		unit-conf \
		unit-ctl \
		unit-day \
		unit-deliver \
		unit-dkim \
		unit-domain \
		unit-event \
		unit-fill \
		unit-flow \
		unit-hash \
		unit-ingest \
		unit-ipc \
		unit-learn \
		unit-loop \
		unit-mailer \
		unit-net \
		unit-reader \
		unit-record \
		unit-report \
		unit-resolve \
		unit-routes \
		unit-rua \
		unit-sandbox \
		unit-store \
		unit-sts \
		unit-tally \
		unit-waits \
		unit-world \
		unit-wrap

# What they link with: everything but the programs' main files.
UNIT_OBJS =	${COMMON_OBJS} ${FILTER_OBJS} ${REPORTER_OBJS} ${WORLD_OBJS} \
		${SGED_OBJS} ${SGECTL_OBJS}

# Programs that only the tests use: regress/NAME.c, one item a line.
TOOLS =		\
		fakesged \
		httpd \
		mutate \
		peer \
		records \
		smtpc
TOOL_LIBS =	-lssl -lcrypto

# Builds what is older than anything it is made of.
units: all
	@mkdir -p regress/bin
	@set -e; for u in ${UNITS}; do \
		n=unit-$${u##*unit-}; \
		if test -f regress/bin/$$n && test -z "`find filter reporter \
		    regress/$$n.c regress/tap.h \( -name '*.[ohc]' \) \
		    -newer regress/bin/$$n`"; then continue; fi; \
		echo "${CC} -o regress/bin/$$n"; \
		${CC} ${SGE_CFLAGS} -Iregress -o regress/bin/$$n \
		    regress/$$n.c ${UNIT_OBJS} ${REPORTER_LIBS}; \
	done

tools:
	@mkdir -p regress/bin
	@set -e; for t in ${TOOLS}; do \
		if test -f regress/bin/$$t && test -z "`find regress/$$t.c \
		    regress/tool.h -newer regress/bin/$$t`"; then \
			continue; \
		fi; \
		echo "${CC} -o regress/bin/$$t"; \
		${CC} ${OPT} ${WARN} ${WERROR} -std=gnu11 \
		    -o regress/bin/$$t regress/$$t.c ${TOOL_LIBS}; \
	done

# Programs of the benchmarks: regress/bench/NAME.c, one item a line.
BENCH_TOOLS =	\
		drive \
		floor \
		lean \
		sink \
		smtp-load \
		table-load

bench:
	@sh regress/setup.sh
	@${MAKE} all bench-tools
	@set -e; for b in regress/bench/*.sh; do \
		echo "== $$b"; sh $$b; \
	done

bench-tools:
	@mkdir -p regress/bin
	@set -e; for t in ${BENCH_TOOLS}; do \
		if test -f regress/bin/$$t && test -z "`find \
		    regress/bench/$$t.c -newer regress/bin/$$t`"; then \
			continue; \
		fi; \
		echo "${CC} -o regress/bin/$$t"; \
		${CC} ${OPT} ${WARN} ${WERROR} -std=gnu11 \
		    -o regress/bin/$$t regress/bench/$$t.c; \
	done

install: all
	mkdir -p ${DESTDIR}${LIBEXEC} ${DESTDIR}${SBINDIR} \
	    ${DESTDIR}${MANDIR}/man5 ${DESTDIR}${MANDIR}/man8 \
	    ${DESTDIR}${EXAMPLEDIR}
	set -e; for p in ${PROGS}; do \
		case $$p in \
		filter/*) install -m 755 $$p ${DESTDIR}${LIBEXEC}/ ;; \
		*) install -m 755 $$p ${DESTDIR}${SBINDIR}/ ;; \
		esac; \
	done
	set -e; for m in man/*.[58]; do \
		install -m 644 $$m ${DESTDIR}${MANDIR}/man$${m##*.}/; \
	done
	install -m 644 etc/*.example ${DESTDIR}${EXAMPLEDIR}/

# Both install what is needed, then call make again: the variables above may
# be others then.
regress:
	@MAKE="${MAKE}" sh regress/run

demo:
	@MAKE="${MAKE}" sh regress/demo.sh

clean:
	rm -f ${PROGS} filter/*.[od] reporter/*.[od] regress/*.[od] \
	    filter/parse.c
	rm -rf regress/bin

-include filter/addr.d
-include filter/answer.d
-include filter/answers.d
-include filter/client.d
-include filter/conf.d
-include filter/conf_add.d
-include filter/conf_check.d
-include filter/conf_file.d
-include filter/conf_print.d
-include filter/conf_read.d
-include filter/conf_set.d
-include filter/conf_value.d
-include filter/confine.d
-include filter/domain.d
-include filter/domset.d
-include filter/event.d
-include filter/filter-sge.d
-include filter/finish.d
-include filter/flow.d
-include filter/lex.d
-include filter/log.d
-include filter/outside.d
-include filter/parse.d
-include filter/pool.d
-include filter/record_read.d
-include filter/record_write.d
-include filter/routes.d
-include filter/scan.d
-include filter/session.d
-include filter/spool.d
-include filter/table-sge.d
-include filter/verdict.d
-include filter/waits.d
-include filter/words.d
-include reporter/ask.d
-include reporter/bounce.d
-include reporter/cert.d
-include reporter/check.d
-include reporter/check_config.d
-include reporter/check_dkim.d
-include reporter/check_domain.d
-include reporter/check_mx.d
-include reporter/check_record.d
-include reporter/check_smtpd.d
-include reporter/cmd_deliver.d
-include reporter/cmd_read.d
-include reporter/cmd_report.d
-include reporter/cmd_send.d
-include reporter/conn.d
-include reporter/control.d
-include reporter/ctl.d
-include reporter/day.d
-include reporter/deliver.d
-include reporter/deliver_day.d
-include reporter/deliver_lookup.d
-include reporter/deliver_now.d
-include reporter/deliver_send.d
-include reporter/digest.d
-include reporter/digest_heard.d
-include reporter/digest_own.d
-include reporter/digest_seen.d
-include reporter/engine.d
-include reporter/hash.d
-include reporter/hello.d
-include reporter/html.d
-include reporter/html_chart.d
-include reporter/html_flow.d
-include reporter/html_style.d
-include reporter/html_told.d
-include reporter/http.d
-include reporter/httpread.d
-include reporter/ingest.d
-include reporter/ipc.d
-include reporter/judge.d
-include reporter/lag.d
-include reporter/learn.d
-include reporter/learn_dns.d
-include reporter/learn_file.d
-include reporter/learn_look.d
-include reporter/learn_own.d
-include reporter/learn_policy.d
-include reporter/learn_route.d
-include reporter/letter.d
-include reporter/lint.d
-include reporter/lint_print.d
-include reporter/loop.d
-include reporter/mail.d
-include reporter/mail_code.d
-include reporter/mail_text.d
-include reporter/mailbox.d
-include reporter/mailer.d
-include reporter/metrics.d
-include reporter/mime.d
-include reporter/mime_code.d
-include reporter/net.d
-include reporter/probe.d
-include reporter/process.d
-include reporter/read_text.d
-include reporter/reader.d
-include reporter/reader_dkim.d
-include reporter/reader_json.d
-include reporter/reader_member.d
-include reporter/reader_report.d
-include reporter/reader_scan.d
-include reporter/reader_text.d
-include reporter/record_new.d
-include reporter/report.d
-include reporter/report_json.d
-include reporter/resolve.d
-include reporter/resolve_conf.d
-include reporter/result.d
-include reporter/rua.d
-include reporter/rua_uri.d
-include reporter/sandbox.d
-include reporter/schema.d
-include reporter/segment.d
-include reporter/setup.d
-include reporter/sgectl.d
-include reporter/sged.d
-include reporter/sendmail.d
-include reporter/smtpdconf.d
-include reporter/smtpread.d
-include reporter/store.d
-include reporter/store_delivery.d
-include reporter/store_flow.d
-include reporter/store_heard.d
-include reporter/store_held.d
-include reporter/store_names.d
-include reporter/store_probe.d
-include reporter/store_received.d
-include reporter/store_report.d
-include reporter/store_route.d
-include reporter/store_seen.d
-include reporter/store_segment.d
-include reporter/store_sts.d
-include reporter/store_tally.d
-include reporter/store_told.d
-include reporter/sts.d
-include reporter/talk.d
-include reporter/tally.d
-include reporter/tally_flush.d
-include reporter/tally_rfc.d
-include reporter/trim.d
-include reporter/trust.d
-include reporter/unpack.d
-include reporter/unread.d
-include reporter/view.d
-include reporter/view_cleartext.d
-include reporter/view_domain.d
-include reporter/view_downgrade.d
-include reporter/view_explain.d
-include reporter/view_failures.d
-include reporter/view_flow.d
-include reporter/view_policy.d
-include reporter/view_received.d
-include reporter/view_reporters.d
-include reporter/view_route.d
-include reporter/view_sent.d
-include reporter/view_status.d
-include reporter/wire.d
-include reporter/world.d

.PHONY: all bench bench-tools clean demo install regress tools units
