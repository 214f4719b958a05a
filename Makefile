# One Makefile for GNU make and BSD make.

VERSION !=	sed -n 's/^.define SGE_VERSION "\(.*\)"/\1/p' \
		filter/base/version.h

PREFIX =	/usr/local
SBINDIR =	${PREFIX}/sbin
MANDIR =	${PREFIX}/man
EXAMPLEDIR =	${PREFIX}/share/examples/sge
ETCDIR =	/etc
DESTDIR =

# Where smtpd looks for proc-exec filters and for tables.
LIBEXEC !=	if test -d /usr/local/libexec/smtpd; then \
			echo /usr/local/libexec/smtpd; \
		else echo /usr/libexec/opensmtpd; fi

CC =		cc
YACC =		yacc
CFLAGS =	-O2 -g
CPPFLAGS =
LDFLAGS =
WARN =		-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
		-Wshadow -Wpointer-arith -Wcast-qual -Wsign-compare
WERROR =

# What the compiler can do against a mistake of ours; "make HARDEN= HARDEN_LD="
# leaves it out.  OpenBSD's does most of it unasked.
HARDEN !=	CC="${CC}" sh ./regress/harden -fPIE -fstack-protector-strong \
		-fstack-clash-protection -fcf-protection \
		-mbranch-protection=standard \
		-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN_LD !=	CC="${CC}" sh ./regress/harden -pie -Wl,-z,relro -Wl,-z,now \
		-Wl,-z,noexecstack

BSD_CFLAGS !=	pkg-config --cflags libbsd-overlay 2>/dev/null || true
BSD_LIBS !=	pkg-config --libs libbsd-overlay 2>/dev/null || true
JSON_CFLAGS !=	pkg-config --cflags jansson 2>/dev/null || true
JSON_LIBS !=	pkg-config --libs jansson 2>/dev/null || echo -ljansson
CDB_LIBS !=	pkg-config --libs libcdb 2>/dev/null || echo -lcdb
DAEMON_CFLAGS !=	pkg-config --cflags sqlite3 libunbound libtls libcrypto \
			zlib 2>/dev/null || true
DAEMON_LIBS !=	pkg-config --libs sqlite3 libunbound libtls libcrypto zlib \
		2>/dev/null || echo -lsqlite3 -lunbound -ltls -lcrypto -lz

# OpenBSD's libraries need no pkg-config; elsewhere the compiler would only say
# which header it does not find.
MISSING !=	test "`uname`" = OpenBSD || \
		if ! command -v pkg-config >/dev/null; then \
			echo "make: pkg-config is missing" \
			    "(make demo, regress and deb install it)" >&2; \
		else for l in libbsd-overlay jansson sqlite3 libtls libcrypto \
		    zlib; do \
			pkg-config --exists $$l || \
			    echo "make: the library of $$l is missing" >&2; \
		done; fi

# "fleet postgresql" wants libpq's header here, and its library only where that
# is written; "make PQ_CFLAGS=" leaves it out.
PQ_CFLAGS !=	if pkg-config --exists libpq 2>/dev/null; then \
			echo "-DSGE_LIBPQ `pkg-config --cflags libpq`"; \
		elif command -v pg_config >/dev/null 2>&1 && \
		    test -f "`pg_config --includedir`/libpq-fe.h"; then \
			echo "-DSGE_LIBPQ -I`pg_config --includedir`"; \
		fi

SGE_CFLAGS =	${HARDEN} ${WARN} ${WERROR} ${CPPFLAGS} ${CFLAGS} -std=gnu11 \
		-D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -DSGE_ETC=\"${ETCDIR}\" \
		-Ifilter -Ireporter ${BSD_CFLAGS} ${JSON_CFLAGS} \
		${DAEMON_CFLAGS} ${PQ_CFLAGS} ${CFLAGS_EXTRA}
