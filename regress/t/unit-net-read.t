#!/bin/sh
exec "${BIN:-regress/bin}/unit-net-read"
