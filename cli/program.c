/* program.c - messages, errors, and the way to the catalogue */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "cli/local.h"
#include "cli/program.h"
#include "cli/remote.h"
#include "cli/text.h"
#include "cli/transport.h"
#include "store/record.h"

/* program_settings - read once */
enum rc
program_settings(struct program *p, struct settings **out, struct error *err)
{
	enum rc rc;

	if (!p->have_settings && (rc = settings_load(&p->settings, p->flags, err)) != RC_OK)
		return rc;
	p->have_settings = true;
	*out = &p->settings;
	return RC_OK;
}

/* program_server - which way, by the settings */
enum rc
program_server(struct program *p, char **url, const char **db, struct error *err)
{
	struct settings *s;
	bool remote;
	enum rc rc;

	*url = NULL;
	if ((rc = program_settings(p, &s, err)) != RC_OK ||
	    (rc = settings_remote(s, &remote, db, err)) != RC_OK || !remote)
		return rc;
	return settings_url(settings_get(s, SETTING_URL, NULL), settings_insecure(s), url, err);
}

/* open_remote - with the token for that server */
static enum rc
open_remote(struct program *p, const char *url, struct error *err)
{
	const struct settings *s = &p->settings;
	struct remote_opts opts = {
		.url = url, .insecure = settings_insecure(s),
		.ca_file = settings_get(s, SETTING_CA_FILE, NULL),
		.proxy = settings_get(s, SETTING_PROXY, NULL),
	};
	enum rc rc = settings_token(s, url, &opts.token, err);

	if (rc == RC_OK)
		p->transport = remote_new(&opts);
	return rc;
}

/* program_transport - opened once */
enum rc
program_transport(struct program *p, struct transport **out, struct error *err)
{
	const char *db;
	char *url;
	enum rc rc;

	if (p->transport == NULL) {
		if ((rc = program_server(p, &url, &db, err)) != RC_OK)
			return rc;
		rc = url != NULL ? open_remote(p, url, err) : local_open(db, &p->transport, err);
		free(url);
		if (rc != RC_OK)
			return rc;
	}
	*out = p->transport;
	return RC_OK;
}

/* put_line - formatted text, safe for a terminal, and a newline */
static void
put_line(FILE *to, const char *fmt, va_list ap)
{
	char *text, *clean;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	clean = text_clean(text);
	fprintf(to, "%s\n", clean);
	free(clean);
	free(text);
}

/* program_say - "llm 'x' created (id: ...)" */
void
program_say(const struct program *p, const char *fmt, ...)
{
	va_list ap;

	if (p->quiet)
		return;
	va_start(ap, fmt);
	put_line(stdout, fmt, ap);
	va_end(ap);
}

/* program_note - "No llms found." */
void
program_note(const struct program *p, const char *fmt, ...)
{
	va_list ap;

	if (p->quiet)
		return;
	fflush(stdout);
	va_start(ap, fmt);
	put_line(stderr, fmt, ap);
	va_end(ap);
}

/* complain - one line of an error */
static void
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(stderr, fmt, ap);
	va_end(ap);
}

/* program_report - what was printed before comes first, where both go to one place */
void
program_report(struct program *p, enum rc rc, const struct error *err)
{
	const struct faults *f = &p->faults;
	bool listed = rc == RC_INVALID && f->n > 0;

	fflush(stdout);
	for (size_t i = 0; listed && i < f->n; i++)
		complain(PROGRAM_NAME ": %s%s%s", f->v[i].path, f->v[i].path[0] ? ": " : "",
		    f->v[i].message);
	if (listed && f->total > f->n)
		complain(PROGRAM_NAME ": and %zu faults more", f->total - f->n);
	if (!listed)
		complain(PROGRAM_NAME ": %s", err->msg);
	if (rc == RC_USAGE)
		complain("try: %s -h", p->path);
	if (p->status == 0)
		p->status = rc_info(rc)->exit;
	faults_release(&p->faults);
}

/* program_name_error - only where the error is about the very object that was named */
enum rc
program_name_error(const struct kind *k, const char *name, enum rc rc, struct error *err)
{
	char *taken = x_asprintf("%s already exists: %s", k->label, name);

	if (rc == RC_NOT_FOUND)
		error_set(err, rc, "%s '%s' not found", k->singular, name);
	else if (rc == RC_CONFLICT && strcmp(err->msg, taken) == 0)
		error_set(err, rc, "%s '%s' already exists", k->singular, name);
	free(taken);
	return rc;
}

/* program_flag_error - see program.h */
enum rc
program_flag_error(enum rc rc, struct error *err)
{
	char *text;

	if (rc != RC_INVALID)
		return rc;
	text = x_strdup(err->msg);
	error_set(err, RC_USAGE, "--%s", text);
	free(text);
	return RC_USAGE;
}

/* program_kind - "llms", "llm", "sec" ... */
enum rc
program_kind(const char *word, const struct kind **out, struct error *err)
{
	const struct kind *k = kind_find(word);
	struct suggestion s;

	if (k != NULL) {
		*out = k;
		return RC_OK;
	}
	if (strcmp(word, "all") == 0)
		return error_set(err, RC_USAGE, "all resources at once can only be listed: "
		    PROGRAM_NAME " get all");
	suggestion_init(&s, word);
	for (size_t i = 0; i < RESOURCE__STORED; i++) {
		if (kinds[i] == NULL)
			continue;
		suggestion_offer(&s, kinds[i]->singular);
		suggestion_offer(&s, kinds[i]->plural);
	}
	if (s.best == NULL)
		return error_set(err, RC_USAGE, "unknown resource '%s'", word);
	return error_set(err, RC_USAGE, "unknown resource '%s' (did you mean '%s'?)", word, s.best);
}

/* program_release - end of the run */
void
program_release(struct program *p)
{
	transport_close(p->transport);
	settings_release(&p->settings);
	p->transport = NULL;
	faults_release(&p->faults);
}