SGE_LDFLAGS =	${HARDEN_LD} ${CFLAGS} ${LDFLAGS}
FILTER_LIBS =	${JSON_LIBS} ${CDB_LIBS} ${BSD_LIBS}
REPORTER_LIBS =	${JSON_LIBS} ${CDB_LIBS} ${DAEMON_LIBS} ${BSD_LIBS} -lm

# Shared by all programs.
COMMON_OBJS =	\
		filter/base/addr.o \
		filter/base/addr_own.o \
		filter/base/announced.o \
		filter/base/call_filter.o \
		filter/base/domain.o \
		filter/base/domset.o \
		filter/base/json_scan.o \
		filter/base/landlock.o \
		filter/base/line_in.o \
		filter/base/log.o \
		filter/base/monotonic.o \
		filter/base/mail_path.o \
		filter/base/sged_client.o \
		filter/base/recent.o \
		filter/base/sip_hash.o \
		filter/base/spool_file.o \
		filter/base/trouble.o \
		filter/base/sged_notice.o \
		filter/base/utf8.o \
		filter/conf/conf.o \
		filter/conf/conf_add.o \
		filter/conf/conf_check.o \
		filter/conf/conf_conninfo.o \
		filter/conf/conf_directive.o \
		filter/conf/conf_file.o \
		filter/conf/conf_keyword.o \
		filter/conf/conf_lex.o \
		filter/conf/conf_parse.o \
		filter/conf/conf_print.o \
		filter/conf/conf_read.o \
		filter/conf/conf_say.o \
		filter/conf/conf_set.o \
		filter/conf/conf_source.o \
		filter/conf/conf_value.o \
		filter/confine.o \
		filter/rule/flow.o \
		filter/rule/report_sender.o \
		filter/rule/table_answer.o \
		filter/rule/turn.o \
		filter/spool/attempts.o \
		filter/spool/record_read.o \
		filter/spool/record_write.o \
		filter/spool/route_line.o \
		filter/spool/route_map.o \
		filter/spool/routes.o \
		filter/spool/routes_base.o \
		filter/spool/turns.o \
		filter/spool/writer_fork.o

# The rest of filter-sge and table-sge.
FILTER_OBJS =	\
		filter/keep/child.o \
		filter/keep/kept.o \
		filter/keep/kept_line.o \
		filter/keep/line_out.o \
		filter/session/awaited.o \
		filter/session/busy.o \
		filter/session/event.o \
		filter/session/event_ahead.o \
		filter/session/learn_wait.o \
		filter/session/pace.o \
		filter/session/patience.o \
		filter/session/pool.o \
		filter/session/reply_queue.o \
		filter/session/session.o \
		filter/session/session_rcpt.o \
		filter/session/session_note.o \
		filter/session/session_record.o \
		filter/session/session_report.o \
		filter/session/session_table.o \
		filter/spool/spool.o \
		filter/spool/spool_writer.o

TABLE_OBJS =	\

# Shared by sged and sgectl.
REPORTER_OBJS =	\
		reporter/helper/helper.o \
		reporter/helper/helper_answer.o \
		reporter/helper/helper_take.o \
		reporter/lib/date.o \
		reporter/lib/fleet_table.o \
		reporter/lib/hash.o \
		reporter/lib/ipc.o \
		reporter/lib/loop.o \
		reporter/lib/mail_result.o \
		reporter/lib/steady.o \
		reporter/lib/text.o \
		reporter/lib/write_all.o \
		reporter/lib/xalloc.o \
		reporter/report/mail_code.o \
		reporter/report/report.o \
		reporter/report/report_json.o \
		reporter/report/report_key.o \
		reporter/report/report_mail.o \
		reporter/report/report_mail_text.o \
		reporter/rfc/received.o \
		reporter/rfc/result.o \
		reporter/rfc/rua.o \
		reporter/rfc/rua_uri.o \
		reporter/rfc/sts.o \
		reporter/store/store.o \
		reporter/store/store_open.o \
		reporter/store/store_delivery.o \
		reporter/store/query_received.o \
		reporter/store/store_image.o \
		reporter/store/store_names.o \
		reporter/store/store_received.o \
		reporter/store/store_report.o \
		reporter/store/store_trace.o \
		reporter/store/store_schema.o

