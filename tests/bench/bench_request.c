/*
 * bench_request.c - what mcpd itself costs a request, each as a ratio to a reference in the same run.
 *
 *	bench_request [ROUNDS]
 *
 * scan     finding `model` in a chat body of 64 KiB, to json-c's parse and print of it
 * event    the same for one chunk of a stream
 * lookup   token, user and permission among 10 000 tokens and 1 000 Llms, each time others, to the
 *          SHA-256 of the token; and what such a table takes of a worker's memory
 * books    all that a call leaves behind: its slot, audit line, counters and metrics, to a write of
 *          such a line alone
 *
 * Ratios compare on a noisy machine; the times beside them do not.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/jscan.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "service/account.h"
#include "service/rbac.h"
#include "tests/support/tmpdir.h"

#define BODY_SIZE	65536		/* bytes of the chat body */
#define TOKENS		10000
#define LLMS		1000
#define ROUNDS		2000
#define LINE_SIZE	420		/* bytes of an audit line */

static volatile size_t sink;		/* keeps the compiler from leaving the work out */

/* now_ns - of this process's CPU */
static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* cost - ns of one call, the best of five series: what disturbs only ever adds */
static double
cost(void (*work)(void *), void *arg, int rounds)
{
	double best = 0, began, each;

	for (int series = 0; series < 5; series++) {
		began = now_ns();
		for (int i = 0; i < rounds; i++)
			work(arg);
		each = (now_ns() - began) / rounds;
		if (series == 0 || each < best)
			best = each;
	}
	return best;
}

/* show - one line */
static void
show(const char *what, double ours, const char *reference, double theirs)
{
	printf("%-8s %8.0f ns   %6.3f x %s (%.0f ns)\n", what, ours, ours / theirs, reference,
	    theirs);
}

/* scan - as the inference engine does */
static void
scan(void *arg)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct jscan_want want = { .name = "model" };
	struct buf *body = arg;

	if (jscan_object(body->p, body->len, &opts, &want, 1, NULL, NULL) != RC_OK)
		abort();
	sink += want.value.len;
}

/* parse - build it all, print it all */
static void
parse(void *arg)
{
	struct buf *body = arg;
	struct json_object *o = json_tokener_parse(body->p);

	sink += strlen(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

struct catalogue {
	const struct table	*table;
	char			 token[TOKEN_SIZE];
	char			(*shas)[SHA256_HEX];	/* of all tokens */
	char			 llms[LLMS][16];	/* names */
	size_t			 round;
};

/* look_up - who is it, and may they run that */
static void
look_up(void *arg)
{
	struct catalogue *c = arg;
	size_t i = c->round++ * 7919;	/* a prime: neighbours in the tables are not asked in turn */
	const struct mcptoken *token = table_token(c->table, c->shas[i % TOKENS]);
	struct caller caller = { .token = token };

	caller.user = (const void *)table_by_id(c->table, &kind_user, token->user_id);
	sink += rbac_allows(c->table, &caller, VERB_RUN, RESOURCE_LLMS, c->llms[i % LLMS]);
	sink += table_by_name(c->table, &kind_llm, c->llms[i % LLMS]) != NULL;
}

/* digest - which every request pays */
static void
digest(void *arg)
{
	struct catalogue *c = arg;
	char sha[SHA256_HEX];

	sha256_hex(c->token, strlen(c->token), sha);
	sink += (size_t)sha[0];
}

struct books {
	struct service		 svc;
	struct config		 cfg;
	struct account_call	 call;
	char			*dir;
	int			 fd;		/* of a file that the reference writes to */
	char			 line[LINE_SIZE];
};

/* book - a call, begun and ended */
static void
book(void *arg)
{
	const struct account_result result = {
		.status = 200, .first_byte_ms = 5, .usage = { 12, 34, -1 }, .attempts = 1
	};
	struct books *b = arg;
	struct account a;

	if (account_begin(&a, &b->svc, &b->call, NULL) != RC_OK)
		abort();
	account_end(&a, &result);
}

/* append - which no audit log can do without */
static void
append(void *arg)
{
	struct books *b = arg;

	if (write(b->fd, b->line, sizeof(b->line)) != sizeof(b->line))
		abort();
}

/* measure_books - by a user with a token, on an Llm of the catalogue */
static void
measure_books(const struct catalogue *c, int rounds)
{
	struct books b = { .dir = tmpdir_make() };
	struct ledger_opts opts = { .dir = b.dir, .sink = "file", .keep_days = 90, .serving = true };
	const struct mcptoken *token = table_token(c->table, c->shas[0]);
	const struct caller caller = {
		.user = (const void *)table_by_id(c->table, &kind_user, token->user_id),
		.token = token, .via = "token",
	};
	struct error err;
	char *path = x_asprintf("%s/reference", b.dir);

	config_init(&b.cfg);
	b.svc.cfg = &b.cfg;
	b.fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	memset(b.line, 'x', sizeof(b.line));
	b.call = (struct account_call){
		.caller = &caller, .request_id = "req_0123456789abcdefghijklmn", .model = "m",
		.llm = (const void *)table_by_name(c->table, &kind_llm, "llm-500"),
	};
	if (b.fd < 0 || ledger_open(&opts, &b.svc.ledger, &err) != RC_OK)
		abort();
	show("books", cost(book, &b, rounds), "a write of the line", cost(append, &b, rounds));
	ledger_close(b.svc.ledger);
	config_release(&b.cfg);
	close(b.fd);
	tmpdir_remove(b.dir);
	free(path);
}

/* put - one stored item */
static void
put(struct kv_items *items, char *key, char *val)
{
	items->v[items->n++] = (struct kv_item){ key, val, strlen(val), 1 };
}

/* by_key - as a store gives them */
static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct kv_item *)a)->key, ((const struct kv_item *)b)->key);
}

