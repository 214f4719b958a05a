# What smtpd tells a filter of the sessions of this folder's table, for
#
#	awk -v day=EPOCH -v from=HH:MM:SS -v until=HH:MM:SS -f events.awk sessions
#
# those that ended from then on, before then; "-" and "+" lines belong to the
# first and the last part.  Attempts go to the file "tries": "EPOCH DOMAIN".

function seconds(text,	p)
{
	split(substr(text, length(text) - 7), p, ":")
	return day + p[1] * 3600 + p[2] * 60 + p[3] + \
	    (text ~ /^[+]/ ? 86400 : text ~ /^-/ ? -86400 : 0)
}

function say(event, rest)
{
	printf "report|0.7|%d.500000|%s|%s|%016x%s\n", now, side, event, id,
	    rest == "" ? "" : "|" rest
}

function tell(command)
{
	say("protocol-client", command)
}

function begin()
{
	say("link-connect", "mx" ip ".nz|pass|203.0.113.1:4711|203.0.113." \
	    ip ":25")
}

function hello()
{
	say("link-greeting", "mx" ip ".nz")
	tell("EHLO mail.minties.govt.nz")
}

function tls(version)
{
	begin()
	hello()
	tell("STARTTLS")
	tell("EHLO mail.minties.govt.nz")
	say("link-tls", version ":TLS_AES_256_GCM_SHA384:256")
}

# To domains of to[first] up to to[last]; taken: whether it was.
function mail(sender, first, last, taken,	i)
{
	tell("MAIL FROM:<" sender "@minties.govt.nz>")
	for (i = first; i <= last; i++)
		tell("RCPT TO:<u@" to[i] ">")
	if (taken) {
		tell("DATA")
		tell(".")
		say("tx-commit", sprintf("%08x|500", ++msgid))
	}
}

function staff(taken)
{
	mail("staff", 1, n, taken)
}

function fail_first()
{
	begin()
	hello()
	tell("STARTTLS")
	begin()
	hello()
}

function submit(	i)
{
	side = "smtp-in"
	say("link-connect", "localhost|pass|unix:/run/smtpd.sock|unix:" \
	    "/run/smtpd.sock")
	say("link-identify", "HELO|localhost")
	say("tx-mail", "aabbccdd|ok|staff@minties.govt.nz")
	for (i = 1; i <= n; i++) {
		printf "filter|0.7|%d.500000|smtp-in|rcpt-to|%016x|%016x|%s\n",
		    now, id, id, "u@" to[i]
		say("tx-rcpt", "aabbccdd|ok|u@" to[i])
	}
	say("tx-commit", "aabbccdd|500")
	say("link-disconnect", "")
}

function session(kind, ended, began,	i)
{
	id++
	side = "smtp-out"
	now = ended
	if (kind == "submit") {
		submit()
		return
	}
	now = began
	if (kind ~ /^tls1/)
		tls("TLSv1." substr(kind, 5))
	else if (kind ~ /^(grey|two|mailref|report|mixed)$/)
		tls("TLSv1.3")
	else if (kind ~ /^(downgrade|greydown)$/)
		fail_first()
	else
		begin()
	if (kind ~ /^(clear|greyclear|refused|ehlo|nostls|badtls)$/)
		hello()
	if (kind ~ /^(refused|badtls)$/)
		tell("STARTTLS")
	if (kind ~ /^(tls1.|clear|refused|downgrade)$/)
		staff(1)
	else if (kind ~ /^(grey|greyclear|greydown)$/)
		staff(0)
	else if (kind == "two")
		for (i = 1; i <= n; i++)
			mail("staff", i, i, 1)
	else if (kind == "mailref")
		tell("MAIL FROM:<staff@minties.govt.nz>")
	else if (kind == "report")
		mail("tlsrpt-noreply", 1, 1, 1)
	else if (kind == "mixed") {
		mail("tlsrpt-noreply", 1, 1, 1)
		mail("staff", 2, 2, 1)
	}
	now = ended
	say("link-disconnect", "")
}

BEGIN {
	first = seconds(from)
	last = seconds(until)
	id = 1 + day % 86400 + first
	printf "" >tries
}

/^#/ || NF < 4 { next }

{
	t = began = seconds($1)
	times = 1
	n = 0
	for (i = 4; i <= NF; i++)
		if ($i ~ /^x[0-9]+$/)
			times = substr($i, 2) + 0
		else if ($i ~ /^from=/)
			began = seconds(substr($i, 6))
		else if ($i != "-")
			to[++n] = $i
	ip = $2
	at = $1 ~ /^-/ ? first : $1 ~ /^[+]/ ? last - 1 : t
	if (at < first || at >= last)
		next
	if ($3 == "try")
		print t, to[1] >>tries
	else
		for (i = 0; i < times; i++)
			session($3, t + 60 * i, began + 60 * i)
}
