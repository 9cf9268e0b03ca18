/*
 * settings.h - which catalogue is meant, and as whom: flags, environment, ~/.mcpctl/config.json.
 *
 * Shapes  a setting is text; the first level that has it wins. The file is a JSON object of texts
 * Units   none
 * Errors  RC_USAGE (both ways asked for on one level); RC_INVALID (the file, with its place);
 *         RC_UNAUTHENTICATED (no token for the server that is meant)
 * Owns    settings_release() wipes and frees; texts returned are borrowed unless it says otherwise
 * Source  CLI.md, "Global"
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"
#include "cli/options.h"

#define SETTINGS_TOKEN_MAX	4096	/* bytes of a token's text, with the NUL */

enum setting {
	SETTING_DB,
	SETTING_URL,
	SETTING_TOKEN,
	SETTING_INSECURE,
	SETTING_CA_FILE,
	SETTING_PROXY,
	SETTING__MAX
};

enum level { LEVEL_FLAG, LEVEL_ENV, LEVEL_FILE, LEVEL__MAX };

struct setting_row {
	const char	*name;		/* in the file, and for `config set` */
	const char	*option;	/* --option; NULL: none */
	const char	*env;		/* NULL: none */
	const char	*help;
	/* MAY. Is the text of the right form; the reason otherwise. NULL: `config set` can't */
	const char	*(*bad)(const char *text);
};
extern const struct setting_row setting_rows[SETTING__MAX];

struct settings {
	char	*v[LEVEL__MAX][SETTING__MAX];	/* NULL: not set there */
	char	*file;				/* its path; NULL: no home directory */
};

/* settings_load - of all three levels */
enum rc settings_load(struct settings *s, const struct args *flags, struct error *err);
void settings_release(struct settings *s);

/* settings_get - what is in force; *level (may be NULL) says since where, LEVEL__MAX: nowhere */
const char *settings_get(const struct settings *s, enum setting what, enum level *level);

/* settings_remote - a server is meant, not the store itself. On each level the store comes first
   where it can be read; *db is the store that is named, NULL: the configuration's */
enum rc settings_remote(const struct settings *s, bool *remote, const char **db,
    struct error *err);

/* settings_url - as it is compared and called, owned by the caller: absolute, no trailing slash;
   plain http to another machine only with insecure */
enum rc settings_url(const char *text, bool insecure, char **out, struct error *err);

/* settings_token - for the server at url (as settings_url() gives it). A login's token goes to the
   server of that login and to no other */
enum rc settings_token(const struct settings *s, const char *url, const char **out,
    struct error *err);

/* settings_insecure - plain http to another machine is fine with the user */
bool settings_insecure(const struct settings *s);

/* settings_put - set (NULL: take away) one in the file's level, which settings_save() writes */
void settings_put(struct settings *s, enum setting what, const char *text);
enum rc settings_save(const struct settings *s, struct error *err);

/* settings_read_token - the first line of what fd gives; owned by the caller, who wipes it */
enum rc settings_read_token(int fd, const char *where, char **out, struct error *err);

#endif
