/* test_openbao.c - what is sent to a KV engine, and what each of its answers means */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/openbao.h"
#include "base/mem.h"
#include "tests/unit/freed.h"
#include "tests/unit/http_bench.h"

#define TOKEN	"bao-token-canary"
#define ANSWER(status, body) "HTTP/1.1 " status " X\r\nContent-Type: application/json\r\n\r\n" body
#define META(version, deleted) "\"metadata\":{\"version\":" version ",\"deletion_time\":\"" \
	deleted "\",\"destroyed\":false}"

/* at - the bench's server as a backend */
static struct openbao
at(const struct bench *b)
{
	static char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", b->server.port);
	return (struct openbao){ "bao", url, "secret", "mcpd", "", TOKEN };
}

static const struct read_row { const char *answer; enum rc rc; const char *says; int64_t version; }
reads[] = {
	{ ANSWER("200", "{\"data\":{\"data\":{\"k\":\"v\\n\\u00e4\",\"n\":12,\"o\":{\"x\":1}},"
	    META("3", "") "}}"), RC_OK, "k=v\n\303\244 n=12 o={\"x\":1} ", 3 },
	{ ANSWER("200", "{\"data\":{\"data\":{}," META("1", "") "}}"), RC_OK, "", 1 },
	{ ANSWER("404", "{\"errors\":[]}"), RC_NOT_FOUND, "SecretBackend bao: OpenBao has nothing at "
	    "secret/data/mcpd/x (set its values again)", 0 },
	{ ANSWER("404", "{\"data\":{\"data\":null," META("4", "2026-01-02T03:04:05Z") "}}"),
	    RC_NOT_FOUND, "SecretBackend bao: secret/data/mcpd/x was deleted in OpenBao at "
	    "2026-01-02T03:04:05.000Z (undelete it there, or set its values again)", 4 },
	{ ANSWER("404", "{\"data\":{\"data\":null,\"metadata\":{\"version\":2,\"deletion_time\":\"\","
	    "\"destroyed\":true}}}"), RC_NOT_FOUND, "SecretBackend bao: secret/data/mcpd/x was "
	    "destroyed in OpenBao (set its values again)", 2 },
	{ ANSWER("404", "{\"data\":{\"data\":null,\"metadata\":{\"version\":3,\"destroyed\":true,"
	    "\"deletion_time\":\"2026-01-02T03:04:05Z\"}}}"), RC_NOT_FOUND, "was destroyed in "
	    "OpenBao (set its values again)", 3 },
	{ ANSWER("404", "{\"errors\":[\"no handler for route \\\"secret/data/mcpd/x\\\".\"]}"),
	    RC_UPSTREAM, "(no KV engine is there: check mount and namespace)", -1 },
	{ ANSWER("403", "{\"errors\":[\"2 errors occurred:\\n\\t* permission denied\\n\"]}"),
	    RC_UPSTREAM, "SecretBackend bao: OpenBao: HTTP 403 to GET secret/data/mcpd/x: "
	    "permission denied (the token was refused: ", -1 },
	{ ANSWER("400", "{\"errors\":[\"token " TOKEN " is bad\"]}"), RC_UPSTREAM,
	    "HTTP 400 to GET secret/data/mcpd/x (the request was refused)", -1 },
	{ ANSWER("500", "{\"errors\":[\"internal error: can't decode {\\\"k\\\":\\\"canary\\\"}\"]}"),
	    RC_UNAVAILABLE, "HTTP 500 to GET secret/data/mcpd/x: internal error (it failed", -1 },
	{ ANSWER("403", "{\"errors\":[\"canary\"]}"), RC_UPSTREAM,
	    "HTTP 403 to GET secret/data/mcpd/x (the token was refused", -1 },
	{ ANSWER("404", "{\"data\":{\"data\":null," META("4", "canary") "}}"), RC_NOT_FOUND,
	    "was deleted in OpenBao (undelete it there", 4 },
	{ "HTTP/1.1 307 X\r\nLocation: http://active/v1/" TOKEN "\r\nContent-Length: 0\r\n\r\n",
	    RC_UNAVAILABLE, "redirect to http://active/v1/*** not followed", -1 },
	{ ANSWER("503", "{\"errors\":[\"Vault is sealed\"]}"), RC_UNAVAILABLE,
	    "Vault is sealed (it is sealed or not ready: unseal it)", -1 },
	{ ANSWER("500", "boom"), RC_UNAVAILABLE, "HTTP 500 to GET secret/data/mcpd/x (it failed", -1 },
	{ ANSWER("429", "{\"errors\":[]}"), RC_UNAVAILABLE, "fewer requests", -1 },
	{ ANSWER("412", "{\"errors\":[]}"), RC_UNAVAILABLE, "this node is behind", -1 },
	{ "HTTP/1.1 307 X\r\nLocation: http://active:8200/v1\r\nContent-Length: 0\r\n\r\n",
	    RC_UNAVAILABLE, "redirect to http://active:8200/v1 not followed", -1 },
	{ ANSWER("200", "<html>"), RC_UPSTREAM, "is none of a KV engine of version 2", -1 },
	{ ANSWER("200", "{\"data\":{\"k\":\"v\"}}"), RC_UPSTREAM, "of version 2", -1 },
	{ ANSWER("200", "{\"data\":{\"data\":{\"k\":\"a\\u0000b\"}," META("1", "") "}}"),
	    RC_UPSTREAM, "of version 2", -1 },
	{ "", RC_UNAVAILABLE, "SecretBackend bao: OpenBao can't be used: ", -1 },
};

