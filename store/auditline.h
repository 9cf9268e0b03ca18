/*
 * auditline.h - one inference call as its audit line tells it.
 *
 * Shapes  plain data without pointers: a running call's lives in memory that processes share, and
 *         another one may have to write its line. "" and -1 are null
 * Units   ms, tokens; at_ms is of the wall clock
 * Errors  none: every text has its maximum, so that a line always fits
 * Owns    nothing
 * Source  API.md 3 "Audit": the members and their order
 */
#ifndef STORE_AUDITLINE_H
#define STORE_AUDITLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/random.h"
#include "store/audit.h"

#define AUDITLINE_LLM	101		/* bytes with the NUL, like those below */
#define AUDITLINE_MODEL	129
#define AUDITLINE_UNSENT (-1)
#define AUDITLINE_CODE	32		/* of a type, a way in, an error */

struct auditline {
	int64_t	 at_ms;			/* of the end; 0: it runs */
	int64_t	 begun_ms;		/* wall */
	int64_t	 duration_ms, first_byte_ms;
	int64_t	 prompt, completion, cached;
	int32_t	 status, attempts;	/* attempts AUDITLINE_UNSENT: the provider is not asked yet */
	int32_t	 pid;			/* whose it is, for people */
	bool	 streaming, aborted;
	char	 id[ID_SIZE];
	char	 request_id[REQUEST_ID_SIZE];
	char	 llm[AUDITLINE_LLM], model[AUDITLINE_MODEL], type[AUDITLINE_CODE];
	char	 user[ID_SIZE], token[SHA256_HEX];
	char	 via[AUDITLINE_CODE], error[AUDITLINE_CODE];
};

/* auditline_text - fill a member of size bytes; NULL is ""; what is too long is cut before a
   character, what is no UTF-8 ends it */
void auditline_text(char *out, size_t size, const char *text);

/* auditline_format - the line with its newline; its length. The day is that of at_ms */
size_t auditline_format(const struct auditline *c, char out[AUDIT_LINE_MAX]);

#endif
