/* cmd_doctor.c - mcpctl doctor: run the checks, print what they find */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "cli/text.h"

static const struct { const char *word, *colour; } verdicts[VERDICT__MAX] = {
	[VERDICT_OK]	= { "ok", "\033[32m" },
	[VERDICT_WARN]	= { "warn", "\033[33m" },
	[VERDICT_FAIL]	= { "fail", "\033[31m" },
};

/* doctor_found - see doctor.h */
void
doctor_found(struct doctor *d, enum verdict v, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = x_vasprintf(fmt, ap);
	va_end(ap);
	jsonx_put_str(o, "check", d->check);
	jsonx_put_str(o, "status", verdicts[v].word);
	jsonx_put_str(o, "what", text);
	jsonx_put_str(o, "mend", NULL);
	json_object_array_add(d->found, o);
	d->failed |= v == VERDICT_FAIL;
	free(text);
}

/* doctor_mend - see doctor.h */
void
doctor_mend(struct doctor *d, const char *fmt, ...)
{
	size_t n = json_object_array_length(d->found);
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = x_vasprintf(fmt, ap);
	va_end(ap);
	jsonx_put_str(json_object_array_get_idx(d->found, n - 1), "mend", text);
	free(text);
}

/* doctor_word - in quotes where it needs them */
char *
doctor_word(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-/+:@%,";
	size_t n = 0;
	char *out;

	if (*text != '\0' && text[strspn(text, plain)] == '\0')
		return x_strdup(text);
	out = x_malloc(4 * strlen(text) + sizeof("''"));
	out[n++] = '\'';
	for (; *text != '\0'; text++) {
		memcpy(out + n, *text == '\'' ? "'\\''" : text, *text == '\'' ? 4 : 1);
		n += *text == '\'' ? 4 : 1;
	}
	memcpy(out + n, "'", 2);
	return out;
}

/* colour_of - a verdict's, where colours are wanted */
static const char *
colour_of(const struct program *p, const char *word)
{
	for (int v = 0; p->colour && v < VERDICT__MAX; v++)
		if (strcmp(verdicts[v].word, word) == 0)
			return verdicts[v].colour;
	return "";
}

/* print_line - "ok    mode: 0700"; servers have said some of it */
static void
print_line(const struct program *p, struct json_object *o)
{
	const char *word = jsonx_str(o, "status", ""), *mend = jsonx_str(o, "mend", NULL);
	const char *colour = colour_of(p, word);
	char *what = text_clean(jsonx_str(o, "what", "")), *how = text_clean(mend ? mend : "");

	printf("%s%-4s%s  %s: %s", colour, word, *colour != '\0' ? "\033[0m" : "",
	    jsonx_str(o, "check", ""), what);
	if (mend != NULL)
		printf("  (%s)", how);
	putchar('\n');
	free(what);
	free(how);
}

/* print_new - as they come: some checks take their time */
static void
print_new(struct doctor *d)
{
	bool lines = d->p->format != FORMAT_JSON && d->p->format != FORMAT_YAML;

	for (; d->printed < json_object_array_length(d->found); d->printed++)
		if (lines)
			print_line(d->p, json_object_array_get_idx(d->found, d->printed));
	fflush(stdout);
}

/* run_checks - one table. What a check needs and isn't there was told of: it is no failure more */
static void
run_checks(struct doctor *d, const struct check *rows)
{
	for (; rows->name != NULL; rows++) {
		d->check = rows->name;
		if (d->missing[rows->need] == NULL)
			rows->look(d);
		else
			doctor_found(d, VERDICT_WARN, "skipped: %s", d->missing[rows->need]);
		print_new(d);
	}
}

/* skip_store - all of its checks, in one line */
static void
skip_store(struct doctor *d, const char *why)
{
	d->check = "store";
	doctor_found(d, VERDICT_WARN, "skipped: %s", why);
	doctor_mend(d, "on the server: " PROGRAM_NAME " --db DIR doctor");
	print_new(d);
}

/* look_at_store - the checks that can only be made where the store is */
static void
look_at_store(struct doctor *d)
{
	run_checks(d, doctor_store_checks);
	run_checks(d, doctor_catalogue_checks);
	run_checks(d, doctor_host_checks);
}

/* no_store_here - nobody named one, and nothing says that there should be one: a server is meant */
static bool
no_store_here(const char *db)
{
	return db == NULL && getenv("MCPD_CONFIG") == NULL && access(CONFIG_PATH, F_OK) != 0 &&
	    access(option_find("db")->dflt, F_OK) != 0;
}

/* look - the store where it is at hand, the server where one is named */
static void
look(struct doctor *d, bool remote)
{
	if (remote)
		skip_store(d, "it is looked at where it is, not over HTTP");
	else if (d->url != NULL && no_store_here(d->db))
		skip_store(d, "there is none on this machine");
	else
		look_at_store(d);
	if (d->url != NULL)
		run_checks(d, doctor_http_checks);
	else
		program_note(d->p, "The web server was not asked: " PROGRAM_NAME
		    " doctor --url URL does.");
}

/* choose_url - the option's, else that of the server that is worked on; of one that is asked in clear
   a check will say so */
static enum rc
choose_url(struct doctor *d, const struct args *a, bool *remote, struct error *err)
{
	const char *given = args_text(a, "url");
	enum rc rc = program_server(d->p, &d->url, &d->db, err);

	if (rc != RC_OK)
		return rc;
	*remote = d->url != NULL;
	if (given == NULL)
		return RC_OK;
	free(d->url);
	d->url = NULL;
	return settings_url(given, true, &d->url, err);
}

/* begin - nothing is there until a check has seen it */
static void
begin(struct doctor *d, struct program *p)
{
	*d = (struct doctor){ .p = p, .found = json_object_new_array() };
	d->missing[NEED_CONFIG] = "the configuration can't be read";
	d->missing[NEED_DIR] = "the directory is not fit to be looked into";
	d->missing[NEED_FIT] = "the directory is not fit to be opened";
	d->missing[NEED_TABLE] = "the store can't be opened";
	d->missing[NEED_KEYS] = "the key file can't be read";
	d->missing[NEED_MCPD] = "no mcpd answers there";
	d->missing[NEED_TOKEN] = "no mcpd answers there";
}

/* doctor_release - what the checks have opened */
static void
doctor_release(struct doctor *d)
{
	table_unref(d->table);
	service_close(&d->svc);
	if (d->missing[NEED_CONFIG] == NULL)
		config_release(&d->cfg);
	http_free(d->http);
	json_object_put(d->found);
	free(d->dir_word);
	free(d->key_word);
	free(d->url);
	free(d->user);
	free(d->software);
}

/* do_doctor - mcpctl doctor */
static enum rc
do_doctor(struct program *p, const struct args *a, struct error *err)
{
	struct doctor d;
	bool remote, done;
	enum rc rc;

	begin(&d, p);
	if ((rc = choose_url(&d, a, &remote, err)) == RC_OK) {
		look(&d, remote);
		rc = output_data(p, d.found, &done, err);
		if (d.failed)
			p->status = rc_info(RC_UNAVAILABLE)->exit;
	}
	doctor_release(&d);
	return rc;
}

static const struct opt options[] = {
	{ "url", 0, "URL", 0, "ask the web server there too: does it pass what mcpd needs" },
	OPT_END
};

const struct command command_doctor = {
	.name = "doctor", .group = "Store", .words = "", .options = options,
	.help = "look for what is wrong with the store, its host and the web server",
	.run = do_doctor,
	.examples =
	    "mcpctl doctor\n"
	    "mcpctl doctor --url https://llm.example.org/llm\n",
};