# The processes that sged asks, and sgectl's checks too.
WORLD_OBJS =	\
		reporter/fleet/fleet_schema.o \
		reporter/fleet/pq.o \
		reporter/fleet/pq_none.o \
		reporter/fleet/share.o \
		reporter/fleet/share_beat.o \
		reporter/fleet/share_copy.o \
		reporter/fleet/share_look.o \
		reporter/fleet/share_report.o \
		reporter/fleet/share_say.o \
		reporter/helper/dns_rdata.o \
		reporter/helper/helper_start.o \
		reporter/helper/mail_runner.o \
		reporter/helper/mailer.o \
		reporter/helper/resolve.o \
		reporter/helper/resolve_answer.o \
		reporter/helper/resolve_conf.o \
		reporter/lib/process.o \
		reporter/lib/sandbox.o \
		reporter/net/ca_set.o \
		reporter/net/cert.o \
		reporter/net/conn.o \
		reporter/net/http.o \
		reporter/net/http_read.o \
		reporter/net/net.o \
		reporter/net/net_queue.o \
		reporter/net/probe.o \
		reporter/net/smtp_read.o \
		reporter/net/smtp_talk.o \
		reporter/net/tls_hello.o

SGED_OBJS =	\
		reporter/control.o \
		reporter/copy/claim.o \
		reporter/copy/claim_build.o \
		reporter/copy/copy.o \
		reporter/copy/copy_ask.o \
		reporter/count/attempt_read.o \
		reporter/count/attempt_room.o \
		reporter/count/ingest.o \
		reporter/count/judge.o \
		reporter/count/whose.o \
		reporter/count/whose_try.o \
		reporter/count/segment.o \
		reporter/count/segment_list.o \
		reporter/count/tally.o \
		reporter/count/tally_flush.o \
		reporter/count/tally_named.o \
		reporter/count/tally_rfc.o \
		reporter/count/tally_side.o \
		reporter/count/trim.o \
		reporter/deliver/deliver.o \
		reporter/deliver/deliver_announce.o \
		reporter/deliver/deliver_day.o \
		reporter/deliver/deliver_doubt.o \
		reporter/deliver/deliver_job.o \
		reporter/deliver/deliver_limit.o \
		reporter/deliver/deliver_lookup.o \
		reporter/deliver/deliver_now.o \
		reporter/deliver/deliver_recover.o \
		reporter/deliver/deliver_send.o \
		reporter/engine/engine.o \
		reporter/learn/learn.o \
		reporter/learn/learn_compact.o \
		reporter/learn/learn_dns.o \
		reporter/learn/learn_file.o \
		reporter/learn/learn_host.o \
		reporter/learn/learn_look.o \
		reporter/learn/learn_notice.o \
		reporter/learn/learn_own.o \
		reporter/learn/learn_policy.o \
		reporter/learn/learn_route.o \
		reporter/learn/learn_settle.o \
		reporter/learn/learn_turns.o \
		reporter/learn/learn_watch.o \
		reporter/learn/lesson.o \
		reporter/parent.o \
		reporter/setup.o \
		reporter/store/store_attempt.o \
		reporter/store/store_claim.o \
		reporter/store/store_copy.o \
		reporter/store/store_fetch.o \
		reporter/store/store_flow.o \
		reporter/store/store_probe.o \
		reporter/store/store_route.o \
		reporter/store/store_segment.o \
		reporter/store/store_sts.o \
		reporter/store/store_tally.o \
		reporter/store/store_trim.o