/* shown - "k=v " of each pair */
static const char *
shown(const struct pairs *p)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < p->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%s ", p->v[i].key,
		    p->v[i].value);
	return text;
}

Test(openbao, every_answer_to_a_read_has_its_code_and_words, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		const struct step script[] = { { reads[i].answer, SHUT }, { NULL, END } };
		struct pairs data = PAIRS_INIT;
		struct error err = { RC_OK, "" };
		int64_t version = -1;
		struct openbao bao;
		struct bench b;
		enum rc rc;

		bench_open(&b, script);
		bao = at(&b);
		rc = openbao_read(b.http, &bao, "x", &data, &version, &err);
		bench_stop(&b);
		cr_expect_eq(rc, reads[i].rc, "answer %zu: %d %s", i, (int)rc, err.msg);
		cr_expect_eq(version, reads[i].version, "answer %zu: %lld", i, (long long)version);
		if (rc == RC_OK)
			cr_expect_str_eq(shown(&data), reads[i].says, "answer %zu", i);
		else
			cr_expect_not_null(strstr(err.msg, reads[i].says), "answer %zu: %s", i,
			    err.msg);
		cr_expect_null(strstr(err.msg, "canary"), "answer %zu: %s", i, err.msg);
		pairs_wipe(&data);
		bench_release(&b);
	}
}

#define X25	"xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X100	X25 X25 X25 X25		/* bytes; OPENBAO_WORDS_MAX is twice that */

static const struct write_row { const char *answer; enum rc rc; const char *says; } writes[] = {
	{ ANSWER("200", "{\"data\":{\"version\":8,\"deletion_time\":\"\"}}"), RC_OK, "" },
	{ ANSWER("400", "{\"errors\":[\"check-and-set parameter did not match the current "
	    "version\"]}"), RC_STALE, "check-and-set" },
	{ ANSWER("400", "{\"errors\":[\"no: {\\\"k\\\":\\\"va\\\\\\\"lue-canary\\\"}\"]}"),
	    RC_UPSTREAM, ": no: {\"k\":\"***\"} (the request was refused)" },
	{ ANSWER("400", "{\"errors\":[\"a\\nline\\u001b[31m\\u007f\"]}"), RC_UPSTREAM,
	    ": a line [31m  (the request was refused)" },
	{ ANSWER("400", "{\"errors\":[\"" X100 X100 "y\"]}"), RC_UPSTREAM,
	    ": " X100 X100 " (the request was refused)" },
	{ ANSWER("404", "{\"errors\":[]}"), RC_UPSTREAM, "check mount and namespace" },
	{ "HTTP/1.1 204 X\r\n\r\n", RC_UPSTREAM, "none of a KV engine of version 2" },
	{ ANSWER("413", "{\"errors\":[]}"), RC_UPSTREAM, "too large for it" },
};

