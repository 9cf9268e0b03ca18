/* test_restore.c - a backup taken back, checked as a stranger's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/restore.h"
#include "tests/unit/trial.h"

#define OTHER_ID	"fedcba98765432100123456789abcdef"
#define REPORT_MAX	4096		/* bytes */

static char top[64], state[80], key_file[80];

static void
setup(void)
{
	struct error err;

	snprintf(top, sizeof(top), "/tmp/mcpd-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(top));
	snprintf(state, sizeof(state), "%s/state", top);
	snprintf(key_file, sizeof(key_file), "%s/key", top);
	cr_assert_eq(keyring_create(key_file, &err), RC_OK, "%s", err.msg);
}

static void
teardown(void)
{
	remove_tree(state);
	remove_tree(top);
}

TestSuite(restore, .init = setup, .fini = teardown);

/* backup - of a store with one object of each kind; owned by the caller */
static char *
backup(void)
{
	char *text = NULL;
	struct trial t;
	size_t len;
	FILE *f;

	trial_open(&t);
	cr_assert_str_eq(trial_create(&t, &kind_secret, "{'name':'prod','data':{'k':'v','n':'w'}}"),
	    "ok");
	cr_assert_str_eq(trial_create(&t, &kind_llm, "{'name':'claude','type':'anthropic',"
	    "'model':'m','aliases':['a'],'apiKeyRef':{'name':'prod','key':'k'}}"), "ok");
	cr_assert_str_eq(trial_create(&t, &kind_user, "{'name':'alice'}"), "ok");
	cr_assert_str_eq(trial_create(&t, &kind_group, "{'name':'g','members':['alice']}"), "ok");
	cr_assert_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'bao','type':'openbao',"
	    "'config':{'url':'https://h','tokenSecret':{'name':'prod','key':'k'}}}"), "ok");
	cr_assert_str_eq(trial_create(&t, &kind_rbac, "{'name':'r','subjects':[{'kind':'User',"
	    "'name':'alice'}],'roleBindings':[{'role':'run','resource':'llms'},"
	    "{'role':'edit','resource':'rbac'}]}"), "ok");
	cr_assert_str_eq(trial_token(&t, "{'name':'laptop','user':'alice'}",
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), "ok");
	cr_assert_str_eq(trial_token(&t, "{'name':'lost','user':'alice'}",
	    "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"), "ok");
	cr_assert_str_eq(trial_update(&t, &kind_mcptoken, "lost", "{'revoked':true}"), "ok");
	f = open_memstream(&text, &len);
	cr_assert_eq(kv_dump(store_kv(t.store), f, NULL), RC_OK);
	fclose(f);
	trial_close(&t);
	return text;
}

/* replaced - a text with a word of it changed; owned by the caller */
static char *
replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "%s is not in the backup", from);
	return x_asprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* tried - restore, and what came of it: code, objects, tokens, keys, message and faults */
static const char *
tried(const char *text, bool force)
{
	static char report[REPORT_MAX];
	const struct restore_opts opts = { .key_file = key_file, .force = force,
	    .private_urls = true };
	struct faults faults = FAULTS_INIT;
	struct restored r = { .objects = 0 };
	struct error err = { .msg = "" };
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r"), *out;
	enum rc rc = store_restore(state, in, &opts, &r, &faults, &err);

	fclose(in);
	out = fmemopen(report, sizeof(report), "w");
	if (rc == RC_OK)
		fprintf(out, "ok: %zu objects%s", r.objects,
		    r.administered ? "" : ", nobody edits rbac");
	else
		fprintf(out, "%s: %s", rc_info(rc)->name, err.msg);
	for (size_t i = 0; i < r.tokens.n; i++)
		fprintf(out, ", token %s", r.tokens.v[i]);
	for (size_t i = 0; i < r.keys.n; i++)
		fprintf(out, ", key %u", (unsigned)r.keys.v[i]);
	for (size_t i = 0; i < faults.n; i++)
		fprintf(out, " [%s: %s]", faults.v[i].path, faults.v[i].message);
	fclose(out);
	restored_release(&r);
	faults_release(&faults);
	return report;
}

