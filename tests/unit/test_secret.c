/* test_secret.c - values go in, and come out for calls only */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/trial.h"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(secret, .init = setup, .fini = teardown);

/* get - the record */
static const struct secret *
get(const char *name)
{
	return (const struct secret *)trial_get(&t, &kind_secret, name);
}

/* opened - a value as a call would get it, or the error */
static const char *
opened(const char *name, const char *key)
{
	static char text[ERROR_MAX + 64];
	const struct secret *s = get(name);
	struct error err;
	char *value;

	if (secret_open(s, table_store_id(t.table), store_keyring(t.store), key, &value,
	    &err) != RC_OK) {
		snprintf(text, sizeof(text), "%s: %s", rc_info(err.rc)->name, err.msg);
		return text;
	}
	snprintf(text, sizeof(text), "%s", value);
	mem_free_wiped(value);
	return text;
}

/* envelope - the stored text of a value, owned by the caller */
static char *
envelope(const char *name, size_t i)
{
	return x_strdup(get(name)->values[i].stored);
}

Test(secret, values_are_in_no_view_and_not_in_clear_in_the_store)
{
	char *stored;

	cr_assert_str_eq(trial_create(&t, &kind_secret,
	    "{'name':'prod','data':{'z':'CANARY-1','a':'CANARY-2'}}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secret, "prod"),
	    "'name':'prod','backend':'sealed','keys':['a','z'],'version':1"));
	cr_expect_null(strstr(trial_view(&t, &kind_secret, "prod"), "TVMx"));
	stored = record_encode(&get("prod")->r);
	cr_expect_null(strstr(stored, "CANARY"));
	cr_expect_not_null(strstr(stored, "TVMx"));
	cr_expect_str_eq(opened("prod", "z"), "CANARY-1");
	free(stored);
}

Test(secret, faults_are_all_named)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "{}", "invalid: invalid secret [data: is required] [name: is required]" },
		{ "{'name':'s','data':[]}", "invalid: invalid secret [data: must be an object]" },
		{ "{'name':'s','data':{'a':1,'_b':'x','c d':'x'}}", "invalid: invalid secret "
		    "[data._b: key must be 1 to 100 of letters, digits, '.', '_' and '-', a letter "
		    "or a digit first] [data.a: must be a string] [data.c d: key must be 1 to 100 "
		    "of letters, digits, '.', '_' and '-', a letter or a digit first]" },
		{ "{'name':'s','data':{},'backend':'vault'}",
		    "invalid: invalid secret [backend: SecretBackend not found: vault]" },
		{ "{'name':'s','data':{},'backend':'sealed','value':1}",
		    "invalid: invalid secret [value: unknown field]" },
		{ "{'name':'s','data':{},'backend':'sealed'}", "ok" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(trial_create(&t, &kind_secret, cases[i].body), cases[i].said);
	cr_expect_str_eq(trial_create(&t, &kind_secret, "{'name':'s','data':{}}"),
	    "conflict: Secret already exists: s");
}

Test(secret, too_much_data_is_a_fault_that_says_the_limit)
{
	char *fill = x_calloc(1, 48001), *body;
	const char *said;

	memset(fill, 'x', 48000);
	body = x_asprintf("{'name':'s','data':{'k':'%s'}}", fill);
	cr_expect_str_eq(trial_create(&t, &kind_secret, body), "ok");
	free(body);
	body = x_asprintf("{'name':'s2','data':{'k':'%s','l':'%.1000s'}}", fill, fill);
	said = trial_create(&t, &kind_secret, body);
	cr_expect_not_null(strstr(said, "[data: is too large: 65"), "%s", said);
	cr_expect_not_null(strstr(said, "at most 64512]"), "%s", said);
	free(body);
	free(fill);
}

Test(secret, the_same_data_again_changes_nothing)
{
	char *before, *after;

	trial_create(&t, &kind_secret, "{'name':'s','data':{'a':'1','b':'2'}}");
	before = record_encode(&get("s")->r);
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'data':{'b':'2','a':'1'}}"), "ok");
	after = record_encode(&get("s")->r);
	cr_expect_str_eq(before, after);
	free(before);
	free(after);
}

