#!/bin/sh
# The net process: HTTPS and the look at STARTTLS, against servers of ours.

bin=${BIN:-regress/bin}
dir=$(mktemp -d "${TMPDIR:-/tmp}/sge-net.XXXXXX") || exit 1
chmod 755 "$dir"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
	sed 's/^/# /' "$dir"/log* 2>/dev/null
	echo "not ok 1 - $1"
	echo "1..1"
	exit 1
}

# ca NAME
ca() {
	mkdir "$dir/$1"
	: >"$dir/$1/index"
	echo 01 >"$dir/$1/serial"
	cat >"$dir/$1/conf" <<-EOF
	[ca]
	default_ca = it
	[it]
	database = $dir/$1/index
	serial = $dir/$1/serial
	new_certs_dir = $dir/$1
	certificate = $dir/$1/ca.crt
	private_key = $dir/$1/ca.key
	default_md = sha256
	unique_subject = no
	policy = any
	[any]
	commonName = supplied
	EOF
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$1" -days 3650 -keyout "$dir/$1/ca.key" \
	    -out "$dir/$1/ca.crt" 2>>"$dir/log" || fail "openssl"
}

# cert FILE CA END [NAME]: without a name, only the subject has it.
cert() {
	echo "${4:+subjectAltName = DNS:$4}" >"$dir/ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$1" -keyout "$dir/certs/$1.key" -out "$dir/csr" \
	    2>>"$dir/log" &&
	openssl ca -batch -notext -config "$dir/$2/conf" \
	    -startdate 20200101000000Z -enddate "$3" -extfile "$dir/ext" \
	    -in "$dir/csr" -out "$dir/certs/$1.crt" 2>>"$dir/log" ||
	    fail "openssl"
}

# answer PATH: the text on standard input, for every host.
answer() {
	cat >"$dir/answers/good.test/_$1"
}

mkdir "$dir/certs" "$dir/answers" "$dir/out" "$dir/answers/good.test"
ca known
ca unknown
end=20991231235959Z
cert default known $end default.test
cert good.test known $end good.test
cert big.test known $end big.test
cert wrong.test known $end right.test
cert expired.test known 20201231235959Z expired.test
cert unknown.test unknown $end unknown.test
cert cnonly.test known $end
cert a.wild.test known $end '*.wild.test'
for f in crt key; do
	cp "$dir/certs/a.wild.test.$f" "$dir/certs/a.b.wild.test.$f"
done

printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 15\r\n\r\nversion: STSv1\n' | answer ok
printf 'HTTP/1.1 302 Moved\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n' |
    answer moved
printf 'HTTP/1.1 200 OK\r\ncontent-type: Text/Plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n' | answer chunked
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nto the end' |
    answer close
printf '@continue\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nafter' |
    sed 's/^@continue$/HTTP\/1.1 100 Continue\r\n\r/' | answer continue
printf 'HTTP/1.1 200 OK\r\n\r\na\000\377' | answer bytes
printf '@pad 70000\nHTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n' |
    answer big
printf '@pad 90000\nHTTP/1.1 200 OK\r\n\r\n' | answer endless
printf 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort' | answer short
printf 'what do you want?\r\n\r\n' | answer garbage
printf '@close\n' | answer hang-up
printf '@never\n' | answer never
printf '@drip 100\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nso slow, it would take an age' | answer drip
printf 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n' | answer post
printf 'HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n' | answer post-413
for host in wrong expired unknown cnonly big a.wild a.b.wild; do
	cp -R "$dir/answers/good.test" "$dir/answers/$host.test"
done

# listening LOG PID: 0 once the server is up.
listening() {
	n=0
	while kill -0 $2 2>/dev/null && [ $n -lt 100 ]; do
		grep -q listening "$1" 2>/dev/null && return 0
		n=$((n + 1))
		sleep 0.1
	done
	return 1
}

# A row of free ports, tried by the first of them.
for try in 1 2 3 4 5 6; do
	[ $try -eq 6 ] && fail "no free port"
	port=$((20000 + ($$ * 100 + try * 4900) % 30000))
	"$bin/httpd" -p $port -c "$dir/certs" -d "$dir/answers" \
	    -o "$dir/out" >"$dir/log.httpd" 2>&1 &
	pids="$pids $!"
	listening "$dir/log.httpd" $! && break
done

# peer N CERT MODE [OPTION...]
peer() {
	p=$1 c=$2 m=$3
	shift 3
	"$bin/peer" -p $((port + p)) -c "$dir/certs/$c.crt" \
	    -k "$dir/certs/$c.key" -m $m -n mx.test "$@" \
	    >"$dir/log.$p" 2>&1 &
	pids="$pids $!"
	listening "$dir/log.$p" $! || fail "peer $m"
}

peer 1 good.test ok -v 1.2-1.3
peer 2 expired.test ok
peer 3 unknown.test ok
peer 4 good.test nostarttls
peer 5 good.test 454
peer 6 good.test drop
peer 7 good.test garbage
peer 8 good.test hangup
peer 9 good.test ok -v 1.0-1.1
peer 10 good.test ok -v 1.3
"$bin/unit-net" "$dir/known/ca.crt" $port "$dir/out"
