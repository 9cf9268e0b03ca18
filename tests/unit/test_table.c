/* test_table.c - the catalogue in memory */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "store/records.h"
#include "store/table.h"
#include "tests/unit/trial.h"

#define STORE_ID "0123456789abcdef0123456789abcdef"
#define TABLE_MAX (8 << 20)		/* bytes for 1 000 Llms and 10 000 tokens */

struct shelf {				/* stored items that are made by hand */
	struct kv_items	items;
};

/* put - one more item; id n is in its record */
static void
put(struct shelf *s, const char *key, unsigned id, const char *members, uint64_t mod_rev)
{
	char *val = x_asprintf("{\"id\":\"c%024u\",%s\"version\":1,\"createdAt\":1,"
	    "\"updatedAt\":1}", id, members);

	s->items.v = x_realloc(s->items.v, (s->items.n + 1) * sizeof(*s->items.v));
	s->items.v[s->items.n++] = (struct kv_item){ x_strdup(key), val, strlen(val), mod_rev };
	s->items.rev = mod_rev > s->items.rev ? mod_rev : s->items.rev;
}

/* clear - forget the items */
static void
clear(struct shelf *s)
{
	for (size_t i = 0; i < s->items.n; i++) {
		free((char *)s->items.v[i].key);
		free((char *)s->items.v[i].val);
	}
	free(s->items.v);
	s->items = (struct kv_items){ .v = NULL };
}

/* build - must succeed */
static const struct table *
build(struct shelf *s, const struct table *before)
{
	const struct table *t;
	struct error err;

	cr_assert_eq(table_build(&s->items, STORE_ID, before, &t, &err), RC_OK, "%s", err.msg);
	return t;
}

#define LLM "\"type\":\"openai\",\"model\":\"m\",\"tier\":\"fast\",\"extraConfig\":{},"
#define TOKEN "\"user\":\"c000000000000000000000001\",\"tokenSha\":\"%064x\","
#define RBAC(id) "\"subjects\":[{\"kind\":\"User\",\"id\":\"c0000000000000000000000" id "\"}]," \
	"\"roleBindings\":[{\"role\":\"view\",\"resource\":\"*\"}],"

Test(table, finds_by_name_id_alias_digest_and_subject)
{
	const struct rbac *const *grants;
	struct shelf s = { .items = { .v = NULL } };
	const struct table *t;
	char token[256];

	snprintf(token, sizeof(token), TOKEN, 7);
	put(&s, "llm/b", 2, LLM, 1);
	put(&s, "llm/a", 1, LLM "\"aliases\":[\"x\",\"w\"],", 2);
	put(&s, "mcptoken/k", 3, token, 3);
	put(&s, "rbac/r2", 4, RBAC("05"), 4);
	put(&s, "rbac/r1", 5, RBAC("05"), 5);
	put(&s, "rbac/r3", 6, RBAC("06"), 6);
	t = build(&s, NULL);
	cr_expect_eq(table_rev(t), 6);
	cr_expect_str_eq(table_store_id(t), STORE_ID);
	cr_expect_eq(table_count(t, &kind_llm), 2);
	cr_expect_str_eq(table_at(t, &kind_llm, 0)->name, "a");
	cr_expect_str_eq(table_at(t, &kind_llm, 1)->name, "b");
	cr_expect_str_eq(table_by_id(t, &kind_llm, "c000000000000000000000002")->name, "b");
	cr_expect_str_eq(table_find(t, &kind_llm, "c000000000000000000000001")->name, "a");
	cr_expect_str_eq(table_find(t, &kind_llm, "b")->name, "b");
	cr_expect_null(table_find(t, &kind_llm, "c000000000000000000000003"));
	cr_expect_null(table_by_name(t, &kind_llm, "c"));
	cr_expect_null(table_by_name(t, &kind_secret, "a"));
	cr_expect_str_eq(table_llm_alias(t, "w")->r.name, "a");
	cr_expect_null(table_llm_alias(t, "a"));
	cr_expect_str_eq(table_token(t,
	    "0000000000000000000000000000000000000000000000000000000000000007")->r.name, "k");
	cr_expect_eq(table_grants(t, "c000000000000000000000005", &grants), 2);
	cr_expect_str_eq(grants[0]->r.name, "r1");
	cr_expect_str_eq(grants[1]->r.name, "r2");
	cr_expect_eq(table_grants(t, "c000000000000000000000007", &grants), 0);
	table_unref(t);
	clear(&s);
}

Test(table, shares_records_that_did_not_change)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct table *one, *two, *foreign;

	put(&s, "llm/a", 1, LLM, 1);
	put(&s, "llm/b", 2, LLM, 2);
	one = build(&s, NULL);
	s.items.v[1].mod_rev = 3;
	two = build(&s, one);
	cr_expect_eq(table_at(one, &kind_llm, 0), table_at(two, &kind_llm, 0));
	cr_expect_neq(table_at(one, &kind_llm, 1), table_at(two, &kind_llm, 1));
	cr_assert_eq(table_build(&s.items, "another", two, &foreign, NULL), RC_OK);
	cr_expect_neq(table_at(foreign, &kind_llm, 0), table_at(two, &kind_llm, 0));
	table_unref(one);
	cr_expect_str_eq(table_at(two, &kind_llm, 0)->name, "a");
	table_unref(two);
	table_unref(foreign);
	clear(&s);
}

