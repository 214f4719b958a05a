/* SPDX-License-Identifier: ISC */

#ifndef SGE_HELPER_ANSWER_H
#define SGE_HELPER_ANSWER_H

#include <jansson.h>

#include "base/bounds.h"
#include "helper/helper.h"

/*
 * What a helper process answers is believed only as far as it fits what was
 * asked: whoever talks to strangers may be in their hands.
 */

/* What an answer has to fit. */
struct helper_asked {
	enum world_part	 part;
	char		 op[8];
	char		 name[DOMAIN_MAX];	/* of what: log, DNS */
	size_t		 max;		/* bytes of a body */
	int		 versions;	/* TLS versions were asked for */
	int		 chain;		/* the host's chain was */
};

/* Notes what matters of a request. */
void	helper_asked(struct helper_asked *, enum world_part,
	    const json_t *request);
/*
 * A new object with what may be believed of answer: members of the right type,
 * range and length that answer this question, names and addresses in normal
 * form.  Any other is left out; an answer that is none at all becomes
 * "servfail" of resolve, "gone" of the others.  *odd: the first member that
 * was not as it should be, or NULL.
 */
json_t	*helper_answer(const struct helper_asked *, const json_t *answer,
	    const char **odd);

#endif