Test(openbao, every_answer_to_a_write_has_its_code_and_words, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		const struct step script[] = { { writes[i].answer, SHUT }, { NULL, END } };
		struct pairs data = PAIRS_INIT;
		struct error err = { RC_OK, "" };
		int64_t version = -1;
		struct openbao bao;
		struct bench b;
		enum rc rc;

		pairs_add(&data, x_strdup("k"), x_strdup("va\"lue-canary"));
		bench_open(&b, script);
		bao = at(&b);
		rc = openbao_write(b.http, &bao, "x", &data, 7, &version, &err);
		bench_stop(&b);
		cr_expect_eq(rc, writes[i].rc, "answer %zu: %d %s", i, (int)rc, err.msg);
		cr_expect_eq(version, rc == RC_OK ? 8 : -1, "answer %zu", i);
		cr_expect_not_null(strstr(err.msg, writes[i].says), "answer %zu: %s", i, err.msg);
		cr_expect_null(strstr(err.msg, "canary"), "answer %zu: %s", i, err.msg);
		pairs_wipe(&data);
		bench_release(&b);
	}
}

Test(openbao, a_write_says_who_where_and_behind_which_version, .timeout = 60)
{
	const struct step script[] = { { writes[0].answer, SHUT }, { NULL, END } };
	static const char *const lines[] = {
		"POST /v1/kv%2Beu/data/a%25b/c/x HTTP/1.1\r\n", "\r\nX-Vault-Token: " TOKEN "\r\n",
		"\r\nX-Vault-Request: true\r\n", "\r\nX-Vault-Namespace: org/team\r\n",
		"\r\nContent-Type: application/json\r\n",
		"\r\n\r\n{\"options\":{\"cas\":7},\"data\":{\"a\":\"1\\u000a\\\\\\\"\",\"b\":\"\"}}",
	};
	struct pairs data = PAIRS_INIT;
	struct openbao bao;
	struct error err;
	struct bench b;
	int64_t version;

	pairs_add(&data, x_strdup("b"), x_strdup(""));
	pairs_add(&data, x_strdup("a"), x_strdup("1\n\\\""));
	bench_open(&b, script);
	bao = at(&b);
	bao.mount = "kv+eu";
	bao.prefix = "a%b/c";
	bao.ns = "org/team";
	cr_expect_eq(openbao_write(b.http, &bao, "x", &data, 7, &version, &err), RC_OK);
	bench_stop(&b);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_expect_not_null(strstr(b.server.seen[0].p, lines[i]), "%s in %s", lines[i],
		    b.server.seen[0].p);
	pairs_wipe(&data);
	bench_release(&b);
}

