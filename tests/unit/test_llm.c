/* test_llm.c - every rule of the resource Llm */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/trial.h"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
	cr_assert_str_eq(trial_create(&t, &kind_secret,
	    "{'name':'prod','data':{'key':'sk-1'}}"), "ok");
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(llm, .init = setup, .fini = teardown);

/* create - {name, type, model} and more members */
static const char *
create(const char *name, const char *type, const char *more)
{
	char *body = x_asprintf("{'name':'%s','type':'%s','model':'m'%s%s}", name, type,
	    more[0] != '\0' ? "," : "", more);
	const char *said = trial_create(&t, &kind_llm, body);

	free(body);
	return said;
}

/* get - the record */
static const struct llm *
get(const char *name)
{
	return (const struct llm *)trial_get(&t, &kind_llm, name);
}

Test(llm, view_has_all_members_in_their_order)
{
	char want[512];

	create("claude", "anthropic", "");
	snprintf(want, sizeof(want), "{'id':'%s','name':'claude','type':'anthropic','model':'m',"
	    "'url':'','tier':'fast','description':'','enabled':true,'aliases':[],"
	    "'apiKeyRef':null,'extraConfig':{},'version':1,'createdAt':'", get("claude")->r.id);
	cr_expect_eq(strncmp(trial_view(&t, &kind_llm, "claude"), want, strlen(want)), 0, "%s",
	    trial_view(&t, &kind_llm, "claude"));
}

Test(llm, every_fault_is_named_at_once)
{
	cr_expect_str_eq(trial_create(&t, &kind_llm, "{}"), "invalid: invalid llm "
	    "[model: is required] [name: is required] [type: is required]");
	cr_expect_str_eq(trial_create(&t, &kind_llm,
	    "{'name':'A','type':'gpt','model':'','url':'ftp://x','tier':'slow','enabled':1,"
	    "'description':5,'aliases':'x','apiKeyRef':'prod/key','extraConfig':[],'modle':'x'}"),
	    "invalid: invalid llm [aliases: must be a list] [apiKeyRef: must be an object] "
	    "[description: must be a string] [enabled: must be true or false] "
	    "[extraConfig: must be an object] [model: must be 1 to 1024 bytes long] "
	    "[modle: unknown field] [name: must be 1 to 100 of a-z, 0-9 and '-'] "
	    "[tier: must be fast or heavy] "
	    "[type: must be anthropic, openai, deepseek, vllm, ollama or gemini-cli] "
	    "[url: must begin with http:// or https://]");
	cr_expect_str_eq(trial_create(&t, &kind_llm, "[]"),
	    "invalid: invalid llm [: must be an object]");
	cr_expect_eq(table_count(trial_look(&t), &kind_llm), 0);
}

Test(llm, members_that_views_carry_are_accepted_and_ignored)
{
	cr_expect_str_eq(create("a", "openai", "'id':'x','version':99,'createdAt':1,"
	    "'updatedAt':null,'keys':[],'tokenSha':'','lastUsedAt':null"), "ok");
	cr_expect_eq(get("a")->r.version, 1);
}

