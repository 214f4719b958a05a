#!/bin/sh
exec "${BIN:-regress/bin}/unit-rua-uri"
