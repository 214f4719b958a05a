/* SPDX-License-Identifier: ISC */

#ifndef SGE_ROUTE_MAP_H
#define SGE_ROUTE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/sip_hash.h"
#include "spool/routes.h"

struct route_entry {
	int64_t		 until;
	uint32_t	 hash;
	uint32_t	 name;		/* in the arena */
	uint32_t	 urls;
	uint16_t	 room;		/* that urls takes in the arena */
	uint8_t		 kind;		/* ROUTE_UNKNOWN: dropped */
	uint8_t		 reading;	/* the one that named it last */
};

/* Domains by open addressing over an array, their text in an arena. */
struct route_map {
	uint32_t	*slots;		/* entry's number plus 1; 0: free */
	size_t		 nslots;	/* a power of 2, or 0 */
	struct route_entry	*entries;
	size_t		 count;
	size_t		 dropped;	/* of these */
	size_t		 room;
	char		*arena;
	size_t		 used;
	size_t		 wasted;	/* of this */
	size_t		 size;
	uint8_t		 reading;	/* of the file from its start */
	struct sip_seed	 seed;
};

/* NULL where there is none; it may be one that was dropped. */
struct route_entry *route_map_find(const struct route_map *,
	    const char *domain);
/* Replaces what there was of it.  Returns 0, or -1 without memory. */
int	route_map_put(struct route_map *, const char *domain, enum route_kind,
	    int64_t until, const char *urls);
/* Drops what the file, now read from its start, did not name. */
void	route_map_sweep(struct route_map *);
/* Copies what holds, once the rest is most of it.  Without memory: later. */
void	route_map_tidy(struct route_map *);
/* All that it has; it is empty then, and has no seed. */
void	route_map_free(struct route_map *);

#endif