Test(llm, fields_have_limits)
{
	static const struct {
		const char *member;
		size_t fill;			/* bytes that go where %s is */
		const char *said;
	} cases[] = {
		{ "'description':'%s'", 500, "ok" },
		{ "'description':'%s'", 501,
		    "invalid: invalid llm [description: is longer than 500 characters]" },
		{ "'aliases':['%s']", 100, "ok" },
		{ "'aliases':['%s']", 101,
		    "invalid: invalid llm "
		    "[aliases[0]: must be 1 to 100 visible ASCII characters]" },
		{ "'model':'%s'", 1024, "ok" },
		{ "'model':'%s'", 1025,
		    "invalid: invalid llm [model: must be 1 to 1024 bytes long]" },
		{ "'url':'https://x/%s'", 2038, "ok" },
		{ "'url':'https://x/%s'", 2039,
		    "invalid: invalid llm [url: is longer than 2048 bytes]" },
		{ "'extraConfig':{'headers':{'x':'%s'}}", 4096, "ok" },
		{ "'extraConfig':{'headers':{'x':'%s'}}", 4097, "invalid: invalid llm "
		    "[extraConfig.headers.x: must be 1 to 4096 bytes of visible ASCII]" },
		{ "'extraConfig':{'apiPath':'/%s'}", 1023, "ok" },
		{ "'extraConfig':{'apiPath':'/%s'}", 1024, "invalid: invalid llm "
		    "[extraConfig.apiPath: must be a plain path of visible ASCII, without '?' and "
		    "'#']" },
		{ "'extraConfig':{'models':['%s ']}", 5, "invalid: invalid llm "
		    "[extraConfig.models[0]: must not begin or end with a blank]" },
		{ "'extraConfig':{'note':'%s'}", 60000, "ok" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *fill = x_calloc(1, cases[i].fill + 1), *name, *body;
		struct buf member = BUF_INIT(200000);
		const char *at = strstr(cases[i].member, "%s");

		memset(fill, 'x', cases[i].fill);
		buf_add(&member, cases[i].member, (size_t)(at - cases[i].member), NULL);
		buf_addstr(&member, fill, NULL);
		buf_addstr(&member, at + 2, NULL);
		name = x_asprintf("l%zu", i);
		body = x_asprintf("{'name':'%s','type':'openai',%s%s}", name,
		    strncmp(cases[i].member, "'model'", 7) == 0 ? "" : "'model':'m',", member.p);
		cr_expect_str_eq(trial_create(&t, &kind_llm, body), cases[i].said, "%s %zu",
		    cases[i].member, cases[i].fill);
		if (strcmp(cases[i].said, "ok") == 0)
			trial_delete(&t, &kind_llm, name);
		free(fill);
		free(name);
		free(body);
		buf_release(&member);
	}
}

Test(llm, what_does_not_fit_into_the_store_is_a_fault_with_the_limit)
{
	char *fill = x_calloc(1, 66001), *more;
	const char *said;

	memset(fill, 'x', 66000);
	more = x_asprintf("'extraConfig':{'note':'%s'}", fill);
	said = create("big", "openai", more);
	cr_expect_not_null(strstr(said, "[: is too large: 66"), "%s", said);
	cr_expect_not_null(strstr(said, "at most 65536]"), "%s", said);
	free(fill);
	free(more);
}

Test(llm, description_counts_characters_not_bytes)
{
	struct buf d = BUF_INIT(4096);
	char *more;

	for (int i = 0; i < 500; i++)
		buf_addstr(&d, "\xc3\xa4", NULL);
	more = x_asprintf("'description':'%s'", d.p);
	cr_expect_str_eq(create("a", "openai", more), "ok");
	free(more);
	buf_release(&d);
}

Test(llm, description_can_not_steer_a_terminal)
{
	static const char *const bad[] = {
		"\\u001b[2J", "\\r", "\x7f", "\xc2\x9b" "2J", "\\u0080",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *more = x_asprintf("'description':'a%s'", bad[i]);

		cr_expect_str_eq(create("x", "openai", more), "invalid: invalid llm "
		    "[description: must not hold control characters]", "case %zu", i);
		free(more);
	}
	cr_expect_str_eq(create("x", "openai", "'description':'\\ta\\nb \xc2\xa0\xc3\x9b'"), "ok");
}

Test(llm, urls_are_judged_without_dns)
{
	static const struct {
		const char *type, *more, *said;
	} cases[] = {
		{ "openai", "'url':'https://api.example.org/v1'", "ok" },
		{ "openai", "'url':''", "ok" },
		{ "openai", "'url':null", "ok" },
		{ "vllm", "'url':'http://127.0.0.1:8000'", "ok" },
		{ "ollama", "'url':'http://10.0.0.5:11434'", "ok" },
		{ "openai", "'url':'http://127.0.0.1:1','extraConfig':{'allowPrivateUrl':true}",
		    "ok" },
		{ "openai", "'url':'http://127.0.0.1:1'", "[url: 127.0.0.1 is a private address; "
		    "set extraConfig.allowPrivateUrl]" },
		{ "openai", "'url':'http://localhost:1'", "[url: localhost is a private address; "
		    "set extraConfig.allowPrivateUrl]" },
		{ "openai", "'url':'http://[::1]:1'", "[url: ::1 is a private address; "
		    "set extraConfig.allowPrivateUrl]" },
		{ "vllm", "'url':'http://127.0.0.1:1','extraConfig':{'allowPrivateUrl':false}",
		    "[url: 127.0.0.1 is a private address; set extraConfig.allowPrivateUrl]" },
		{ "vllm", "'url':'http://169.254.169.254/x'",
		    "[url: 169.254.169.254 is never allowed]" },
		{ "openai", "'url':'http://[::ffff:169.254.169.254]/'",
		    "[url: ::ffff:169.254.169.254 is never allowed]" },
		{ "openai", "'url':'http://8.8.8.8/'", "ok" },
		{ "openai", "'url':'http://8.8.8.8/','apiKeyRef':{'name':'prod','key':'key'}",
		    "[url: a key goes over http to private addresses only; use https]" },
		{ "openai", "'url':'http://134744072','apiKeyRef':{'name':'prod','key':'key'}",
		    "[url: a key goes over http to private addresses only; use https]" },
		{ "openai", "'url':'http://8.8.8.8./','apiKeyRef':{'name':'prod','key':'key'}",
		    "[url: a key goes over http to private addresses only; use https]" },
		{ "openai", "'url':'http://api.example/','apiKeyRef':{'name':'prod','key':'key'}",
		    "ok" },
		{ "openai", "'url':'http://8.8.8.8/',"
		    "'extraConfig':{'headers':{'x-k':'secret://prod/key'}}",
		    "[url: a key goes over http to private addresses only; use https]" },
		{ "openai", "'url':'https://8.8.8.8/','apiKeyRef':{'name':'prod','key':'key'}",
		    "ok" },
		{ "openai", "'url':'https://u:p@example.org'", "[url: must not have credentials]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *said = create("x", cases[i].type, cases[i].more);
		const char *fault = strchr(said, '[');

		cr_expect_str_eq(fault != NULL ? fault : said, cases[i].said, "%s %s",
		    cases[i].type, cases[i].more);
		trial_delete(&t, &kind_llm, "x");
	}
}

Test(llm, the_destination_is_judged_again_when_the_permission_goes)
{
	create("x", "openai", "'url':'http://127.0.0.1:1','extraConfig':{'allowPrivateUrl':true}");
	cr_expect_not_null(strstr(trial_update(&t, &kind_llm, "x", "{'extraConfig':{}}"),
	    "[url: 127.0.0.1 is a private address"));
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{'description':'d'}"), "ok");
}

Test(llm, the_destination_is_judged_again_when_a_key_comes)
{
	create("x", "openai", "'url':'http://8.8.8.8'");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x",
	    "{'apiKeyRef':{'name':'prod','key':'key'}}"), "invalid: invalid llm "
	    "[url: a key goes over http to private addresses only; use https]");
}

