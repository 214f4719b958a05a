#!/bin/sh
exec regress/bin/unit-log
