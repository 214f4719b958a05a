#!/bin/sh
exec "${BIN:-regress/bin}/unit-deliver-many"
