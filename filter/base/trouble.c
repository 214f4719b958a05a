/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "base/trouble.h"

int
trouble_is_none(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int
trouble_passes(int error)
{
	switch (error) {
	case ENOBUFS:
	case ENOMEM:
	case EIO:
	case ENFILE:
		return 1;
	default:
		return trouble_is_none(error);
	}
}

void
trouble_wait(void)
{
	(void)poll(NULL, 0, TROUBLE_MS);
}
