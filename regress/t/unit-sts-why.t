#!/bin/sh
exec "${BIN:-regress/bin}/unit-sts-why"
