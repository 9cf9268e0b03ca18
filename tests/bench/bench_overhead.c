/*
 * bench_overhead.c - what a call pays for being somebody's: identity, rights, audit and counters.
 *
 *	bench_overhead [ROUNDS]
 *
 * A store on disk with 300 objects beside its 100 users, who are in three groups each and have a token
 * each; every round is another token's and another Llm's. Times are CPU times of this process; the
 * ratio to the SHA-256 of a token is what compares on a noisy machine. The sum should stay under
 * BUDGET_NS.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "fcgi/identity.h"
#include "service/account.h"
#include "tests/support/tmpdir.h"

#define BUDGET_NS	15000
#define USERS		100		/* each with a token */
#define LLMS		100
#define GROUPS		50
#define RBACS		50		/* one a group, three bindings each */
#define ROUNDS		20000
#define SERIES		5		/* the best one counts: what disturbs only ever adds */

struct bench {
	struct config		 cfg;
	struct service		 svc;
	const struct table	*table;
	char			 bearer[USERS][TOKEN_SIZE + sizeof("Bearer ")];
	char			 sha[SHA256_HEX];	/* of the token that is being made */
	const struct llm	*llms[LLMS];
	struct caller		 callers[USERS];
	size_t			 round;
};

static volatile size_t sink;		/* keeps the compiler from leaving the work out */

/* die - a bench that can't be set up says why */
static void
die(const struct error *err)
{
	fprintf(stderr, "bench_overhead: %s\n", err->msg);
	exit(1);
}

/* set_sha - what no body may say */
static void
set_sha(struct record *r, void *arg)
{
	const struct bench *b = arg;

	if (r->kind == &kind_mcptoken)
		memcpy(((struct mcptoken *)r)->sha, b->sha, sizeof(b->sha));
}

/* make - one object from JSON text, which is freed */
static enum rc
make(struct batch *batch, struct bench *b, const struct kind *k, char *text, struct error *err)
{
	struct json_object *body = json_tokener_parse(text);
	struct faults faults = FAULTS_INIT;
	const struct record *made;
	enum rc rc = batch_create(batch, k, body, set_sha, b, &faults, &made, err);

	if (faults.n > 0)
		error_prefix(err, "%s: %s", faults.v[0].path, faults.v[0].message);
	faults_release(&faults);
	json_object_put(body);
	free(text);
	return rc;
}

/* make_user - with a token, whose text is kept */
static enum rc
make_user(struct batch *batch, struct bench *b, int i, struct error *err)
{
	char token[TOKEN_SIZE];
	enum rc rc;

	random_token(token);
	sha256_hex(token, strlen(token), b->sha);
	snprintf(b->bearer[i], sizeof(b->bearer[i]), "Bearer %s", token);
	rc = make(batch, b, &kind_user, x_asprintf("{\"name\":\"u%d\"}", i), err);
	return rc != RC_OK ? rc : make(batch, b, &kind_mcptoken,
	    x_asprintf("{\"name\":\"t%d\",\"user\":\"u%d\"}", i, i), err);
}

/* make_group - of every seventeenth user or so, so that each is in three groups; with its rights */
static enum rc
make_group(struct batch *batch, struct bench *b, int i, struct error *err)
{
	char members[256] = "";
	size_t n = 0;
	enum rc rc;

	for (int j = 0; j < 6; j++)
		n += (size_t)snprintf(members + n, sizeof(members) - n, "%s\"u%d\"",
		    j > 0 ? "," : "", (i * 2 + j * 17) % USERS);
	rc = make(batch, b, &kind_group,
	    x_asprintf("{\"name\":\"g%d\",\"members\":[%s]}", i, members), err);
	return rc != RC_OK ? rc : make(batch, b, &kind_rbac, x_asprintf("{\"name\":\"r%d\","
	    "\"subjects\":[{\"kind\":\"Group\",\"name\":\"g%d\"}],\"roleBindings\":["
	    "{\"role\":\"view\",\"resource\":\"llms\"},{\"role\":\"run\",\"resource\":\"llms\","
	    "\"name\":\"l%d\"},{\"role\":\"run\",\"resource\":\"llms\"}]}", i, i, i), err);
}

/* plan - the whole catalogue */
static enum rc
plan(struct batch *batch, void *arg, struct error *err)
{
	struct bench *b = arg;
	enum rc rc = RC_OK;

	for (int i = 0; i < USERS && rc == RC_OK; i++)
		rc = make_user(batch, b, i, err);
	for (int i = 0; i < LLMS && rc == RC_OK; i++)
		rc = make(batch, b, &kind_llm, x_asprintf("{\"name\":\"l%d\",\"type\":\"openai\","
		    "\"model\":\"gpt\"}", i), err);
	for (int i = 0; i < GROUPS && rc == RC_OK; i++)
		rc = make_group(batch, b, i, err);
	return rc;
}