Test(table, one_record_that_does_not_decode_is_named_and_nothing_is_built)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct table *t = NULL;
	struct error err;

	put(&s, "llm/a", 1, LLM, 1);
	put(&s, "llm/bad", 2, "", 2);
	cr_expect_eq(table_build(&s.items, STORE_ID, NULL, &t, &err), RC_CORRUPT);
	cr_expect_eq(strncmp(err.msg, "llm/bad: ", 9), 0, "%s", err.msg);
	cr_expect_null(t);
	clear(&s);
}

Test(table, the_change_key_is_no_record_but_its_revision_is_known)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct table *t;

	put(&s, CATALOGUE_CHANGE, 0, "", 9);
	put(&s, "llm/a", 1, LLM, 4);
	t = build(&s, NULL);
	cr_expect_eq(table_change_rev(t), 9);
	table_unref(t);
	clear(&s);
	t = build(&s, NULL);
	cr_expect_eq(table_change_rev(t), 0);
	table_unref(t);
}

/* decoded - a record on its own */
static const struct record *
decoded(const char *key, unsigned id, const char *members)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct record *r;

	put(&s, key, id, members, 0);
	cr_assert_eq(record_decode(&s.items.v[0], &r, NULL), RC_OK);
	clear(&s);
	return r;
}

Test(table, a_copy_changes_alone_and_keeps_every_index_right)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct rbac *const *grants;
	const struct record *a, *b, *r;
	const struct table *t;
	struct table *copy;

	put(&s, "llm/a", 1, LLM "\"aliases\":[\"x\",\"y\"],", 1);
	put(&s, "rbac/r", 2, RBAC("05"), 1);
	t = build(&s, NULL);
	copy = table_copy(t);
	a = decoded("llm/a", 1, LLM "\"aliases\":[\"y\",\"z\"],");
	b = decoded("llm/b", 3, LLM);
	r = decoded("rbac/r", 2, RBAC("06"));
	table_set(copy, a);
	table_set(copy, b);
	table_set(copy, r);
	cr_expect_eq(table_count(copy, &kind_llm), 2);
	cr_expect_eq(table_by_name(copy, &kind_llm, "a"), a);
	cr_expect_eq(table_by_id(copy, &kind_llm, "c000000000000000000000003"), b);
	cr_expect_null(table_llm_alias(copy, "x"));
	cr_expect_eq((const void *)table_llm_alias(copy, "y"), a);
	cr_expect_eq((const void *)table_llm_alias(copy, "z"), a);
	cr_expect_eq(table_grants(copy, "c000000000000000000000005", &grants), 0);
	cr_expect_eq(table_grants(copy, "c000000000000000000000006", &grants), 1);
	table_drop(copy, a);
	table_drop(copy, r);
	cr_expect_eq(table_count(copy, &kind_llm), 1);
	cr_expect_null(table_llm_alias(copy, "y"));
	cr_expect_eq(table_grants(copy, "c000000000000000000000006", &grants), 0);
	cr_expect_eq(table_count(t, &kind_llm), 1);
	cr_expect_not_null(table_llm_alias(t, "x"));
	cr_expect_eq(table_grants(t, "c000000000000000000000005", &grants), 1);
	record_unref(a);
	record_unref(b);
	record_unref(r);
	table_unref(copy);
	table_unref(t);
	clear(&s);
}

/* in_use - bytes that the allocator has given out */
static size_t
in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

Test(table, a_thousand_llms_and_ten_thousand_tokens_fit_into_eight_megabytes)
{
	struct shelf s = { .items = { .v = NULL } };
	const struct table *t;
	char key[64], members[512];
	size_t before, after;

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "llm/model-%u", i);
		snprintf(members, sizeof(members), LLM "\"url\":\"https://host-%u.example.org\","
		    "\"description\":\"a description of some words\",\"aliases\":[\"alias-%u\"],"
		    "\"apiKeyRef\":{\"id\":\"c000000000000000000000001\",\"key\":\"key\"},", i, i);
		put(&s, key, i, members, i + 1);
	}
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "mcptoken/token-%u", i);
		snprintf(members, sizeof(members), TOKEN "\"scope\":[{\"role\":\"run\","
		    "\"resource\":\"llms\",\"name\":\"model-1\"}],", i);
		put(&s, key, 1000 + i, members, i + 1);
	}
	before = in_use();
	t = build(&s, NULL);
	after = in_use();
	cr_expect_lt(after - before, TABLE_MAX);
	cr_expect_eq(table_count(t, &kind_mcptoken), 10000);
	snprintf(members, sizeof(members), "%064x", 4711);
	cr_expect_str_eq(table_token(t, members)->r.name, "token-4711");
	table_unref(t);
	clear(&s);
}
