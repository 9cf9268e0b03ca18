/*
 * fill.c - put many objects into a store in one transaction, for tests that need hundreds of them.
 *
 *	fill DIR < objects
 *
 * A line is {"kind":"user","body":{"name":"alice"}}, the body as POST takes it; one of a token also
 * has "token", its text, which nobody else can choose. Exit 1, with the first fault, and nothing is done.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "store/store.h"

struct line {
	struct json_object	*o;
	char			 sha[SHA256_HEX];
};

struct lines {
	struct line	*v;
	size_t		 n;
};

/* set_sha - what no body may say */
static void
set_sha(struct record *r, void *arg)
{
	const struct line *line = arg;

	if (r->kind == &kind_mcptoken)
		memcpy(((struct mcptoken *)r)->sha, line->sha, sizeof(line->sha));
}

/* create - one object */
static enum rc
create(struct batch *b, struct line *line, struct error *err)
{
	const struct kind *k = kind_find(jsonx_str(line->o, "kind", ""));
	struct json_object *body = jsonx_get(line->o, "body");
	const char *token = jsonx_str(line->o, "token", "");
	struct faults faults = FAULTS_INIT;
	const struct record *made;
	enum rc rc;

	if (k == NULL)
		return error_set(err, RC_INVALID, "unknown kind: %s", jsonx_text(line->o));
	sha256_hex(token, strlen(token), line->sha);
	rc = batch_create(b, k, body, set_sha, line, &faults, &made, err);
	if (faults.n > 0)
		error_prefix(err, "%s: %s", faults.v[0].path, faults.v[0].message);
	if (rc != RC_OK)
		error_prefix(err, "%s %s", k->singular, jsonx_str(body, "name", "?"));
	faults_release(&faults);
	return rc;
}

/* plan - all of them */
static enum rc
plan(struct batch *b, void *arg, struct error *err)
{
	struct lines *lines = arg;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < lines->n && rc == RC_OK; i++)
		rc = create(b, &lines->v[i], err);
	return rc;
}

/* read_lines - stdin */
static enum rc
read_lines(struct lines *lines, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	enum rc rc = RC_OK;
	ssize_t len;

	while (rc == RC_OK && (len = getline(&text, &size, stdin)) > 0) {
		struct json_object *o;

		rc = jsonx_parse(text, (size_t)len, JSONX_DEPTH, &o, err);
		if (rc != RC_OK)
			break;
		lines->v = x_realloc(lines->v, (lines->n + 1) * sizeof(*lines->v));
		lines->v[lines->n++].o = o;
	}
	free(text);
	return rc;
}

int
main(int argc, char **argv)
{
	char *key = x_asprintf("%s/../mcpd.key", argc > 1 ? argv[1] : ".");
	struct store_opts opts = { .key_file = key, .private_urls = true };
	struct lines lines = { NULL, 0 };
	struct store *store = NULL;
	struct error err;
	enum rc rc;

	if (argc != 2) {
		fprintf(stderr, "usage: fill DIR < objects\n");
		return 2;
	}
	rc = read_lines(&lines, &err);
	if (rc == RC_OK)
		rc = store_open(argv[1], &opts, &store, &err);
	if (rc == RC_OK)
		rc = store_change(store, plan, &lines, &err);
	if (rc != RC_OK)
		fprintf(stderr, "fill: %s\n", err.msg);
	store_close(store);
	for (size_t i = 0; i < lines.n; i++)
		json_object_put(lines.v[i].o);
	free(lines.v);
	free(key);
	return rc != RC_OK;
}