Test(llm, private_addresses_can_be_forbidden_to_all)
{
	struct store_opts opts = { .key_file = t.key_file, .private_urls = false };
	struct store *allowing = t.store;
	const char *said;

	t.store = store_on(kv_mem_new(NULL), &opts);
	said = create("x", "vllm", "'url':'http://127.0.0.1:1'");
	cr_expect_str_eq(said, "invalid: invalid llm [url: 127.0.0.1 is a private address, which "
	    "the configuration forbids (private_urls)]");
	said = create("x", "openai", "'extraConfig':{'allowPrivateUrl':true}");
	cr_expect_str_eq(said, "invalid: invalid llm [extraConfig.allowPrivateUrl: is forbidden by "
	    "the configuration (private_urls)]");
	cr_expect_str_eq(create("x", "vllm", ""), "ok");
	store_close(t.store);
	t.store = allowing;
}

Test(llm, update_leaves_out_what_the_body_leaves_out)
{
	create("x", "openai", "'url':'https://h','tier':'heavy','description':'d','enabled':false,"
	    "'aliases':['a'],'apiKeyRef':{'name':'prod','key':'key'},'extraConfig':{'z':1}");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{'model':'n'}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "x"), "'type':'openai','model':'n',"
	    "'url':'https://h','tier':'heavy','description':'d','enabled':false,"
	    "'aliases':['a'],'apiKeyRef':{'name':'prod','key':'key'},'extraConfig':{'z':1},"
	    "'version':2"));
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{'apiKeyRef':null,'aliases':null,"
	    "'url':null,'description':null,'extraConfig':null}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_llm, "x"), "'url':'','tier':'heavy',"
	    "'description':'','enabled':false,'aliases':[],'apiKeyRef':null,'extraConfig':{},"
	    "'version':3"));
}

