#!/bin/sh
exec "${BIN:-regress/bin}/unit-flow-others"
