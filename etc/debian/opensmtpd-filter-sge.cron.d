# What needs attention, to root: a mail when there is something, and one a week.
# Reports cover UTC days.
30 1 * * * root [ ! -x /usr/sbin/sgectl ] || [ ! -f /etc/mail/sge.conf ] || sgectl digest
40 1 * * 1 root [ ! -x /usr/sbin/sgectl ] || [ ! -f /etc/mail/sge.conf ] || sgectl digest -a -d 7
