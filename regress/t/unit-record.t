#!/bin/sh
exec regress/bin/unit-record
