#!/bin/sh
exec "${BIN:-regress/bin}/unit-copy"
