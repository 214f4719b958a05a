#!/bin/sh
#
# 10,000 reports and mails changed at random, under the address and undefined
# behaviour sanitizers; a leak is an error too.
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here/.." || exit 1
bin=${REGRESS_BIN:-regress/bin}
reader="mailbox mime mime_code reader reader_dkim reader_json reader_member reader_report
reader_scan reader_text store_received unpack store schema day read_text view
view_explain view_received view_downgrade view_reporters"
mkdir -p "$bin/asan"
src="regress/fuzz-reader.c filter/addr.c filter/log.c filter/parse.c
filter/scan.c"
for f in filter/conf*.c filter/dom*.c filter/lex*.c filter/word*.c; do
	src="$src $f"
done
for f in $reader; do src="$src reporter/$f.c"; done
# Built again only when something is newer.
if [ ! -x "$bin/asan/fuzz-reader" ] || [ -n "$(find $src regress/got.h \
    regress/conftext.h filter/bounds.h reporter/reader.h -newer "$bin/asan/fuzz-reader")" ]; then
	# shellcheck disable=SC2046,SC2086
	${CC:-cc} -g -O1 -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	    -std=gnu11 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -Ifilter -Ireporter \
	    -Iregress $(pkg-config --cflags libbsd-overlay 2>/dev/null) \
	    -o "$bin/asan/fuzz-reader" $src -ljansson -lsqlite3 -lz \
	    $(pkg-config --libs libbsd-overlay 2>/dev/null) -lm || {
		echo 'not ok 1 - build with the sanitizers'
		echo '1..1'
		exit 1
	}
fi
exec "$bin/asan/fuzz-reader" regress/samples "$@"
