/*
 * doctor.h - what mcpctl doctor looks at: tables of checks, and what they find.
 *
 * Shapes  a check is a row {name, what it needs, function}; it says one finding or more, and a finding that
 *         is not ok has its mend: a command for the shell, or a line for a configuration. What a check
 *         needs is there once its place in missing[] is NULL; a check before it in the table sees to that
 * Units   none
 * Errors  none are returned: what goes wrong is a finding
 * Owns    struct doctor is released by doctor_release()
 * Source  CLI.md, "doctor"; docs/HOSTS.md for what web servers do
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/config.h"
#include "cli/doctor_call.h"
#include "cli/program.h"
#include "service/service.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL, VERDICT__MAX };

enum need {
	NEED_NOTHING,
	NEED_CONFIG,			/* cfg */
	NEED_DIR,			/* dir: the state directory, of which we are the owner */
	NEED_FIT,			/* ... and it is what every command would open */
	NEED_TABLE,			/* svc and table: the store is open */
	NEED_KEYS,			/* the key file can be read */
	NEED_MCPD,			/* over HTTP: it is mcpd that answers at url */
	NEED_TOKEN,			/* ... and it takes our token */
	NEED__MAX
};

struct doctor {
	struct program		*p;
	const char		*missing[NEED__MAX];	/* why not; NULL: it is there */
	struct json_object	*found;		/* an array, in the order of the checks */
	size_t			 printed;	/* of them */
	const char		*check;		/* the one that looks */
	bool			 failed;

	/* the store itself */
	const char		*db;		/* as it was named; NULL: the configuration's */
	struct config		 cfg;
	struct stat		 dir;
	char			*dir_word, *key_word;	/* the paths, as a shell takes them */
	struct service		 svc;
	const struct table	*table;

	/* the server */
	char			*url;		/* NULL: none is asked */
	const char		*token;		/* NULL: none */
	const char		*no_token;	/* why there is none */
	enum as			 as;		/* how it arrives */
	char			*user;		/* whose token it is; NULL: not known */
	struct http		*http;
	char			*software;	/* its Server header, "" */
};

struct check {
	const char	*name;			/* NULL ends a table */
	enum need	 need;
	void		(*look)(struct doctor *d);
};

extern const struct check doctor_store_checks[];
extern const struct check doctor_catalogue_checks[];
extern const struct check doctor_host_checks[];
extern const struct check doctor_http_checks[];

/* doctor_found - what the check that looks has found. Line breaks and control characters are shown */
void doctor_found(struct doctor *d, enum verdict v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* doctor_mend - how to mend what was found last */
void doctor_mend(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* doctor_word - a text as one word of a shell's line, owned by the caller */
char *doctor_word(const char *text);

#endif
