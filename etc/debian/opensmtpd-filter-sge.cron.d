# What needs attention, to root: a mail when there is something, and one a week;
# and what is damaged or wrong.  Reports cover UTC days.  cron's PATH has no sbin.
30 1 * * * root [ ! -x /usr/sbin/sgectl ] || [ ! -f /etc/mail/sge.conf ] || /usr/sbin/sgectl digest
35 1 * * * root [ ! -x /usr/sbin/sged ] || [ ! -f /etc/mail/sge.conf ] || out=$(/usr/sbin/sged -n 2>&1) || echo "$out"
40 1 * * 1 root [ ! -x /usr/sbin/sgectl ] || [ ! -f /etc/mail/sge.conf ] || /usr/sbin/sgectl digest -a -d 7
