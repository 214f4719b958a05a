#!/bin/sh
exec "${BIN:-regress/bin}/unit-session-whose"
