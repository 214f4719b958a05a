#!/bin/sh
exec "${BIN:-regress/bin}/unit-learn-looks"