Test(openbao, a_delete_takes_every_version_and_may_find_nothing, .timeout = 60)
{
	static const struct { const char *answer; enum rc rc; } rows[] = {
		{ "HTTP/1.1 204 X\r\n\r\n", RC_OK },
		{ ANSWER("404", "{\"errors\":[]}"), RC_OK },
		{ ANSWER("404", "{\"errors\":[\"no handler for route\"]}"), RC_UPSTREAM },
		{ ANSWER("403", "{\"errors\":[\"permission denied\"]}"), RC_UPSTREAM },
		{ ANSWER("500", "{\"errors\":[\"can't delete canary\"]}"), RC_UNAVAILABLE },
		{ ANSWER("503", "{\"errors\":[\"Vault is sealed\"]}"), RC_UNAVAILABLE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct step script[] = { { rows[i].answer, SHUT }, { NULL, END } };
		struct openbao bao;
		struct error err;
		struct bench b;

		bench_open(&b, script);
		bao = at(&b);
		bao.prefix = "";
		error_set(&err, RC_OK, "-");
		cr_expect_eq(openbao_delete(b.http, &bao, "x", &err), rows[i].rc, "answer %zu", i);
		cr_expect_null(strstr(err.msg, "canary"), "answer %zu: %s", i, err.msg);
		bench_stop(&b);
		cr_expect_not_null(strstr(b.server.seen[0].p,
		    "DELETE /v1/secret/metadata/x HTTP/1.1\r\n"));
		bench_release(&b);
	}
}

Test(openbao, a_token_goes_over_http_to_private_addresses_only)
{
	const struct step script[] = { { NULL, END } };
	struct pairs data = PAIRS_INIT;
	struct error err;
	int64_t version;
	struct bench b;
	struct openbao bao = { "bao", "http://192.0.2.1", "secret", "mcpd", "", TOKEN };

	bench_open(&b, script);
	cr_expect_eq(openbao_read(b.http, &bao, "x", &data, &version, &err), RC_UNAVAILABLE);
	cr_expect_not_null(strstr(err.msg, "a key goes there over https only"), "%s", err.msg);
	bao.url = "https://169.254.169.254";
	cr_expect_eq(openbao_read(b.http, &bao, "x", &data, &version, &err), RC_UNAVAILABLE);
	cr_expect_not_null(strstr(err.msg, "never connected"), "%s", err.msg);
	bench_stop(&b);
	bench_release(&b);
}

static const struct step repeats[] = {
	{ ANSWER("200", "{\"data\":{\"data\":{\"k\":\"heap-canary\",\"l\":\"heap-canary\\n\"},"
	    "\"metadata\":{\"version\":1,\"deletion_time\":\"\",\"destroyed\":false}}}"), SHUT },
	{ ANSWER("500", "{\"errors\":[\"it is heap-canary\"]}"), SHUT },
	{ ANSWER("404", "{\"data\":{\"data\":null,\"metadata\":{\"version\":1,\"deletion_time\":\""
	    "heap-canary\",\"destroyed\":false}}}"), SHUT },
	{ ANSWER("400", "{\"errors\":[\"no: heap-canary heap-canary heap-canary\"]}"), SHUT },
	{ ANSWER("200", "{\"data\":{\"version\":2,\"deletion_time\":\"\"}}"), SHUT },
	{ NULL, END },
};

Test(openbao, what_it_says_and_is_told_is_wiped, .timeout = 60)
{
	struct pairs data = PAIRS_INIT;
	struct bench b;
	struct error err;
	struct openbao bao = { "bao", NULL, "secret", "mcpd", "", TOKEN };
	int64_t version;

	bench_open(&b, repeats);
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d", b.server.port);
	bao.url = b.url;
	freed_watch("canary");
	cr_expect_eq(openbao_read(b.http, &bao, "x", &data, &version, &err), RC_OK, "%s", err.msg);
	pairs_wipe(&data);
	cr_expect_eq(freed_with(), 0, "a read");
	cr_expect_eq(openbao_read(b.http, &bao, "x", &data, &version, &err), RC_UNAVAILABLE);
	cr_expect_eq(freed_with(), 0, "a read that fails");
	cr_expect_eq(openbao_read(b.http, &bao, "x", &data, &version, &err), RC_NOT_FOUND);
	cr_expect_eq(freed_with(), 0, "a read of what is deleted");
	pairs_add(&data, x_strdup("k"), x_strdup("value-canary/+=\\\""));
	cr_expect_eq(openbao_write(b.http, &bao, "x", &data, 1, &version, &err), RC_UPSTREAM);
	cr_expect_eq(freed_with(), 0, "a write that is refused");
	cr_expect_eq(openbao_write(b.http, &bao, "x", &data, 1, &version, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(freed_with(), 0, "a write");
	pairs_wipe(&data);
	freed_watch(NULL);
	bench_stop(&b);
	bench_release(&b);
}