/* expect_dump - the store holds exactly this */
static void
expect_dump(const char *text)
{
	char *got = NULL;
	struct error err;
	struct kv *kv;
	size_t len;
	FILE *f;

	cr_assert_eq(kv_bdb_open(state, NULL, &kv, &err), RC_OK, "%s", err.msg);
	f = open_memstream(&got, &len);
	cr_assert_eq(kv_dump(kv, f, &err), RC_OK, "%s", err.msg);
	fclose(f);
	cr_expect_str_eq(got, text);
	free(got);
	kv_close(kv);
}

Test(restore, makes_the_store_and_its_backup_is_the_same_byte_for_byte)
{
	char *text = backup();

	cr_expect_str_eq(tried(text, false), "ok: 9 objects, token laptop (user alice), key 1",
	    "the key file's key 1 is another one");
	expect_dump(text);
	free(text);
}

Test(restore, leaves_a_store_with_objects_alone_unless_forced)
{
	char *text = backup(), *other, *mine;

	cr_assert_str_eq(tried(text, false), "ok: 9 objects, token laptop (user alice), key 1");
	other = replaced(text, "\"model\":\"m\"", "\"model\":\"n\"");
	cr_expect_str_eq(tried(other, false), "conflict: the store has objects already; --force "
	    "replaces all of them");
	expect_dump(text);
	cr_expect_str_eq(tried(other, true), "ok: 9 objects, key 1",
	    "the token was valid before");
	expect_dump(other);
	mine = replaced(text, "\"revoked\":true", "\"revoked\":false");
	cr_expect_str_eq(tried(mine, true), "ok: 9 objects, token lost (user alice), key 1");
	free(mine);
	free(other);
	free(text);
}

