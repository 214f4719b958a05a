#!/bin/sh
# What smtpd has at fixed paths is this test's own, in a mount namespace.
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
exec unshare --mount sh -c '
mount -t tmpfs -o mode=755 tmpfs /var/spool &&
    mount -t tmpfs -o mode=755 tmpfs "$(realpath /var/run)" &&
    mkdir /var/spool/smtpd && exec "$1"' sh "${BIN:-regress/bin}/unit-doubt"
