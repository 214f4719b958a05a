#!/bin/sh
#
# 10,000 reports and mails changed at random, under the address and undefined
# behaviour sanitizers; a leak is an error too.
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here/.." || exit 1
bin=${REGRESS_BIN:-regress/bin}
mkdir -p "$bin/asan"
src="regress/fuzz/fuzz-reader.c reporter/command/print_received.c
reporter/ctl/print.c reporter/lib/date.c reporter/lib/hash.c
reporter/lib/text.c reporter/lib/xalloc.c
reporter/store/query_received.c reporter/store/store.c
reporter/store/store_names.c reporter/store/store_received.c
reporter/store/store_open.c reporter/store/store_schema.c
reporter/view/received_table.c reporter/view/received_text.c
reporter/view/view_downgrade.c reporter/view/view_explain.c
reporter/view/view_received.c reporter/view/view_reporters.c"
for f in filter/base/*.c filter/conf/*.c reporter/reader/*.c reporter/rfc/*.c; do
	src="$src $f"
done
# Built again only when something is newer.
if [ ! -x "$bin/asan/fuzz-reader" ] || [ -n "$(find $src regress/unit/make_report.h \
    regress/unit/conftext.h filter/base/bounds.h reporter/reader/reader.h \
    reporter/rfc/received.h reporter/rfc/result.h -newer "$bin/asan/fuzz-reader")" ]; then
	# shellcheck disable=SC2046,SC2086
	${CC:-cc} -g -O1 -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	    -std=gnu11 -D_GNU_SOURCE -DLIBBSD_OPENBSD_VIS -Ifilter -Ireporter \
	    -Iregress/unit $(pkg-config --cflags libbsd-overlay 2>/dev/null) \
	    -o "$bin/asan/fuzz-reader" $src -ljansson -lsqlite3 -lz \
	    $(pkg-config --libs libbsd-overlay 2>/dev/null) -lm || {
		echo 'not ok 1 - build with the sanitizers'
		echo '1..1'
		exit 1
	}
fi
exec "$bin/asan/fuzz-reader" regress/data/samples "$@"