/* spoil - a record that no table can be built of */
static void
spoil(void)
{
	const struct kv_op op = { KV_PUT, "user/c00000000000000000000000x", "no JSON", 7 };
	const struct kv_txn txn = { .ops = &op, .nops = 1, .deadline_ms = INT64_MAX };
	struct error err;
	struct kv *kv;

	cr_assert_eq(kv_bdb_open(state, NULL, &kv, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(kv_txn(kv, &txn, NULL, &err), RC_OK, "%s", err.msg);
	kv_close(kv);
}

Test(restore, replaces_a_catalogue_that_can_not_be_read_only_when_forced)
{
	char *text = backup();

	cr_assert_str_eq(tried(text, false), "ok: 9 objects, token laptop (user alice), key 1");
	spoil();
	cr_expect_str_eq(tried(text, false), "conflict: the store has objects already; --force "
	    "replaces all of them");
	cr_expect_str_eq(tried(text, true), "ok: 9 objects, token laptop (user alice), key 1");
	expect_dump(text);
	free(text);
}

Test(restore, takes_the_place_of_another_store_when_forced_and_those_who_have_it_open_see_it)
{
	const struct store_opts opts = { .key_file = key_file };
	char id[KV_STORE_ID], *text = backup(), *other;
	const struct table *t;
	struct error err;
	struct store *s;

	cr_assert_str_eq(tried(text, false), "ok: 9 objects, token laptop (user alice), key 1");
	cr_assert_eq(store_open(state, &opts, &s, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(store_table(s, &t, &err), RC_OK, "%s", err.msg);
	snprintf(id, sizeof(id), "%s", table_store_id(t));
	table_unref(t);
	other = replaced(text, id, OTHER_ID);
	cr_assert_str_eq(tried(other, true), "ok: 9 objects, key 1");
	cr_assert_eq(store_table(s, &t, &err), RC_OK, "%s", err.msg);
	cr_expect_str_eq(table_store_id(t), OTHER_ID);
	table_unref(t);
	cr_expect_eq(store_touch(s, &err), RC_OK, "it writes, too: %s", err.msg);
	store_close(s);
	free(other);
	free(text);
}

static const struct { const char *from, *to, *says; } bad[] = {
	{ "mcpd-dump", "mysqldump",	"invalid: line 1: not a dump of mcpd" },
	{ "llm/claude", "llm/Claude",	"invalid: llm/Claude: name must be 1 to 100" },
	{ "llm/claude", "cat/claude",	"invalid: line 4: its key is not greater" },
	{ "\"anthropic\"", "\"claude\"", "invalid: llm/claude: type or tier is wrong" },
	{ "\"model\":\"m\"", "\"model\":\"\"", "[llm/claude.model: " },
	{ "\"role\":\"run\"", "\"role\":\"fly\"", "invalid: rbac/r: " },
	{ "\"url\":\"\"", "\"url\":\"ftp://h\"", "[llm/claude.url: " },
	{ "\"version\":1", "\"version\":0", "version, createdAt or updatedAt is wrong" },
	{ "\"aliases\":[\"a\"]", "\"aliases\":[\"\"]", "[llm/claude.aliases" },
};

Test(restore, checks_each_record_as_create_does_and_nothing_is_made)
{
	char *text = backup();
	struct stat st;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *wrong = replaced(text, bad[i].from, bad[i].to);
		const char *got = tried(wrong, false);

		cr_expect_not_null(strstr(got, bad[i].says), "row %zu: %s", i, got);
		cr_expect_neq(stat(state, &st), 0, "row %zu made something", i);
		free(wrong);
	}
	free(text);
}

/* id_of - of the record in the line that begins so; until the next call */
static const char *
id_of(const char *text, const char *line)
{
	static char id[ID_SIZE];
	const char *at = strstr(text, line);

	cr_assert_not_null(at);
	at = strstr(at, "\"id\":\"");
	snprintf(id, sizeof(id), "%.25s", at + strlen("\"id\":\""));
	return id;
}

static const struct { const char *line, *says; } references[] = {
	{ "\nuser/alice",	"[mcptoken/laptop.user: names a user that isn't there]" },
	{ "\nuser/alice",	"[rbac/r.subjects: names a subject that isn't there]" },
	{ "\nsecret/prod",	"[llm/claude.apiKeyRef: names a secret that isn't there]" },
	{ "\nsecretbackend/sealed", "[secret/prod.backend: names a backend that isn't there]" },
	{ "\nuser/alice",	"[group/g.members: names a user that isn't there]" },
	{ "\nsecret/prod",	"[secretbackend/bao.config.tokenSecret: names a secret that isn't "
				"there]" },
};

Test(restore, refuses_references_to_what_is_not_in_the_backup)
{
	char *text = backup();

	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		const char *at = strstr(text, references[i].line), *id;
		char *own, *wrong;

		id = id_of(text, references[i].line);
		own = x_asprintf("%.*s", (int)(strstr(at, id) - text), text);
		wrong = x_asprintf("%sc000000000000000000000000%s", own,
		    strstr(at, id) + strlen(id));
		cr_expect_not_null(strstr(tried(wrong, false), references[i].says), "row %zu: %s",
		    i, tried(wrong, false));
		free(wrong);
		free(own);
	}
	free(text);
}

Test(restore, refuses_a_copy_of_a_secret_in_a_backend_that_is_not_in_the_backup)
{
	char *text = backup(), *wrong;

	wrong = replaced(text, "\"data\":{", "\"copyIn\":\"c000000000000000000000000\",\"data\":{");
	cr_expect_not_null(strstr(tried(wrong, false),
	    "[secret/prod.copyIn: names a backend that isn't there]"), "%s", tried(wrong, false));
	free(wrong);
	free(text);
}

Test(restore, refuses_a_secret_that_is_kept_otherwise_than_its_backend_keeps)
{
	char *text = backup(), *wrong;

	wrong = replaced(text, "\"data\":{", "\"kept\":\"plaintext\",\"data\":{");
	cr_expect_not_null(strstr(tried(wrong, false),
	    "[secret/prod.backend: is of another type than the secret's values]"), "%s",
	    tried(wrong, false));
	free(wrong);
	free(text);
}

Test(restore, takes_a_catalogue_that_nobody_administers_and_says_so)
{
	char *text = backup(), *other;

	other = replaced(text, "{\"role\":\"edit\"", "{\"role\":\"view\"");
	cr_expect_str_eq(tried(other, false), "ok: 9 objects, nobody edits rbac, "
	    "token laptop (user alice), key 1");
	free(other);
	free(text);
}

Test(restore, refuses_what_no_two_records_may_share)
{
	char *text = backup(), *wrong;
	char first[ID_SIZE];

	wrong = replaced(text, "1123456789abcdef", "0123456789abcdef");
	cr_expect_not_null(strstr(tried(wrong, false), "tokenSha: is another token's too]"),
	    "%s", tried(wrong, false));
	free(wrong);
	snprintf(first, sizeof(first), "%s", id_of(text, "\nmcptoken/laptop"));
	wrong = replaced(text, id_of(text, "\nmcptoken/lost"), first);
	cr_expect_not_null(strstr(tried(wrong, false), "id: is another record's too]"), "%s",
	    tried(wrong, false));
	free(wrong);
	free(text);
}