SGECTL_OBJS =	\
		reporter/check/check.o \
		reporter/check/check_ask.o \
		reporter/check/check_dane.o \
		reporter/check/check_domain.o \
		reporter/check/check_mx.o \
		reporter/check/check_record.o \
		reporter/check/cmd_policy_new.o \
		reporter/check/cmd_record_new.o \
		reporter/check/key_file.o \
		reporter/check/lint.o \
		reporter/check/rua_lint.o \
		reporter/check/rua_lint_print.o \
		reporter/check/rua_lint_uri.o \
		reporter/check/sts_lint.o \
		reporter/check/tlsa.o \
		reporter/host/check_config.o \
		reporter/host/check_connector.o \
		reporter/host/check_digest.o \
		reporter/host/check_dkim.o \
		reporter/host/check_filter.o \
		reporter/host/check_fleet.o \
		reporter/host/check_host.o \
		reporter/host/check_key.o \
		reporter/host/check_mailbox.o \
		reporter/host/check_match.o \
		reporter/host/check_own.o \
		reporter/host/check_person.o \
		reporter/host/check_pki.o \
		reporter/host/check_report.o \
		reporter/host/check_run.o \
		reporter/host/check_service.o \
		reporter/host/check_sged.o \
		reporter/host/check_since.o \
		reporter/host/check_smtpd.o \
		reporter/host/check_tls.o \
		reporter/host/check_wide.o \
		reporter/host/dkim_verify.o \
		reporter/host/match_fault.o \
		reporter/host/match_found.o \
		reporter/host/smtpd_conf.o \
		reporter/host/smtpd_line.o \
		reporter/host/smtpd_match.o \
		reporter/host/smtpd_names.o \
		reporter/command/cmd_deliver.o \
		reporter/command/deliver_answer.o \
		reporter/command/deliver_forward.o \
		reporter/command/deliver_nature.o \
		reporter/command/deliver_parse.o \
		reporter/command/cmd_read.o \
		reporter/command/cmd_report.o \
		reporter/command/cmd_send.o \
		reporter/command/deliver_bounce.o \
		reporter/command/print_received.o \
		reporter/ctl/ctl.o \
		reporter/ctl/ctl_help.o \
		reporter/ctl/fleet_seen.o \
		reporter/ctl/ctl_sendmail.o \
		reporter/ctl/smtpctl.o \
		reporter/ctl/smtpd_queue.o \
		reporter/ctl/print.o \
		reporter/ctl/sged_ask.o \
		reporter/hosts.o \
		reporter/release.o \
		reporter/reader/budget.o \
		reporter/reader/mailbox.o \
		reporter/reader/mime.o \
		reporter/reader/mime_code.o \
		reporter/reader/mime_walk.o \
		reporter/reader/reader.o \
		reporter/reader/reader_dkim.o \
		reporter/reader/reader_field.o \
		reporter/reader/reader_json.o \
		reporter/reader/reader_member.o \
		reporter/reader/reader_policy.o \
		reporter/reader/reader_scan.o \
		reporter/reader/reader_text.o \
		reporter/reader/sniff.o \
		reporter/reader/unpack.o \
		reporter/store/query_flow.o \
		reporter/store/query_heard.o \
		reporter/store/query_policy.o \
		reporter/store/query_sent.o \
		reporter/store/unread_box.o \
		reporter/view/digest.o \
		reporter/view/digest_failed.o \
		reporter/view/digest_flow.o \
		reporter/view/digest_item.o \
		reporter/view/digest_own.o \
		reporter/view/digest_received.o \
		reporter/view/html.o \
		reporter/view/html_chart.o \
		reporter/view/html_flow.o \
		reporter/view/html_problems.o \
		reporter/view/html_sent.o \
		reporter/view/html_style.o \
		reporter/view/metric_print.o \
		reporter/view/spool_lag.o \
		reporter/view/received_table.o \
		reporter/view/received_text.o \
		reporter/view/view_cleartext.o \
		reporter/view/view_domain.o \
		reporter/view/view_downgrade.o \
		reporter/view/view_explain.o \
		reporter/view/view_failures.o \
		reporter/view/view_fleet.o \
		reporter/view/view_flow.o \
		reporter/view/view_letter.o \
		reporter/view/view_metrics.o \
		reporter/view/view_metrics_host.o \
		reporter/view/view_policy.o \
		reporter/view/view_received.o \
		reporter/view/view_reporters.o \
		reporter/view/view_route.o \
		reporter/view/view_sent.o \
		reporter/view/view_sessions.o \
		reporter/view/view_status.o \
		reporter/view/smtpd_address.o \
		reporter/view/view_test.o