Test(secret, a_put_replaces_the_map_and_reseals_only_what_changed)
{
	char *a, *b;

	trial_create(&t, &kind_secret, "{'name':'s','data':{'a':'1','b':'2','c':'3'}}");
	a = envelope("s", 0);
	b = envelope("s", 1);
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'data':{'a':'1','b':'9'}}"), "ok");
	cr_assert_eq(get("s")->nvalues, 2);
	cr_expect_eq(get("s")->r.version, 2);
	cr_expect_str_eq(get("s")->values[0].stored, a);
	cr_expect_str_neq(get("s")->values[1].stored, b);
	cr_expect_str_eq(opened("s", "b"), "9");
	cr_expect_str_eq(opened("s", "c"), "not_found: secret 's' has no key 'c'");
	free(a);
	free(b);
}

Test(secret, what_can_not_be_sent_is_not_opened)
{
	static const struct {
		const char *value, *said;
	} cases[] = {
		{ "sk-1", "sk-1" },
		{ "sk-1\\n", "sk-1" },
		{ "sk-1\\r\\n", "sk-1" },
		{ "sk-1\\n\\n", "invalid: secret 's': key has control characters" },
		{ "sk\\n1", "invalid: secret 's': key has control characters" },
		{ "Basic sk", "Basic sk" },
		{ "sk ", "invalid: secret 's': key has control characters" },
		{ " sk", "invalid: secret 's': key has control characters" },
		{ "\\u00e4", "invalid: secret 's': key has control characters" },
		{ "", "invalid: secret 's': key is empty" },
		{ "\\n", "invalid: secret 's': key is empty" },
	};
	const struct secret *s;
	char *body, *clear;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		body = x_asprintf("{'name':'s','data':{'k':'%s'}}", cases[i].value);
		cr_assert_str_eq(trial_create(&t, &kind_secret, body), "ok");
		cr_expect_str_eq(opened("s", "k"), cases[i].said, "%s", cases[i].value);
		trial_delete(&t, &kind_secret, "s");
		free(body);
	}
	trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'a\\nb\\n'}}");
	s = get("s");
	cr_assert_eq(secret_clear(s, table_store_id(t.table), store_keyring(t.store), "k",
	    &clear, NULL), RC_OK);
	cr_expect_str_eq(clear, "a\nb\n");
	mem_free_wiped(clear);
}

Test(secret, deleting_one_takes_the_key_off_its_llms_in_the_same_revision)
{
	uint64_t before;

	trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	trial_create(&t, &kind_secret, "{'name':'s2','data':{'k':'v'}}");
	trial_create(&t, &kind_llm, "{'name':'a','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}");
	trial_create(&t, &kind_llm, "{'name':'b','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s2','key':'k'}}");
	trial_create(&t, &kind_llm, "{'name':'c','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}");
	before = table_rev(trial_look(&t));
	cr_expect_str_eq(trial_delete(&t, &kind_secret, "s"), "ok");
	cr_expect_eq(table_rev(trial_look(&t)), before + 1);
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "a"), "'apiKeyRef':null"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "a"), "'version':2"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "b"), "'apiKeyRef':{'name':'s2'"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "b"), "'version':1"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "c"), "'apiKeyRef':null"));
}

Test(secret, a_new_secret_of_the_same_name_is_another_one)
{
	trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	trial_create(&t, &kind_llm, "{'name':'a','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}");
	trial_delete(&t, &kind_secret, "s");
	trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "a"), "'apiKeyRef':null"));
}

Test(secret, an_envelope_moved_to_another_secret_does_not_open)
{
	struct secret moved;
	char *value;
	struct error err;

	trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v','l':'w'}}");
	moved = *get("s");
	moved.r.name = (char *)"other";
	cr_expect_eq(secret_open(&moved, table_store_id(t.table), store_keyring(t.store), "k",
	    &value, &err), RC_CORRUPT);
	moved = *get("s");
	moved.values = (struct secret_value[]){ { (char *)"k", get("s")->values[1].stored } };
	cr_expect_eq(secret_open(&moved, table_store_id(t.table), store_keyring(t.store), "k",
	    &value, &err), RC_CORRUPT);
	cr_expect_eq(secret_open(get("s"), "another store", store_keyring(t.store), "k", &value,
	    &err), RC_CORRUPT);
}

