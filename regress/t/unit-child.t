#!/bin/sh
exec "${REGRESS_BIN:-$(dirname "$0")/../bin}/unit-child"
