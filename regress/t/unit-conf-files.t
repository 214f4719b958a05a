#!/bin/sh
exec "${BIN:-regress/bin}/unit-conf-files"