Test(secret, without_the_key_file_nothing_is_sealed_and_nothing_is_stored)
{
	const char *said;

	unlink(t.key_file);
	said = trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	cr_expect_not_null(strstr(said, "unavailable: "), "%s", said);
	cr_expect_not_null(strstr(said, "there is no key file"), "%s", said);
	cr_expect_eq(table_count(trial_look(&t), &kind_secret), 0);
}

Test(secret, backend_with_secrets_stays_and_so_does_the_default)
{
	trial_create(&t, &kind_secret, "{'name':'s','data':{}}");
	cr_expect_str_eq(trial_delete(&t, &kind_secretbackend, "sealed"),
	    "conflict: SecretBackend in use: sealed (Secret s)");
	trial_delete(&t, &kind_secret, "s");
	cr_expect_str_eq(trial_delete(&t, &kind_secretbackend, "sealed"),
	    "conflict: SecretBackend in use: sealed (it is the default: make another one the "
	    "default first)");
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "sealed", "{'default':false}"),
	    "invalid: invalid secretbackend [default: there must be a default: make another "
	    "backend the default instead]");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "sealed"),
	    "'name':'sealed','type':'sealed','description':'','default':true,'config':{},"));
}

Test(secret, the_default_is_taken_over_in_the_same_transaction)
{
	uint64_t before = table_rev(trial_look(&t));

	cr_expect_str_eq(trial_create(&t, &kind_secretbackend,
	    "{'name':'v','type':'plaintext','default':true}"), "ok");
	cr_expect_eq(table_rev(trial_look(&t)), before + 1);
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "sealed"),
	    "'default':false,'config':{},'version':2"));
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "sealed", "{'default':true}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "v"), "'default':false"));
	cr_expect_str_eq(trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secret, "s"), "'backend':'sealed'"));
	cr_expect_str_eq(trial_delete(&t, &kind_secretbackend, "v"), "ok");
}

Test(secret, type_and_backend_stay_what_they_are)
{
	trial_create(&t, &kind_secret, "{'name':'s','data':{}}");
	trial_create(&t, &kind_secretbackend, "{'name':'v','type':'plaintext'}");
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "v", "{'type':'sealed'}"),
	    "invalid: invalid secretbackend [type: can't be changed, it is plaintext]");
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "v", "{'type':'plaintext'}"), "ok");
	cr_expect_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'w','type':'vault'}"),
	    "invalid: invalid secretbackend [type: must be sealed, plaintext or openbao]");
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "v", "{'config':{'url':'x'}}"),
	    "invalid: invalid secretbackend [config.url: unknown field]");
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'backend':'v'}"),
	    "invalid: invalid secret [backend: can't be changed (migrate the secret)]");
	/* whether there is such a backend is not told by the way */
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'backend':'none'}"),
	    "invalid: invalid secret [backend: can't be changed (migrate the secret)]");
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'backend':'sealed'}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_secret, "s", "{'backend':null}"), "ok");
}

Test(secret, plaintext_stands_in_the_store_as_it_is_and_is_counted)
{
	char *stored;

	trial_create(&t, &kind_secretbackend, "{'name':'clear','type':'plaintext'}");
	cr_expect_eq(secret_plaintext_count(trial_look(&t)), 0);
	cr_assert_str_eq(trial_create(&t, &kind_secret,
	    "{'name':'p','backend':'clear','data':{'k':'CANARY \\n'}}"), "ok");
	cr_expect_eq(secret_plaintext_count(trial_look(&t)), 1);
	stored = record_encode(&get("p")->r);
	cr_expect_not_null(strstr(stored, "\"kept\":\"plaintext\",\"data\":{\"k\":\"CANARY "));
	free(stored);
	cr_expect_null(strstr(trial_view(&t, &kind_secret, "p"), "CANARY"));
	trial_update(&t, &kind_secret, "p", "{'data':{'k':'CANARY'}}");
	cr_expect_str_eq(opened("p", "k"), "CANARY");
	cr_expect_str_eq(opened("p", "x"), "not_found: secret 'p' has no key 'x'");
	cr_expect_str_eq(trial_update(&t, &kind_secret, "p", "{'data':{'k':'CANARY'}}"), "ok");
	cr_expect_eq(get("p")->r.version, 2, "the same values are no change");
}

