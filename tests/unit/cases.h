/*
 * cases.h - translation cases as plain files, and what an adapter makes of them.
 *
 * Shapes  tests/cases/FOLDER/KIND-TRAP.in.EXT and .out.EXT; KIND is request, answer (.json) or stream
 *         (.sse). An optional KIND-TRAP.call.json has what the service knows beside the bytes: url,
 *         model, maxTokens, thinking, sampling, include_usage, beta
 * Units   bytes
 * Errors  a file that can't be read, or a call.json with a member that means nothing, fails the test
 * Owns    case_release() frees; texts returned are the caller's
 * Source  README in tests/cases
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include "adapters/adapter.h"

enum case_kind { CASE_REQUEST, CASE_ANSWER, CASE_STREAM, CASE__KINDS };

struct direction {			/* a folder of tests/cases, and who translates it */
	const char	*folder;
	const char	*type;
	enum api	 api;
};

struct translation_case {
	const struct direction	*direction;
	enum case_kind		 kind;
	char			*name;		/* "anthropic/stream-tool_without_arguments" */
	char			*in, *out;	/* out NULL: no file yet */
	size_t			 in_len;
	char			*out_path;
	struct json_object	*settings;	/* call.json, or NULL */
};

extern const struct direction directions[];	/* ends with a folder NULL */

/* cases_read - all of a folder, by name; *n of them */
struct translation_case *cases_read(const struct direction *d, size_t *n);
void cases_release(struct translation_case *v, size_t n);

/* case_run - what comes out of it, as an .out file has it */
char *case_run(const struct translation_case *c);

/* case_cut - the same for a stream whose bytes come in pieces: the first one of `first` bytes, the
   others of `step` bytes (0: all the rest), or of 1 to 97 where seed is not 0 */
char *case_cut(const struct translation_case *c, size_t first, size_t step, uint32_t seed);

/* case_same - is the outcome what the .out file says (see tests/cases/README) */
bool case_same(const struct translation_case *c, const char *outcome);

#endif
