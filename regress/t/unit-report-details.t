#!/bin/sh
exec "${BIN:-regress/bin}/unit-report-details"