/* make_bao - an openbao backend with its token's secret */
static void
make_bao(void)
{
	trial_create(&t, &kind_secret, "{'name':'tok','data':{'t':'x'}}");
	cr_assert_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'bao','type':'openbao',"
	    "'config':{'url':'http://127.0.0.1:8200/','tokenSecret':{'name':'tok','key':'t'}}}"),
	    "ok");
}

Test(secret, an_openbao_backend_has_defaults_and_says_every_fault)
{
	make_bao();
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "bao"),
	    "'config':{'url':'http://127.0.0.1:8200/','mount':'secret','pathPrefix':'mcpd',"
	    "'namespace':'','tokenSecret':{'name':'tok','key':'t'},'cacheSeconds':60,"
	    "'staleSeconds':3600}"), "%s", trial_view(&t, &kind_secretbackend, "bao"));
	cr_expect_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'b','type':'openbao',"
	    "'config':{'url':'http://169.254.169.254','mount':'','pathPrefix':'a/../b',"
	    "'namespace':'a//b','tokenSecret':{'name':'nobody','key':'-'},'cacheSeconds':-1,"
	    "'staleSeconds':'1','engine':'kv'}}"),
	    "invalid: invalid secretbackend "
	    "[config.cacheSeconds: must be 0 to 86400] "
	    "[config.engine: unknown field] "
	    "[config.mount: must not be empty] "
	    "[config.namespace: must not have an empty segment, '.' or '..'] "
	    "[config.pathPrefix: must not have an empty segment, '.' or '..'] "
	    "[config.staleSeconds: must be an integer] "
	    "[config.tokenSecret.key: must be 1 to 100 of letters, digits, '.', '_' and '-', a "
	    "letter or a digit first] "
	    "[config.tokenSecret.name: Secret not found: nobody] "
	    "[config.url: is an address that is never connected]");
	cr_expect_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'b','type':'openbao',"
	    "'config':{'url':'http://8.8.8.8','tokenSecret':{'name':'tok','key':'t'}}}"),
	    "invalid: invalid secretbackend [config.url: must be https: a token goes there]");
	cr_expect_str_eq(trial_create(&t, &kind_secretbackend, "{'name':'b','type':'openbao',"
	    "'config':{'url':'http://0x08080808','tokenSecret':{'name':'tok','key':'t'}}}"),
	    "invalid: invalid secretbackend [config.url: must be https: a token goes there]");
}

Test(secret, a_config_is_changed_member_by_member_and_null_is_the_default)
{
	make_bao();
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "bao", "{'config':{'mount':'/kv/',"
	    "'namespace':'team','cacheSeconds':0}}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "bao"),
	    "'mount':'kv','pathPrefix':'mcpd','namespace':'team',"));
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "bao", "{'config':{'mount':null,"
	    "'pathPrefix':'','namespace':null,'cacheSeconds':null}}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "bao"),
	    "'mount':'secret','pathPrefix':'','namespace':'',"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "bao"),
	    "'cacheSeconds':60,"));
	cr_expect_str_eq(trial_update(&t, &kind_secretbackend, "bao", "{'config':{'url':null,"
	    "'tokenSecret':null}}"), "invalid: invalid secretbackend "
	    "[config.tokenSecret: is required] [config.url: is required]");
}

Test(secret, the_secret_of_a_backends_token_stays)
{
	make_bao();
	cr_expect_str_eq(trial_delete(&t, &kind_secret, "tok"),
	    "conflict: Secret in use: tok (SecretBackend bao)");
	trial_delete(&t, &kind_secretbackend, "bao");
	cr_expect_str_eq(trial_delete(&t, &kind_secret, "tok"), "ok");
}

Test(secret, no_transaction_pretends_that_openbao_has_the_values)
{
	make_bao();
	cr_expect_str_eq(trial_create(&t, &kind_secret,
	    "{'name':'s','backend':'bao','data':{'k':'CANARY'}}"),
	    "unsupported: secret 's' is kept in an openbao backend and can't be changed this way");
	cr_expect_eq(table_count(trial_look(&t), &kind_secret), 1);
}
