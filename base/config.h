/*
 * config.h - mcpd.yaml, the environment over it, the flags over both.
 *
 * Shapes  one table row an option: its YAML key, environment name, type, default, range and help;
 *         keys with a dot ("audit.sink") are a mapping in YAML, or written with the dot
 * Units   as the field names say
 * Errors  RC_INVALID "mcpd.yaml:12: unknown key 'wokers' (did you mean 'workers'?)",
 *         "--workers: 0 is out of range 1..64"; RC_NOT_FOUND, RC_IO: a file that can't be read;
 *         nothing is half-applied when it matters: the caller exits
 * Owns    config_release() frees; strings belong to the struct
 * Source  CLI.md, "mcpd.fcgi"
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct strings {			/* a list of texts */
	char	**v;
	size_t	  n;
};

struct config {
	/* store */
	char		*db;
	char		*key_file;	/* after config_finish(): never NULL */
	bool		 allow_network_fs;
	/* processes */
	char		*listen;	/* "unix:PATH", "HOST:PORT", NULL */
	int64_t		 listen_mode;
	char		*user;		/* NULL: the owner of the store directory */
	int64_t		 workers;
	int64_t		 threads;
	int64_t		 max_requests;	/* 0: no limit */
	int64_t		 drain_seconds;	/* -1: 6 when a web server spawned us, else 60 */
	/* requests */
	char		*base_path;	/* NULL: not set */
	bool		 trust_remote_user;
	char		*remote_user_param;	/* "REMOTE_USER" */
	struct strings	 cors_origins;
	int64_t		 max_body, max_answer, max_event, max_header, max_nesting;
	bool		 metrics_public;
	/* providers */
	bool		 private_urls;
	char		*proxy;		/* NULL: none, whatever the environment says */
	char		*ca_file;
	int64_t		 keepalive_seconds, keepalive_after_ms;
	int64_t		 connect_timeout_ms, header_timeout_ms, idle_timeout_ms, total_timeout_ms;
	/* records */
	char		*log;
	char		*audit_sink;	/* "file", "syslog", "stderr" */
	int64_t		 audit_keep_days;
	bool		 audit_required;
};

enum option_type {
	OPTION_STRING, OPTION_STRINGS, OPTION_BOOL, OPTION_INT, OPTION_MODE, OPTION_SIZE
};

struct option_row {
	const char	*name;		/* "audit.keep_days" */
	const char	*env;		/* "MCPD_DB" or NULL */
	enum option_type type;
	size_t		 offset;	/* of the field in struct config */
	const char	*dflt;		/* as it would stand in the file; NULL: not set */
	int64_t		 min, max;	/* of numbers */
	const char	*help;
	const char	*(*bad)(const char *text);	/* MAY. Why the text won't do, or NULL */
};

#define OPTIONS_MAX 64			/* rows, with the last */
extern const struct option_row option_rows[];	/* ends with name NULL */

/* option_find - the row of a key; NULL */
const struct option_row *option_find(const char *name);

/* config_init - every option at its default */
void config_init(struct config *c);

/* config_file - read one file over what is there; a regular file of at most CONFIG_FILE_MAX */
#define CONFIG_FILE_MAX (1024 * 1024)	/* bytes */
enum rc config_file(struct config *c, const char *path, struct error *err);

/*
 * config_set - one option from text; where ("--workers", "mcpd.yaml:3: workers") begins the error.
 * A list is written with commas; an empty text unsets what has no default.
 */
enum rc config_set(struct config *c, const char *name, const char *value, const char *where,
    struct error *err);

/* config_unknown - refuse a key, with the one that may be meant */
enum rc config_unknown(const char *name, const char *where, struct error *err);

/*
 * config_load - config_init(), then the file (path, else $MCPD_CONFIG, else CONFIG_PATH if it is
 * there), then the environment. Flags come after it, by config_set(); then config_finish().
 */
#define CONFIG_PATH "/etc/mcpd/mcpd.yaml"
enum rc config_load(struct config *c, const char *path, struct error *err);

/* config_finish - what follows from other options: key_file beside db, checks across options */
enum rc config_finish(struct config *c, struct error *err);

/* config_hide_paths - cut the paths of this host in a text to their last names ("state/.lock"): where the
   store and its key are is the log's business. true: something was cut */
bool config_hide_paths(const struct config *c, char *text);

void config_release(struct config *c);

#endif
