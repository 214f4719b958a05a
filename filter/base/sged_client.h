/* SPDX-License-Identifier: ISC */

#ifndef SGE_CLIENT_H
#define SGE_CLIENT_H

#include "base/compat.h"

/*
 * The daemon's socket: SOCK_SEQPACKET, one JSON object a message.
 */

/* A non-blocking descriptor, or -1 with errno. */
int	client_connect(const char *path);

/*
 * {"learn":"DOMAIN"}, answered by {"learned":"DOMAIN","route":"enforce"} or
 * "none".  Returns 0, or -1 with errno (EAGAIN: the socket is full).
 */
int	client_learn(int fd, const char *domain);
/*
 * The domain of one answer into out.  Returns 1; 0 if there is none now; -1
 * if the connection is over.  Other messages are passed over.
 */
int	client_learned(int fd, char out[], size_t outsz);

#endif
