#!/bin/sh
exec "${BIN:-regress/bin}/unit-table-answer"