OBJS =		${COMMON_OBJS} ${FILTER_OBJS} ${TABLE_OBJS} \
		${REPORTER_OBJS} ${WORLD_OBJS} ${SGED_OBJS} ${SGECTL_OBJS}
PROGS =		\
		filter/filter-keep \
		filter/filter-sge \
		filter/table-sge \
		reporter/sgectl \
		reporter/sged

# Another make may read .depend at that moment.
all: ${PROGS} ${OBJS}
	@cat filter/*.d filter/*/*.d reporter/*.d reporter/*/*.d >.depend.$$$$ && \
	    mv .depend.$$$$ .depend

# Everything but the linking.
objects: ${OBJS} filter/filter-keep.o filter/filter-sge.o \
	    filter/table-sge.o reporter/sgectl.o reporter/sged.o

.SUFFIXES:
.SUFFIXES: .c .o

.c.o:
	${CC} ${SGE_CFLAGS} -MMD -MP -c -o $@ $<

filter/conf/conf_parse.c: filter/conf/conf_parse.y
	${YACC} -o $@ filter/conf/conf_parse.y

filter/filter-keep: filter/filter-keep.o ${FILTER_OBJS} ${COMMON_OBJS}
	${CC} ${SGE_LDFLAGS} -o $@ filter/filter-keep.o ${FILTER_OBJS} ${COMMON_OBJS} \
	    ${FILTER_LIBS}

filter/filter-sge: filter/filter-sge.o ${FILTER_OBJS} ${COMMON_OBJS}
	${CC} ${SGE_LDFLAGS} -o $@ filter/filter-sge.o ${FILTER_OBJS} ${COMMON_OBJS} \
	    ${FILTER_LIBS}

filter/table-sge: filter/table-sge.o ${TABLE_OBJS} ${COMMON_OBJS}
	${CC} ${SGE_LDFLAGS} -o $@ filter/table-sge.o ${TABLE_OBJS} ${COMMON_OBJS} \
	    ${FILTER_LIBS}

reporter/sgectl: reporter/sgectl.o ${SGECTL_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS}
	${CC} ${SGE_LDFLAGS} -o $@ reporter/sgectl.o ${SGECTL_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS} ${REPORTER_LIBS}

reporter/sged: reporter/sged.o ${SGED_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS}
	${CC} ${SGE_LDFLAGS} -o $@ reporter/sged.o ${SGED_OBJS} ${WORLD_OBJS} \
	    ${REPORTER_OBJS} ${COMMON_OBJS} ${REPORTER_LIBS}

# Unit tests: regress/unit/unit-NAME.c, one item a line; "make unit-NAME" builds
# one.
UNITS =		\
		unit-ahead \
		unit-announced \
		unit-attempts \
		unit-answer \
		unit-bounce \
		unit-child \
		unit-collide \
		unit-conf \
		unit-conf-files \
		unit-conf-mistakes \
		unit-copy \
		unit-ctl \
		unit-dane \
		unit-day \
		unit-deliver \
		unit-deliver-crash \
		unit-deliver-day \
		unit-deliver-many \
		unit-deliver-now \
		unit-deliver-post \
		unit-dkim \
		unit-domain \
		unit-doubt \
		unit-event \
		unit-fill \
		unit-flow \
		unit-flow-others \
		unit-hash \
		unit-helper \
		unit-ingest \
		unit-ingest-waits \
		unit-ipc \
		unit-kept \
		unit-learn \
		unit-learn-again \
		unit-learn-bounds \
		unit-learn-file \
		unit-learn-hosts \
		unit-learn-judge \
		unit-learn-limits \
		unit-learn-looks \
		unit-learn-policy \
		unit-learn-watch \
		unit-line-in \
		unit-log \
		unit-loop \
		unit-mailer \
		unit-net \
		unit-net-read \
		unit-notice \
		unit-pool \
		unit-reader \
		unit-queue \
		unit-record \
		unit-report \
		unit-report-details \
		unit-report-mail \
		unit-resolve \
		unit-routes \
		unit-routes-base \
		unit-rua \
		unit-rua-uri \
		unit-sandbox \
		unit-session \
		unit-session-rcpt \
		unit-session-whose \
		unit-steps \
		unit-store \
		unit-steady \
		unit-sts \
		unit-sts-why \
		unit-table-answer \
		unit-tally \
		unit-tally-bounds \
		unit-tally-ours \
		unit-tally-sides \
		unit-tally-whose \
		unit-turn \
		unit-unread \
		unit-verify \
		unit-waits \
		unit-world \
		unit-wrap

