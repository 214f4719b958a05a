#!/bin/sh
d=$(dirname "$0")/..
exec "${REGRESS_BIN:-$d/bin}/unit-unread"
