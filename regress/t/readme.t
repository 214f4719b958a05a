#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The smtpd.conf in README is etc/smtpd.conf.example, which the test bed runs.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/regress/bed/tap.sh"
# Without comments, empty lines and runs of blanks.
plain()
{
	sed -e '/^ *#/d' -e 's/  */ /g' -e 's/^ //' -e '/^$/d'
}
want=$(plain <"$TOP/etc/smtpd.conf.example")
got=$(sed -n '/^    pki .* cert /,/^    match auth .* for any action/p' \
    "$TOP/README" | plain)
is "$got" "$want" "README has the smtpd.conf of etc/smtpd.conf.example"
finish
