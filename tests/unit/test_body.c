/* test_body.c - what is demanded of a request, path by path */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/body.h"

/* scan - the failure's param, "ok", or "bad" where no member is named; single quotes for double */
static const char *
scan(enum api api, const char *text, struct adapter_call *call, struct failure *f)
{
	static char body[1024];
	char *p;

	cr_assert_lt(strlen(text), sizeof(body));
	memcpy(body, text, strlen(text) + 1);
	for (p = body; (p = strchr(p, '\'')) != NULL; )
		*p = '"';
	*call = (struct adapter_call){ .api = api, .body = body, .body_len = strlen(body) };
	memset(f, 0, sizeof(*f));
	if (body_scan(call, 8, f) == RC_OK)
		return "ok";
	cr_expect_eq(f->status, 400);
	return *f->param != '\0' ? f->param : "bad";
}

#define MESSAGES "'messages':[{}]"

static const struct { enum api api; const char *body, *result; } rows[] = {
	{ API_CHAT, "{" MESSAGES "}", "ok" },
	{ API_CHAT, "{}", "messages" },
	{ API_CHAT, "{'messages':[]}", "messages" },
	{ API_CHAT, "{'messages':{}}", "messages" },
	{ API_CHAT, "{'prompt':'x','input':'x'}", "messages" },
	{ API_CHAT, "[]", "bad" },
	{ API_CHAT, "{" MESSAGES "," MESSAGES "}", "bad" },
	{ API_CHAT, "{'model':'a','mod\\u0065l':'b'," MESSAGES "}", "bad" },
	{ API_CHAT, "{'stream_options':{},'stream_options':{}," MESSAGES "}", "bad" },
	{ API_CHAT, "{'stream':1," MESSAGES "}", "stream" },
	{ API_CHAT, "{'stream':null," MESSAGES "}", "stream" },
	{ API_CHAT, "{'model':7," MESSAGES "}", "model" },
	{ API_CHAT, "{'model':null," MESSAGES "}", "ok" },
	{ API_MESSAGES, "{'max_tokens':1}", "messages" },
	{ API_MESSAGES, "{" MESSAGES "}", "ok" },
	{ API_COUNT_TOKENS, "{}", "messages" },
	{ API_COMPLETIONS, "{" MESSAGES "}", "prompt" },
	{ API_COMPLETIONS, "{'prompt':''}", "ok" },
	{ API_COMPLETIONS, "{'prompt':[1,2]}", "ok" },
	{ API_COMPLETIONS, "{'prompt':[]}", "prompt" },
	{ API_EMBEDDINGS, "{'prompt':'x'}", "input" },
	{ API_EMBEDDINGS, "{'input':null}", "input" },
	{ API_EMBEDDINGS, "{'input':'x'}", "ok" },
	{ API_EMBEDDINGS, "{'input':[[1,2]]}", "ok" },
	{ API_RESPONSES, "{}", "input" },
	{ API_RESPONSES, "{'input':'x'}", "ok" },
	{ API_RESPONSES, "{'prompt':{'id':'pmpt_1'}}", "ok" },
};

Test(body, demands_what_each_path_demands)
{
	struct adapter_call call;
	struct failure f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(scan(rows[i].api, rows[i].body, &call, &f), rows[i].result,
		    "row %zu: %s", i, f.message);
}

static const struct { enum api api; const char *body; bool stream, usage; } streams[] = {
	{ API_CHAT, "{'stream':true," MESSAGES "}", true, false },
	{ API_CHAT, "{'stream':true,'stream_options':{'include_usage':true}," MESSAGES "}", true,
	  true },
	{ API_CHAT, "{'stream':true,'stream_options':{'include_usage':false}," MESSAGES "}", true,
	  false },
	{ API_CHAT, "{'stream':false,'stream_options':null," MESSAGES "}", false, false },
	{ API_RESPONSES, "{'stream':true,'input':'x'}", true, false },
	{ API_EMBEDDINGS, "{'stream':true,'input':'x'}", false, false },
	{ API_COUNT_TOKENS, "{'stream':true," MESSAGES "}", false, false },
};

Test(body, knows_which_answers_are_streams)
{
	struct adapter_call call;
	struct failure f;

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		cr_expect_str_eq(scan(streams[i].api, streams[i].body, &call, &f), "ok");
		cr_expect_eq(call.stream, streams[i].stream, "row %zu", i);
		cr_expect_eq(call.include_usage, streams[i].usage, "row %zu", i);
	}
}

Test(body, finds_the_members_that_are_replaced)
{
	struct adapter_call call;
	struct failure f;

	scan(API_CHAT, " {'stream_options' : { } ,'model':'m'," MESSAGES "} ", &call, &f);
	cr_expect_eq(call.object.p, call.body + 1);
	cr_expect_eq(call.object.p[call.object.len - 1], '}');
	cr_expect(strncmp(call.model_at.p, "\"m\"", call.model_at.len) == 0);
	cr_expect(strncmp(call.options_at.p, "{ }", call.options_at.len) == 0);
}
