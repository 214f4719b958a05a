#!/bin/sh
exec "${BIN:-regress/bin}/unit-ingest-waits"
