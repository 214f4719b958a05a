/* SPDX-License-Identifier: ISC */

#ifndef SGE_IPC_H
#define SGE_IPC_H

#include <jansson.h>

#include "base/compat.h"
#include "lib/loop.h"

/*
 * One JSON object a message over SOCK_SEQPACKET, at most one descriptor with
 * it: between sged's processes, and on its socket.  What can't be sent at once
 * is queued.
 */
struct ipc;

/*
 * Takes fd over (made non-blocking).  message: obj is borrowed, fd is -1 or
 * now the callee's to close.  A message that is not a JSON object, or too
 * long, counts as closed.  closed: the peer is gone, or sent nonsense; the
 * callee calls ipc_free, now or later.
 */
struct ipc *ipc_new(struct loop *, int fd,
	    void (*message)(struct ipc *, json_t *obj, int fd, void *arg),
	    void (*closed)(struct ipc *, void *arg), void *arg);
void	ipc_free(struct ipc *);
/* From now on a message of more bytes is too long. */
void	ipc_accept(struct ipc *, size_t most);
/* Steals obj, and closes fd (-1: none) once it is sent.  0, or -1: too long. */
int	ipc_send(struct ipc *, json_t *obj, int fd);
/* What has come by now is handed on, before the loop's next turn. */
void	ipc_read(struct ipc *);
/* Messages not yet sent. */
size_t	ipc_queued(const struct ipc *);

/* Both ends close-on-exec. */
int	ipc_pair(int fds[2]);

/* Members of an object, with a value for "not there or of another type". */
const char *ipc_string(const json_t *obj, const char *key, const char *other);
int64_t	ipc_int(const json_t *obj, const char *key, int64_t other);
int	ipc_bool(const json_t *obj, const char *key, int other);

#endif
