/*
 * program.h - what one run of mcpctl knows, passed down to its commands.
 *
 * Shapes  data goes to stdout, all else to stderr
 * Units   exit statuses of CLI.md: 0 done, 1 failed, 2 usage, 4 not permitted
 * Errors  program_report() is the edge: errors are printed there, once, and become the exit status
 * Owns    program_release() frees
 * Source  CLI.md
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/rc.h"
#include "cli/settings.h"

#define PROGRAM_NAME	 "mcpctl"
#define PROGRAM_PATH_MAX 64		/* bytes of "mcpctl create llm" */

struct json_object;
struct kind;
struct transport;

enum format { FORMAT_TABLE, FORMAT_WIDE, FORMAT_JSON, FORMAT_YAML, FORMAT_NAME, FORMAT__MAX };

struct program {
	char			 path[PROGRAM_PATH_MAX];	/* the command, as help names it */
	enum format		 format;
	bool			 no_headers;
	bool			 quiet;
	bool			 colour;	/* stdout is a terminal that wants it */
	const struct args	*flags;		/* the global options among them */
	struct settings		 settings;	/* read at first need */
	bool			 have_settings;
	struct transport	*transport;	/* opened at first need */
	struct faults		 faults;	/* of the body that was sent last */
	int			 status;	/* of the first failure; 0: none */
};

/* program_settings - flags, environment and file, read once */
enum rc program_settings(struct program *p, struct settings **out, struct error *err);

/* program_server - the server that is meant (owned by the caller), or NULL and the store that is
   (borrowed, NULL: the configuration's) */
enum rc program_server(struct program *p, char **url, const char **db, struct error *err);

/* program_transport - the way to the catalogue. Files that the user names are read before it is
   opened: on the store itself root becomes the store's owner here, for good */
enum rc program_transport(struct program *p, struct transport **out, struct error *err);

/* program_say - a line on stdout that is no data; -q silences it */
void program_say(const struct program *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* program_note - a line on stderr that is no error; -q silences it */
void program_note(const struct program *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* program_report - print an error, or the faults in its place, and keep its exit status */
void program_report(struct program *p, enum rc rc, const struct error *err);

/* program_name_error - the API's "Llm not found: x" in the words of the command line */
enum rc program_name_error(const struct kind *k, const char *name, enum rc rc, struct error *err);

/* program_flag_error - where the parameters are the options of the command line, what the API says of
   one ("since: must be ...") is RC_USAGE about the option */
enum rc program_flag_error(enum rc rc, struct error *err);

/* program_kind - a resource by any of its names; else RC_USAGE with the one that was meant */
enum rc program_kind(const char *word, const struct kind **out, struct error *err);

void program_release(struct program *p);

#endif
