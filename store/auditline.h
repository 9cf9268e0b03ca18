/*
 * auditline.h - what a line of the audit log tells: an inference call, or a change of the catalogue.
 *
 * Shapes  plain data without pointers: while it happens it lives in memory that processes share, and
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

#define AUDITLINE_NAME	101		/* bytes with the NUL, like those below */
#define AUDITLINE_MODEL	129
#define AUDITLINE_UNSENT (-1)
#define AUDITLINE_CODE	32		/* of a type, a way in, an error, an action */

struct auditline {
	int64_t	 at_ms;			/* of the end; 0: it runs */
	char	 id[ID_SIZE];
	char	 user[ID_SIZE], token[SHA256_HEX];
	int32_t	 pid;			/* whose it is, for people */
	bool	 change;		/* then the second ones of these pairs, and nothing below them */
	union { char request_id[REQUEST_ID_SIZE], op_id[REQUEST_ID_SIZE]; };	/* op_id: kv.h */
	union { char llm[AUDITLINE_NAME], name[AUDITLINE_NAME]; };
	union { char type[AUDITLINE_CODE], resource[AUDITLINE_CODE]; };
	union { char via[AUDITLINE_CODE], action[AUDITLINE_CODE]; };
	char	 model[AUDITLINE_MODEL], error[AUDITLINE_CODE];
	int64_t	 begun_ms;		/* wall */
	int64_t	 duration_ms, first_byte_ms;
	int64_t	 prompt, completion, cached;
	int32_t	 status, attempts;	/* attempts AUDITLINE_UNSENT: the provider is not asked yet */
	bool	 streaming, aborted;
};

/* auditline_text - fill a member of size bytes; NULL is ""; what is too long is cut before a
   character, what is no UTF-8 ends it */
void auditline_text(char *out, size_t size, const char *text);

/* auditline_format - the line with its newline; its length. The day is that of at_ms */
size_t auditline_format(const struct auditline *c, char out[AUDIT_LINE_MAX]);

#endif
