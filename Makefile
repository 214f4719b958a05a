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

SGE_CFLAGS =	${OPT} ${WARN} ${WERROR} -std=gnu11 -DLIBBSD_OPENBSD_VIS \
		-Ifilter -Ireporter ${BSD_CFLAGS} ${JSON_CFLAGS} \
		${DAEMON_CFLAGS} ${CFLAGS_EXTRA}
FILTER_LIBS =	${JSON_LIBS} ${BSD_LIBS}
REPORTER_LIBS =	${JSON_LIBS} ${DAEMON_LIBS} ${BSD_LIBS} -lm

# Shared by all programs.
COMMON_OBJS =	\
		filter/log.o

# The rest of filter-sge and table-sge.
FILTER_OBJS =	\

TABLE_OBJS =	\

# Shared by sged and sgectl.
REPORTER_OBJS =	\
		reporter/schema.o

SGED_OBJS =	\

SGECTL_OBJS =	\

OBJS =		${COMMON_OBJS} ${FILTER_OBJS} ${TABLE_OBJS} \
		${REPORTER_OBJS} ${SGED_OBJS} ${SGECTL_OBJS}
PROGS =		

all: ${PROGS} ${OBJS}

.SUFFIXES:
.SUFFIXES: .c .o

.c.o:
	${CC} ${SGE_CFLAGS} -MMD -c -o $@ $<

# Unit tests: regress/unit-NAME.c, one item a line.
UNITS =		\

# What they link with: everything but the programs' main files.
UNIT_OBJS =	${COMMON_OBJS} ${REPORTER_OBJS}

regress/bin:
	mkdir -p regress/bin

clean:
	rm -f ${PROGS} filter/*.[od] reporter/*.[od] regress/*.[od] \
	    filter/parse.c
	rm -rf regress/bin

-include filter/log.d
-include reporter/schema.d

.PHONY: all clean install regress demo bench