/* allocated - bytes of the heap, and of what malloc(3) mapped on its own */
static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* fill - a catalogue as a store of that size would hold it */
static void
fill(struct catalogue *c)
{
	static const char times[] = "\"version\":1,\"createdAt\":1,\"updatedAt\":1";
	struct kv_items items = { .v = x_calloc(TOKENS + LLMS + 2, sizeof(struct kv_item)) };
	char user[ID_SIZE], id[ID_SIZE], token[TOKEN_SIZE], sha[SHA256_HEX];
	struct error err;
	size_t before;

	random_id(user);
	random_id(id);
	put(&items, x_strdup("user/alice"), x_asprintf("{\"id\":\"%s\",%s}", user, times));
	put(&items, x_strdup("rbac/g"), x_asprintf("{\"id\":\"%s\",%s,\"subjects\":[{\"kind\":\"User\","
	    "\"id\":\"%s\"}],\"roleBindings\":[{\"role\":\"view\",\"resource\":\"llms\"},"
	    "{\"role\":\"run\",\"resource\":\"llms\"}]}", id, times, user));
	for (int i = 0; i < LLMS; i++) {
		random_id(id);
		snprintf(c->llms[i], sizeof(c->llms[i]), "llm-%d", i);
		put(&items, x_asprintf("llm/llm-%d", i), x_asprintf("{\"id\":\"%s\",%s,"
		    "\"type\":\"openai\",\"model\":\"m\",\"tier\":\"fast\",\"extraConfig\":{}}", id, times));
	}
	for (int i = 0; i < TOKENS; i++) {
		random_id(id);
		random_token(token);
		sha256_hex(token, strlen(token), sha);
		memcpy(c->token, token, sizeof(token));
		memcpy(c->shas[i], sha, sizeof(sha));
		put(&items, x_asprintf("mcptoken/t%d", i), x_asprintf("{\"id\":\"%s\",%s,"
		    "\"user\":\"%s\",\"tokenSha\":\"%s\"}", id, times, user, sha));
	}
	qsort(items.v, items.n, sizeof(*items.v), by_key);
	before = allocated();
	if (table_build(&items, "00000000000000000000000000000000", NULL, &c->table, &err) != RC_OK) {
		fprintf(stderr, "bench_request: %s\n", err.msg);
		exit(1);
	}
	printf("memory   %8.2f MB   for %d Llms and %d tokens\n",
	    (double)(allocated() - before) / 1e6, LLMS, TOKENS);
	for (size_t i = 0; i < items.n; i++) {
		free((char *)items.v[i].key);
		free((char *)items.v[i].val);
	}
	free(items.v);
}

/* chat_body - messages up to BODY_SIZE */
static void
chat_body(struct buf *b)
{
	(void)buf_addstr(b, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}", NULL);
	while (b->len < BODY_SIZE)
		(void)buf_addstr(b, ",{\"role\":\"user\",\"content\":\"It was the best of times, it was "
		    "the worst of times, \\\"it\\\" was \\u00e9t\xc3\xa9.\"}", NULL);
	(void)buf_addstr(b, "],\"stream\":true,\"model\":\"gpt\"}", NULL);
}

int
main(int argc, char **argv)
{
	struct buf body = BUF_INIT(2 * BODY_SIZE), event = BUF_INIT(BODY_SIZE);
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
	struct catalogue c = { .shas = x_calloc(TOKENS, sizeof(*c.shas)) };

	chat_body(&body);
	(void)buf_addstr(&event, "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\","
	    "\"created\":1700000000,\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":"
	    "{\"content\":\" times\"},\"finish_reason\":null}]}", NULL);
	fill(&c);
	show("scan", cost(scan, &body, rounds / 10), "json-c's parse and print",
	    cost(parse, &body, rounds / 10));
	show("event", cost(scan, &event, rounds), "json-c's parse and print",
	    cost(parse, &event, rounds));
	show("lookup", cost(look_up, &c, rounds * 10), "SHA-256 of the token",
	    cost(digest, &c, rounds * 10));
	measure_books(&c, rounds);
	table_unref(c.table);
	free(c.shas);
	buf_release(&body);
	buf_release(&event);
	return 0;
}
