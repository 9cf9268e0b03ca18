/*
 * auditread.h - the audit log from its end to its beginning, a piece of it in memory.
 *
 * Shapes  one good event after the other, the newest first, through the files of all days. What is no
 *         event of ours (a line torn by a full disk, or written by someone else) is skipped and
 *         counted, blanks before a line are not; an event behind the rest of a torn line is found
 * Units   bytes
 * Errors  RC_IO, RC_UNAVAILABLE; a file that is removed meanwhile is no error
 * Owns    auditread_close(); events are borrowed until the next one
 * Source  API.md 2 and 3
 */
#ifndef STORE_AUDITREAD_H
#define STORE_AUDITREAD_H

#include <stdbool.h>

#include "base/jscan.h"
#include "store/statedir.h"

struct auditread;

struct auditevent {			/* members as they stand in the text; absent or null: p NULL */
	struct span	 text;		/* the whole */
	struct span	 id, event, at, llm, user, token, error;
	struct span	 prompt, completion, cached;
	int64_t		 day;		/* of its file */
};

/* auditread_open - from the newest day down to the day `from`; `only`: that day alone */
enum rc auditread_open(const struct statedir *d, int64_t from, bool only, struct auditread **out,
    struct error *err);
void auditread_close(struct auditread *r);		/* NULL is fine */

/* auditread_limit - once so many bytes were read, the log begins there; whatever they hold */
void auditread_limit(struct auditread *r, uint64_t bytes);

/* auditread_next - RC_NOT_FOUND at the log's beginning */
enum rc auditread_next(struct auditread *r, struct auditevent *out, struct error *err);

uint64_t auditread_skipped(const struct auditread *r);	/* lines so far */

/* auditread_days - the days that have a file, ascending; owned by the caller */
enum rc auditread_days(const struct statedir *d, int64_t **out, size_t *n, struct error *err);

#endif
