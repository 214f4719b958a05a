#!/bin/sh
exec "${BIN:-regress/bin}/unit-pool"