/* open_bench - a new store, filled, as a worker has it */
static void
open_bench(struct bench *b, const char *dir)
{
	char *db = x_asprintf("%s/state", dir), *key = x_asprintf("%s/key", dir), *token;
	const struct store_init_opts opts = { .key_file = key, .allow_network_fs = true };
	struct error err;

	config_init(&b->cfg);
	if (store_init(db, &opts, &token, &err) != RC_OK ||
	    config_set(&b->cfg, "db", db, "", &err) != RC_OK ||
	    config_set(&b->cfg, "key_file", key, "", &err) != RC_OK ||
	    config_finish(&b->cfg, &err) != RC_OK ||
	    service_open(&b->cfg, true, &b->svc, &err) != RC_OK ||
	    store_change(b->svc.store, plan, b, &err) != RC_OK ||
	    store_table(b->svc.store, &b->table, &err) != RC_OK)
		die(&err);
	for (size_t i = 0; i < LLMS; i++)
		b->llms[i] = (const struct llm *)table_at(b->table, &kind_llm, i);
	mem_free_wiped(token);
	free(db);
	free(key);
}

/* identity - who is it; and it was here */
static void
identity(struct bench *b)
{
	struct caller *c = &b->callers[b->round % USERS];
	const struct identity_claims in = {
		.authorization = b->bearer[b->round % USERS], .now_ms = clock_wall_ms(),
	};
	struct error err;

	if (identity_find(b->table, &in, c, &err) != RC_OK)
		die(&err);
	lastused_touch(b->svc.lastused, b->table, c->token->r.id, in.now_ms);
}

/* rights - may they run that; some of the users may not */
static void
rights(struct bench *b)
{
	sink += rbac_allows(b->table, &b->callers[b->round % USERS], VERB_RUN, RESOURCE_LLMS,
	    b->llms[b->round * 7 % LLMS]->r.name);
}

/* books - what is noted before the call, and after it */
static void
books(struct bench *b)
{
	const struct account_call call = {
		.caller = &b->callers[b->round % USERS],
		.request_id = "req_0123456789abcdef01234567",
		.llm = b->llms[b->round * 7 % LLMS],
		.model = "gpt",
		.started_ms = clock_mono_ms(),
	};
	const struct account_result result = {
		.status = 200, .first_byte_ms = 3, .attempts = 1,
	};
	struct account a;
	struct error err;

	if (account_begin(&a, &b->svc, &call, &err) != RC_OK)
		die(&err);
	account_end(&a, &result);
}

/* digest - the reference: every request pays it, and no code of ours can make it cheaper */
static void
digest(struct bench *b)
{
	char sha[SHA256_HEX];

	sha256_hex(b->bearer[b->round % USERS], TOKEN_SIZE - 1, sha);
	sink += (size_t)sha[0];
}

static const struct step {
	const char	*name;
	void		(*work)(struct bench *b);
} steps[] = {
	{ "identity",	identity },
	{ "rights",	rights },
	{ "books",	books },
};

/* now_ns - of this process's CPU */
static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* cost - ns of one round */
static double
cost(struct bench *b, void (*work)(struct bench *), int rounds)
{
	double best = 0, each, began;

	for (int series = 0; series < SERIES; series++) {
		began = now_ns();
		for (int i = 0; i < rounds; i++, b->round++)
			work(b);
		each = (now_ns() - began) / rounds;
		if (series == 0 || each < best)
			best = each;
	}
	return best;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
	struct bench *b = x_calloc(1, sizeof(*b));
	double sum = 0, each, reference;
	char *dir = tmpdir_make();

	open_bench(b, dir);
	reference = cost(b, digest, rounds);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		each = cost(b, steps[i].work, rounds);
		printf("%-10s %8.0f ns   %6.2f x SHA-256 of the token\n", steps[i].name, each,
		    each / reference);
		sum += each;
	}
	printf("%-10s %8.0f ns   %6.2f x (%.0f ns); of the budget of %d ns: %.0f %%\n", "together",
	    sum, sum / reference, reference, BUDGET_NS, sum * 100 / BUDGET_NS);
	table_unref(b->table);
	service_close(&b->svc);
	config_release(&b->cfg);
	tmpdir_remove(dir);
	free(b);
	return 0;
}
