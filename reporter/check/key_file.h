/* SPDX-License-Identifier: ISC */

#ifndef SGE_KEYFILE_H
#define SGE_KEYFILE_H

#include <sys/types.h>

/*
 * The private key of a PEM file, which the caller frees; NULL, and errno 0 where
 * the file has none, or one with a password: nobody is asked for it.
 */
struct evp_pkey_st *check_read_key(const char *path);
/*
 * What is to be published of a private key's file, as "p=" has it: base64 of
 * its SubjectPublicKeyInfo, of Ed25519 the bare key (RFC 8463); type: its
 * "k=".  0, 1 where the file can't be read, -1 where it is no key or has a
 * password.
 */
#define DKIM_KEY_MAX 4096	/* 16384 bits and more */
int	check_public_key(const char *path, char out[], size_t outsz,
	    const char **type);

#endif