# What they link with: everything but the programs' main files.
UNIT_OBJS =	${COMMON_OBJS} ${FILTER_OBJS} ${REPORTER_OBJS} ${WORLD_OBJS} \
		${SGED_OBJS} ${SGECTL_OBJS}

# Programs that only the tests use: regress/tool/NAME.c, one item a line.
TOOLS =		\
		broken \
		fakesged \
		httpd \
		mutate \
		peer \
		records \
		smtpc
TOOL_LIBS =	-lssl -lcrypto

# A unit test is linked with what it uses of this, and built again when that,
# or a file that it includes, is newer: regress/bin/unit-NAME.uses names them.
UNIT_LIB =	regress/bin/libunits.a

${UNIT_LIB}: ${UNIT_OBJS}
	@mkdir -p regress/bin
	rm -f $@
	ar rc $@ ${UNIT_OBJS}

${UNITS}: all ${UNIT_LIB}
	@COMPILE="${CC} ${SGE_CFLAGS} -Iregress/unit" \
	    LINK="${CC} ${SGE_LDFLAGS}" \
	    LIBS="${UNIT_LIB} ${REPORTER_LIBS}" sh regress/unit/link $@

units: ${UNITS}

tools:
	@mkdir -p regress/bin
	@set -e; for t in ${TOOLS}; do \
		if test -f regress/bin/$$t && test -z "`find \
		    regress/tool/$$t.c regress/tool/tool.h -newer regress/bin/$$t`"; then \
			continue; \
		fi; \
		echo "${CC} -o regress/bin/$$t"; \
		${CC} ${CFLAGS} ${WARN} ${WERROR} -std=gnu11 \
		    -o regress/bin/$$t regress/tool/$$t.c ${TOOL_LIBS}; \
	done

# Programs of the benchmarks: regress/bench/NAME.c, one item a line.
BENCH_TOOLS =	\
		drive \
		floor \
		lean \
		routes-swap \
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
		${CC} ${CFLAGS} ${WARN} ${WERROR} -std=gnu11 \
		    -o regress/bin/$$t regress/bench/$$t.c ${CDB_LIBS}; \
	done

# What is installed names the places where it is installed, in the words of the
# system that it is installed on.
WORDS =		sh etc/words filter/base/system.h
PLACES =	-e 's,/usr/local/libexec/smtpd,${LIBEXEC},g' \
		-e 's,/usr/local/sbin,${SBINDIR},g' \
		-e 's,/usr/local/share/examples/sge,${EXAMPLEDIR},g' \
		-e 's,/etc/mail/sge,${ETCDIR}/mail/sge,g'
FILTERS =	filter-keep filter-sge table-sge
DAEMONS =	sgectl sged
PAGES =		filter-keep.8 filter-sge.8 sge.7 sge.conf.5 \
		sgectl-examples.7 sgectl.8 sged.8 table-sge.8
EXAMPLES =	crontab.example sge.conf.example sged.rc.example \
		sged.service.example smtpd.conf.example

