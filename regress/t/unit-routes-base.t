#!/bin/sh
exec "${BIN:-regress/bin}/unit-routes-base"