Test(llm, update_that_changes_nothing_leaves_the_version)
{
	char *view, *again;

	create("x", "openai", "'extraConfig':{'a':1,'b':{'c':[1,2],'d':1.50}},"
	    "'apiKeyRef':{'name':'prod','key':'key'}");
	view = x_strdup(trial_view(&t, &kind_llm, "x"));
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", view), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x",
	    "{'extraConfig':{'b':{'d':1.50,'c':[1,2]},'a':1}}"), "ok");
	again = x_strdup(trial_view(&t, &kind_llm, "x"));
	cr_expect_str_eq(view, again);
	free(view);
	free(again);
}

Test(llm, name_and_type_are_for_ever)
{
	create("x", "openai", "");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{'name':'x','type':'openai'}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "x", "{'name':'y','type':'vllm'}"),
	    "invalid: invalid llm [name: can't be changed, it is x] "
	    "[type: can't be changed, it is openai]");
}

Test(llm, key_reference_must_name_a_secret_but_not_a_key_that_exists)
{
	static const struct {
		const char *ref, *said;
	} cases[] = {
		{ "{'name':'prod','key':'other'}", "ok" },
		{ "{'name':'nosuch','key':'key'}", "[apiKeyRef.name: Secret not found: nosuch]" },
		{ "{'name':'No','key':'key'}", "[apiKeyRef.name: must be 1 to 100 of a-z, 0-9, "
		    "'.', '_' and '-', a letter or a digit first]" },
		{ "{}", "[apiKeyRef.key: is required] [apiKeyRef.name: is required]" },
		{ "{'name':'prod','key':'a b','x':1}",
		    "[apiKeyRef.key: must be 1 to 100 of letters, digits, '.', '_' and '-', a "
		    "letter or a digit first] [apiKeyRef.x: unknown field]" },
		{ "{'name':1,'key':null}",
		    "[apiKeyRef.key: must be a string] [apiKeyRef.name: must be a string]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *more = x_asprintf("'apiKeyRef':%s", cases[i].ref);
		const char *said = create("x", "openai", more), *fault = strchr(said, '[');

		cr_expect_str_eq(fault != NULL ? fault : said, cases[i].said, "%s", cases[i].ref);
		trial_delete(&t, &kind_llm, "x");
		free(more);
	}
}

Test(llm, names_and_aliases_are_one_set)
{
	create("a", "openai", "'aliases':['gpt','A/b']");
	cr_expect_str_eq(create("a", "openai", ""), "conflict: Llm already exists: a");
	cr_expect_str_eq(create("b", "openai", "'aliases':['gpt']"),
	    "conflict: alias already taken: gpt (by Llm a)");
	cr_expect_str_eq(create("b", "openai", "'aliases':['a']"),
	    "conflict: alias already taken: a (by Llm a)");
	cr_expect_str_eq(create("gpt", "openai", ""),
	    "conflict: Llm already exists: gpt (an alias of a)");
	cr_expect_str_eq(create("b", "openai", "'aliases':['x','x','',' ']"),
	    "invalid: invalid llm [aliases[1]: is there twice] "
	    "[aliases[2]: must be 1 to 100 visible ASCII characters] "
	    "[aliases[3]: must be 1 to 100 visible ASCII characters]");
	cr_expect_str_eq(create("b", "openai", "'aliases':['x']"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "b", "{'aliases':['x','gpt']}"),
	    "conflict: alias already taken: gpt (by Llm a)");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "a", "{'aliases':['gpt','y']}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "b", "{'aliases':['A/b']}"), "ok");
	cr_expect_eq(table_llm_alias(trial_look(&t), "A/b"), get("b"));
	cr_expect_eq(table_llm_alias(trial_look(&t), "x"), NULL);
	cr_expect_str_eq(create("own", "openai", "'aliases':['own']"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_llm, "own", "{'description':'d'}"), "ok");
	cr_expect_str_eq(create("own", "openai", "'bogus':1"),
	    "invalid: invalid llm [bogus: unknown field]");
}

Test(llm, extra_config_keys_with_a_meaning_are_checked)
{
	static const struct {
		const char *extra, *said;
	} cases[] = {
		{ "'connectTimeoutMs':1,'headerTimeoutMs':86400000,'other':{'kept':[1]}", "ok" },
		{ "'idleTimeoutMs':0", "[extraConfig.idleTimeoutMs: must be 1 to 86400000]" },
		{ "'totalTimeoutMs':86400001",
		    "[extraConfig.totalTimeoutMs: must be 1 to 86400000]" },
		{ "'totalTimeoutMs':1.5", "[extraConfig.totalTimeoutMs: must be an integer]" },
		{ "'totalTimeoutMs':'1'", "[extraConfig.totalTimeoutMs: must be an integer]" },
		{ "'maxTokens':0", "[extraConfig.maxTokens: must be 1 to 10000000]" },
		{ "'thinking':'deep'", "[extraConfig.thinking: must be budget, adaptive or none]" },
		{ "'sampling':'one'", "ok" },
		{ "'sampling':'two'", "[extraConfig.sampling: must be one, all or none]" },
		{ "'allowPrivateUrl':'yes'",
		    "[extraConfig.allowPrivateUrl: must be true or false]" },
		{ "'models':['a','b']", "ok" },
		{ "'models':['a',1]", "[extraConfig.models[1]: must be a string]" },
		{ "'models':{}", "[extraConfig.models: must be a list]" },
		{ "'apiPath':'/v2/'", "ok" },
		{ "'apiPath':'v2'", "[extraConfig.apiPath: must begin with '/']" },
		{ "'apiPath':'/a?b'",
		    "[extraConfig.apiPath: must be a plain path of visible ASCII, "
		    "without '?' and '#']" },
		{ "'apiPath':'/a/..'",
		    "[extraConfig.apiPath: must not hold '//', '/./' or '/../']" },
		{ "'apiPath':'//h'", "[extraConfig.apiPath: must not hold '//', '/./' or '/../']" },
		{ "'headers':{'X-Org':'a b','x-key':'secret://prod/key'}", "ok" },
		{ "'headers':{'Authorization':'secret://prod/key'}", "ok" },
		{ "'headers':{'Authorization':'Bearer sk-1'}",
		    "[extraConfig.headers.Authorization: "
		    "a key may only be given as secret://NAME/KEY]" },
		{ "'headers':{'X-Api-Key':'sk-1'}", "[extraConfig.headers.X-Api-Key: "
		    "a key may only be given as secret://NAME/KEY]" },
		{ "'headers':{'api-key':'secret://prod'}",
		    "[extraConfig.headers.api-key: must be secret://NAME/KEY]" },
		{ "'headers':{'x':'secret://../k'}",
		    "[extraConfig.headers.x: must be secret://NAME/KEY]" },
		{ "'headers':{'x':''}",
		    "[extraConfig.headers.x: must be 1 to 4096 bytes of visible ASCII]" },
		{ "'headers':{'x':'a\\r\\nHost: b'}",
		    "[extraConfig.headers.x: must be 1 to 4096 bytes of visible ASCII]" },
		{ "'headers':{'x':1}", "[extraConfig.headers.x: must be a string]" },
		{ "'headers':{'a b':'1'}", "[extraConfig.headers.a b: is no header name]" },
		{ "'headers':{'':'1'}", "[extraConfig.headers.: is no header name]" },
		{ "'headers':{'a':'1','A':'2'}",
		    "[extraConfig.headers.A: is there twice, in other letters]" },
		{ "'headers':[]", "[extraConfig.headers: must be an object]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *more = x_asprintf("'extraConfig':{%s}", cases[i].extra);
		const char *said = create("x", "openai", more), *fault = strchr(said, '[');

		cr_expect_str_eq(fault != NULL ? fault : said, cases[i].said, "%s",
		    cases[i].extra);
		trial_delete(&t, &kind_llm, "x");
		free(more);
	}
}

Test(llm, headers_of_the_connection_and_of_others_are_refused)
{
	static const char *const names[] = { "Host", "content-type", "Content-Length",
	    "transfer-encoding", "Connection", "TE", "upgrade", "Expect", "accept-encoding",
	    "Cookie", "proxy-authorization", "Proxy-Connection" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *more = x_asprintf("'extraConfig':{'headers':{'%s':'1'}}", names[i]);

		cr_expect_not_null(strstr(create("x", "openai", more), "this header can't be set"),
		    "%s", names[i]);
		free(more);
	}
	cr_expect_str_eq(create("x", "openai", "'extraConfig':{'headers':{'hostage':'1','tea':'1',"
	    "'accept':'1'}}"), "ok");
}

Test(llm, no_more_than_32_headers)
{
	struct buf b = BUF_INIT(4096);

	buf_addstr(&b, "'extraConfig':{'headers':{'h0':'1'", NULL);
	for (int i = 1; i < 33; i++)
		buf_addf(&b, NULL, ",'h%d':'1'", i);
	buf_addstr(&b, "}}", NULL);
	cr_expect_str_eq(create("x", "openai", b.p),
	    "invalid: invalid llm [extraConfig.headers: are more than 32]");
	buf_release(&b);
}

Test(llm, settings_are_parsed_for_calls)
{
	const struct llm_settings *s;

	create("x", "ollama", "'extraConfig':{'connectTimeoutMs':5,'apiPath':'/','models':[],"
	    "'thinking':'none','headers':{'x-a':'v','x-b':'secret://prod/key'}}");
	s = &get("x")->settings;
	cr_expect_eq(s->connect_timeout_ms, 5);
	cr_expect_eq(s->idle_timeout_ms, -1);
	cr_expect_eq(s->max_tokens, -1);
	cr_expect_str_eq(s->api_path, "");
	cr_expect(s->models_set && s->models.n == 0);
	cr_expect(s->allow_private && !s->allow_private_set);
	cr_expect_str_eq(s->thinking, "none");
	cr_expect_null(s->sampling);
	cr_assert_eq(s->nheaders, 2);
	cr_expect_str_eq(s->headers[0].value, "v");
	cr_expect_null(s->headers[1].value);
	cr_expect_str_eq(s->headers[1].secret_name, "prod");
	cr_expect_str_eq(s->headers[1].secret_key, "key");
}

Test(llm, text_of_extra_config_survives_as_it_came)
{
	create("x", "openai", "'extraConfig':{'n':1.50,'big':9007199254740993,'u':'/\\u00e4',"
	    "'deep':"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}");
	cr_expect_str_eq(get("x")->extra, "{\"n\":1.50,\"big\":9007199254740993,"
	    "\"u\":\"/\xc3\xa4\","
	    "\"deep\":"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}");
}