install: all
	mkdir -p ${DESTDIR}${LIBEXEC} ${DESTDIR}${SBINDIR} \
	    ${DESTDIR}${MANDIR}/man5 ${DESTDIR}${MANDIR}/man7 \
	    ${DESTDIR}${MANDIR}/man8 \
	    ${DESTDIR}${EXAMPLEDIR}
	set -e; for p in ${FILTERS}; do \
		install -m 755 filter/$$p ${DESTDIR}${LIBEXEC}/; \
	done
	set -e; for p in ${DAEMONS}; do \
		install -m 755 reporter/$$p ${DESTDIR}${SBINDIR}/; \
	done
	set -e; umask 022; words=$$(${WORDS}); for m in ${PAGES}; do \
		rm -f ${DESTDIR}${MANDIR}/man$${m##*.}/$$m; \
		sed -e "$$words" ${PLACES} man/$$m \
		    >${DESTDIR}${MANDIR}/man$${m##*.}/$$m; \
	done
	set -e; umask 022; words=$$(${WORDS}); for e in ${EXAMPLES}; do \
		rm -f ${DESTDIR}${EXAMPLEDIR}/$$e; \
		sed -e "$$words" ${PLACES} etc/$$e \
		    >${DESTDIR}${EXAMPLEDIR}/$$e; \
	done

# Configuration, spool and database stay, and what README has put elsewhere.
LEFT =		${ETCDIR}/mail/sge.conf ${ETCDIR}/mail/dkim.key \
		/var/spool/sged /var/db/sged /etc/systemd/system/sged.service \
		/etc/cron.d/sge /etc/rc.d/sged
uninstall:
	for p in ${FILTERS}; do rm -f ${DESTDIR}${LIBEXEC}/$$p; done
	for p in ${DAEMONS}; do rm -f ${DESTDIR}${SBINDIR}/$$p; done
	for m in ${PAGES}; do rm -f ${DESTDIR}${MANDIR}/man$${m##*.}/$$m; done
	for e in ${EXAMPLES}; do rm -f ${DESTDIR}${EXAMPLEDIR}/$$e; done
	@rmdir ${DESTDIR}${EXAMPLEDIR} 2>/dev/null || :
	@for f in ${LEFT}; do \
		if test -e ${DESTDIR}$$f; then echo "left: $$f"; fi; \
	done
	@for u in _sged _sgenet _sgefilter; do \
		if test -z "${DESTDIR}" && id $$u >/dev/null 2>&1; then \
			echo "left: the user $$u"; \
		fi; \
	done
	@for f in /etc/smtpd.conf /etc/mail/smtpd.conf; do \
		if grep '^[^#]*filter-sge' ${DESTDIR}$$f >/dev/null 2>&1; then \
			echo "$$f still names filter-sge: smtpd does not" \
			    "start with it"; \
		fi; \
	done

# A Debian package, into ${DEB}.
DEB =		.

deb:
	@sh etc/debian/build ${DEB}

# Both install what is needed, then call make again: the variables above may
# be others then.
regress:
	@MAKE="${MAKE}" sh regress/run

# A call that fails, at each of those that small runs of each program make.
faults:
	@FAULTS=0 MAKE="${MAKE}" sh regress/run regress/t/inject.t \
		regress/t/db-faults.t regress/t/clock.t regress/t/soak.t

# Needs clang; FUZZ_S=seconds for each target.
fuzz: all
	@sh regress/fuzz/run

demo:
	@MAKE="${MAKE}" sh regress/demo.sh

# Three mail hosts and a PostgreSQL, which has to be installed.
demo-fleet:
	@MAKE="${MAKE}" sh regress/demo-fleet.sh

clean:
	rm -f ${PROGS} filter/*.[od] filter/*/*.[od] reporter/*.[od] \
	    reporter/*/*.[od] filter/conf/conf_parse.c
	rm -rf regress/bin .depend .depend.*

-include .depend

.PHONY: all bench bench-tools clean deb demo demo-fleet faults fuzz install objects \
	regress tools uninstall units ${UNITS}
