#!/bin/sh
exec "${BIN:-regress/bin}/unit-tally-ours"
