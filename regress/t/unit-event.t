#!/bin/sh
exec regress/bin/unit-event
