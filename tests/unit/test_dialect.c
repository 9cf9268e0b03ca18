/* test_dialect.c - our own words, path by path */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/dialect.h"

#define MAX 8192			/* bytes */

/* body_of - a failure as the path's body; the buffer is the caller's */
static const char *
body_of(enum api api, const struct failure *f, struct buf *out)
{
	buf_clear(out);
	dialect_of(api)->failure(f, "req_1", out);
	return out->p;
}

static const char *
event_of(enum api api, const struct failure *f, struct buf *out)
{
	buf_clear(out);
	dialect_event(dialect_of(api), f, "req_1", out);
	return out->p;
}

Test(dialect, gives_errors_the_shape_of_their_path)
{
	static const char openai[] = "{\"error\":{\"message\":\"a \\\"b\\\"\",\"type\":"
	    "\"invalid_request_error\",\"param\":\"x\",\"code\":null}}";
	struct buf out = BUF_INIT(MAX);
	struct failure f;

	failure_set(&f, FAILURE_REQUEST, "x", "a \"b\"");
	for (enum api api = API_CHAT; api <= API_RESPONSES; api <<= 1)
		cr_expect_str_eq(body_of(api, &f, &out), openai);
	for (enum api api = API_MESSAGES; api <= API_COUNT_TOKENS; api <<= 1)
		cr_expect_str_eq(body_of(api, &f, &out), "{\"type\":\"error\",\"error\":{\"type\":"
		    "\"invalid_request_error\",\"message\":\"a \\\"b\\\"\"},\"request_id\":"
		    "\"req_1\"}");
	cr_expect_str_eq(event_of(API_CHAT, &f, &out) + 6, "{\"error\":{\"message\":\"a \\\"b\\\"\","
	    "\"type\":\"invalid_request_error\",\"param\":\"x\",\"code\":null}}\n\n");
	cr_expect_str_eq(event_of(API_RESPONSES, &f, &out), "event: error\ndata: {\"type\":"
	    "\"error\",\"code\":null,\"message\":\"a \\\"b\\\"\",\"param\":\"x\"}\n\n");
	cr_expect_str_eq(event_of(API_MESSAGES, &f, &out), "event: error\ndata: {\"type\":\"error\","
	    "\"error\":{\"type\":\"invalid_request_error\",\"message\":\"a \\\"b\\\"\"},"
	    "\"request_id\":\"req_1\"}\n\n");
	buf_release(&out);
}

static const struct { enum failure_cause cause; const char *type; } causes[] = {
	{ FAILURE_TOKEN, "authentication_error" },
	{ FAILURE_MODEL_NOT_ALLOWED, "permission_error" },
	{ FAILURE_MODEL_DISABLED, "permission_error" },
	{ FAILURE_MODEL_NOT_FOUND, "not_found_error" },
	{ FAILURE_NOT_SERVED, "not_found_error" },
	{ FAILURE_METHOD, "invalid_request_error" },
	{ FAILURE_REQUEST, "invalid_request_error" },
	{ FAILURE_TOO_LARGE, "request_too_large" },
	{ FAILURE_MEDIA_TYPE, "invalid_request_error" },
	{ FAILURE_UNSUPPORTED, "api_error" },
	{ FAILURE_KEY, "api_error" },
	{ FAILURE_BACKEND, "api_error" },
	{ FAILURE_SATURATED, "overloaded_error" },
	{ FAILURE_TIMEOUT, "timeout_error" },
	{ FAILURE_UPSTREAM, "api_error" },
	{ FAILURE_INTERNAL, "api_error" },
	{ FAILURE_CUT, "api_error" },
};

/* a provider's refusal: OpenAI-like, translated; Anthropic's own, kept */
static const struct { int status; const char *translated; int native_status; const char *native; }
answers[] = {
	{ 400, "invalid_request_error", 400, "some_error" },
	{ 401, "api_error", 502, "api_error" },
	{ 402, "rate_limit_error", 402, "some_error" },
	{ 403, "api_error", 502, "api_error" },
	{ 404, "not_found_error", 404, "some_error" },
	{ 407, "api_error", 502, "api_error" },
	{ 408, "timeout_error", 408, "some_error" },
	{ 413, "request_too_large", 413, "some_error" },
	{ 422, "invalid_request_error", 422, "some_error" },
	{ 429, "rate_limit_error", 429, "some_error" },
	{ 500, "api_error", 500, "some_error" },
	{ 503, "api_error", 503, "some_error" },
	{ 504, "timeout_error", 504, "some_error" },
	{ 529, "overloaded_error", 529, "some_error" },
	{ 302, "api_error", 502, "api_error" },
};

/* type_in - the error's type in an Anthropic body */
static bool
type_in(const char *body, const char *type)
{
	struct span error = jscan_get((struct span){ body, strlen(body) }, "error");

	return jscan_is(jscan_get(error, "type"), type);
}

Test(dialect, names_errors_in_anthropics_words)
{
	static const char said[] = "{\"type\":\"error\",\"error\":{\"type\":\"some_error\","
	    "\"message\":\"its words\"}}";
	struct buf out = BUF_INIT(MAX);
	struct failure f;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		failure_set(&f, causes[i].cause, NULL, "x");
		cr_expect(type_in(body_of(API_MESSAGES, &f, &out), causes[i].type), "%s", out.p);
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		failure_answer(&f, "openai", answers[i].status, said, strlen(said));
		cr_expect(type_in(body_of(API_MESSAGES, &f, &out), answers[i].translated), "%s",
		    out.p);
		failure_native(&f, "anthropic", answers[i].status, said, strlen(said));
		cr_expect_eq(f.status, answers[i].native_status);
		cr_expect(type_in(body_of(API_MESSAGES, &f, &out), answers[i].native), "%s", out.p);
		cr_expect_eq(strcmp(f.message, "its words") == 0, f.native[0] != '\0', "%s",
		    f.message);
	}
	buf_release(&out);
}

Test(dialect, names_a_native_refusal_without_words_by_its_status)
{
	struct buf out = BUF_INIT(MAX);
	struct failure f;

	failure_native(&f, "anthropic", 529, "<html>", 6);
	cr_expect_eq(f.status, 529);
	cr_expect(type_in(body_of(API_MESSAGES, &f, &out), "overloaded_error"), "%s", out.p);
	failure_native(&f, "anthropic", 402, "", 0);
	cr_expect(type_in(body_of(API_MESSAGES, &f, &out), "billing_error"), "%s", out.p);
	buf_release(&out);
}

Test(dialect, keeps_what_the_native_error_of_a_stream_says)
{
	static const char busy[] = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
	    "\"message\":\"Overloaded\"}}";
	static const char key[] = "{\"type\":\"error\",\"error\":{\"type\":"
	    "\"authentication_error\",\"message\":\"sk-ant-abc\"}}";
	struct buf out = BUF_INIT(MAX);
	struct failure f;

	failure_native_event(&f, "anthropic", busy, strlen(busy));
	cr_expect_str_eq(event_of(API_MESSAGES, &f, &out), "event: error\ndata: {\"type\":\"error\","
	    "\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},"
	    "\"request_id\":\"req_1\"}\n\n");
	failure_native_event(&f, "anthropic", key, strlen(key));
	cr_expect_null(strstr(event_of(API_MESSAGES, &f, &out), "sk-ant"));
	buf_release(&out);
}

/* usage_of - a whole answer, on a path whose stream has begun, to a client that asked for the usage or
   did not; or why it is none */
static const char *
usage_of(enum api api, bool usage, const char *body, struct buf *out)
{
	const struct adapter_call call = { .api = api, .include_usage = usage };
	struct error err;

	buf_clear(out);
	if (dialect_of(api)->whole(&call, body, strlen(body), out, &err) != RC_OK)
		(void)buf_addstr(out, err.msg, NULL);
	return out->p;
}

/* whole_of - the same without usage */
static const char *
whole_of(enum api api, const char *body, struct buf *out)
{
	return usage_of(api, false, body, out);
}

#define BLOCK(type, i, rest) "event: content_block_" type "\ndata: {\"type\":\"content_block_" type	\
	"\",\"index\":" #i rest "}\n\n"

Test(dialect, tells_a_whole_message_in_the_deltas_that_clients_read)
{
	static const char message[] = "{\"id\":\"m\",\n \"content\":["
	    "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},"
	    "{\"type\":\"text\",\"text\":\"a\\n\",\"citations\":null},{\"type\":\"text\",\"text\":\"\"},"
	    "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"q\": \"x\"}},"
	    "{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"f\",\"input\":{}},"
	    "{\"type\":\"redacted_thinking\",\"data\":\"d\"},{\"type\":\"fallback\",\"text\":\"x\"}],"
	    "\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,"
	    "\"output_tokens\":4}}";
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(whole_of(API_MESSAGES, message, &out),
	    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\","
	    "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"
	    "{\"input_tokens\":3,\"output_tokens\":4}}}\n\n"
	    BLOCK("start", 0, ",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
		"\"signature\":\"\"}")
	    BLOCK("delta", 0, ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
	    BLOCK("delta", 0, ",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"s\"}")
	    BLOCK("stop", 0, "")
	    BLOCK("start", 1, ",\"content_block\":{\"type\":\"text\",\"text\":\"\",\"citations\":null}")
	    BLOCK("delta", 1, ",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\\n\"}")
	    BLOCK("stop", 1, "")
	    BLOCK("start", 2, ",\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
	    BLOCK("stop", 2, "")
	    BLOCK("start", 3, ",\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
		"\"input\":{}}")
	    BLOCK("delta", 3, ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
		"\"{\\\"q\\\":\\\"x\\\"}\"}")
	    BLOCK("stop", 3, "")
	    BLOCK("start", 4, ",\"content_block\":{\"type\":\"tool_use\",\"id\":\"u\",\"name\":\"f\","
		"\"input\":{}}")
	    BLOCK("stop", 4, "")
	    BLOCK("start", 5, ",\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"d\"}")
	    BLOCK("stop", 5, "")
	    BLOCK("start", 6, ",\"content_block\":{\"type\":\"fallback\",\"text\":\"x\"}")
	    BLOCK("stop", 6, "")
	    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	    "\"tool_use\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}"
	    "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
	cr_expect_str_eq(strstr(whole_of(API_MESSAGES, "{\"content\":[{\"type\":\"server_tool_use\",\"id\":"
	    "\"t\",\"input\":{\"q\":1}},{\"type\":\"mcp_tool_use\",\"input\":{\"q\":2}},{\"type\":"
	    "\"other_use\",\"input\":{}}]}", &out), "event: content"),
	    BLOCK("start", 0, ",\"content_block\":{\"type\":\"server_tool_use\",\"id\":\"t\",\"input\":{}}")
	    BLOCK("delta", 0, ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
		"\"{\\\"q\\\":1}\"}")
	    BLOCK("stop", 0, "")
	    BLOCK("start", 1, ",\"content_block\":{\"type\":\"mcp_tool_use\",\"input\":{}}")
	    BLOCK("delta", 1, ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
		"\"{\\\"q\\\":2}\"}")
	    BLOCK("stop", 1, "")
	    BLOCK("start", 2, ",\"content_block\":{\"type\":\"other_use\",\"input\":{}}")
	    BLOCK("stop", 2, "")
	    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null,"
	    "\"stop_sequence\":null},\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}\n\n"
	    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "%s", out.p);
	cr_expect_str_eq(whole_of(API_MESSAGES, "{\"content\":[]}", &out),
	    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n"
	    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null,"
	    "\"stop_sequence\":null},\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}\n\n"
	    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
	cr_expect_str_eq(whole_of(API_MESSAGES, "{\"type\":\"error\"}", &out),
	    "the answer is no message: it has no content");
	buf_release(&out);
}

#define CHUNK(rest) "data: {\"id\":\"c\",\"created\":1,\"model\":\"m\",\"new\":[1],\"object\":"	\
	"\"chat.completion.chunk\",\"choices\":[" rest "}\n\n"

static const char completion[] = "{\"id\":\"c\", \"object\":\"chat.completion\",\n\"created\":1,"
    "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[{\"id\":\"t\",\"type\":\"function\",\"function\":"
    "{\"name\":\"f\",\"arguments\":\"{ }\"}},{\"index\":7,\"id\":\"u\"}],\"refusal\":null},"
    "\"logprobs\":{\"content\":[]},\"finish_reason\":\"tool_calls\",\"filters\":{\"a\": 1}},"
    "{\"message\":{\"content\":\"hi\",\"tool_calls\":[]}}],\"new\":[1],"
    "\"usage\":{\"total_tokens\":3}}";

Test(dialect, tells_a_whole_completion_in_the_chunks_that_clients_read)
{
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(whole_of(API_CHAT, completion, &out),
	    CHUNK("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null,"
		"\"reasoning_content\":\"hm\",\"refusal\":null},\"logprobs\":{\"content\":[]},"
		"\"finish_reason\":null}]")
	    CHUNK("{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"type\":"
		"\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{ }\"}},{\"index\":1,"
		"\"id\":\"u\"}]},\"logprobs\":null,\"finish_reason\":null}]")
	    CHUNK("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"tool_calls\","
		"\"filters\":{\"a\":1}}]")
	    CHUNK("{\"index\":1,\"delta\":{\"role\":\"assistant\",\"content\":\"hi\"},\"logprobs\":"
		"null,\"finish_reason\":null}]")
	    CHUNK("{\"index\":1,\"delta\":{},\"logprobs\":null,\"finish_reason\":null}]")
	    "data: [DONE]\n\n");
	buf_release(&out);
}

Test(dialect, tells_the_usage_of_a_whole_completion_where_it_was_asked_for)
{
	static const char without[] = "{\"choices\":[{\"index\":4,\"message\":{}}]}";
	struct buf out = BUF_INIT(MAX);

	cr_expect_not_null(strstr(usage_of(API_CHAT, true, completion, &out),
	    "\"finish_reason\":null}],\"usage\":null}\n\n"
	    CHUNK("],\"usage\":{\"total_tokens\":3}") "data: [DONE]\n\n"));
	cr_expect_null(strstr(usage_of(API_CHAT, true, without, &out), "\"choices\":[]"));
	cr_expect_not_null(strstr(out.p, "{\"index\":4,\"delta\":{}"));
	cr_expect_str_eq(whole_of(API_CHAT, "{\"choices\":[{\"delta\":{}}]}", &out),
	    "the answer has no message");
	cr_expect_str_eq(whole_of(API_CHAT, "[1]", &out), "the answer has no message");
	buf_release(&out);
}

Test(dialect, gives_all_other_answers_as_one_event)
{
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(whole_of(API_COMPLETIONS, "{\n}\n", &out),
	    "data: {\ndata: }\n\ndata: [DONE]\n\n");
	buf_release(&out);
}

#define EVENT(type, n, rest) "event: response." type "\ndata: {\"type\":\"response." type	\
	"\",\"sequence_number\":" #n rest "}\n\n"
#define RESPONSE(type, n, body) EVENT(type, n, ",\"response\":" body)

Test(dialect, begins_a_whole_response_and_ends_it_by_its_status)
{
	static const struct { const char *body, *events; } rows[] = {
		{ "{}", RESPONSE("created", 0, "{}") RESPONSE("completed", 1, "{}") },
		{ "{\"status\":\"completed\",\n\"output\": []}",
		  RESPONSE("created", 0, "{\"status\":\"in_progress\",\"output\":[]}")
		  RESPONSE("completed", 1, "{\"status\":\"completed\",\"output\":[]}") },
		{ "{\"id\":\"r\",\"status\":\"incomplete\",\"usage\":{\"a\":1},\"error\":null,"
		  "\"incomplete_details\":{\"reason\":\"x\"},\"completed_at\":1.0}",
		  RESPONSE("created", 0, "{\"id\":\"r\",\"status\":\"in_progress\",\"usage\":null,"
		  "\"error\":null,\"incomplete_details\":null,\"completed_at\":null}")
		  RESPONSE("incomplete", 1, "{\"id\":\"r\",\"status\":\"incomplete\",\"usage\":"
		  "{\"a\":1},\"error\":null,\"incomplete_details\":{\"reason\":\"x\"},"
		  "\"completed_at\":1.0}") },
		{ "{\"status\":\"failed\",\"error\":{\"code\":\"c\"},\"output\":{\"a\":{}}}",
		  RESPONSE("created", 0, "{\"status\":\"in_progress\",\"error\":null,\"output\":"
		  "{\"a\":{}}}")
		  RESPONSE("failed", 1, "{\"status\":\"failed\",\"error\":{\"code\":\"c\"},"
		  "\"output\":{\"a\":{}}}") },
		{ "[]", "the answer is no response: it is no object" },
	};
	struct buf out = BUF_INIT(MAX);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(whole_of(API_RESPONSES, rows[i].body, &out), rows[i].events, "%s",
		    out.p);
	buf_release(&out);
}

/* told - the events of a response between its first and its last; NULL: there are no such two */
static const char *
told(const char *output, struct buf *out)
{
	char *body = x_asprintf("{\"output\":[%s]}", output), *last;
	const char *first = whole_of(API_RESPONSES, body, out);

	free(body);
	first = strstr(first, "\n\n");
	last = strstr(out->p, "event: response.completed\n");
	if (first == NULL || last == NULL)
		return NULL;
	*last = '\0';
	return first + 2;
}

#define AT(i) ",\"item_id\":\"" i "\",\"output_index\":0"
#define TEXT ",\"item_id\":\"m\",\"output_index\":0,\"content_index\":0"
#define ITEM(text) "{\"id\":\"m\",\"type\":\"message\",\"status\":\"completed\",\"content\":["	\
	text "]}"
#define PART "{\"type\":\"output_text\",\"text\":\"a\\n\",\"annotations\":[{\"n\":1}],"		\
	"\"logprobs\":[2]}"
#define NOTE ",\"annotation_index\":0,\"annotation\":{\"n\":1}"

Test(dialect, tells_the_text_of_a_whole_response_in_deltas)
{
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(told(ITEM(PART), &out),
	    EVENT("output_item.added", 1, ",\"output_index\":0,\"item\":{\"id\":\"m\",\"type\":"
		"\"message\",\"status\":\"in_progress\",\"content\":[]}")
	    EVENT("content_part.added", 2, TEXT ",\"part\":{\"type\":\"output_text\",\"text\":"
		"\"\",\"annotations\":[],\"logprobs\":[]}")
	    EVENT("output_text.delta", 3, TEXT ",\"logprobs\":[2],\"delta\":\"a\\n\"")
	    EVENT("output_text.done", 4, TEXT ",\"logprobs\":[2],\"text\":\"a\\n\"")
	    EVENT("output_text.annotation.added", 5, TEXT NOTE)
	    EVENT("content_part.done", 6, TEXT ",\"part\":" PART)
	    EVENT("output_item.done", 7, ",\"output_index\":0,\"item\":" ITEM(PART)), "%s", out.p);
	buf_release(&out);
}

/* what an item's own events are, without their item: type and number behind the added item */
static const struct { const char *item, *events; } items[] = {
	{ "{\"id\":\"m\",\"type\":\"message\",\"content\":[1,{\"type\":\"refusal\",\"refusal\":"
	  "\"no\"}]}",
	  EVENT("content_part.added", 2, TEXT ",\"part\":{\"type\":\"refusal\",\"refusal\":\"\"}")
	  EVENT("refusal.delta", 3, TEXT ",\"delta\":\"no\"")
	  EVENT("refusal.done", 4, TEXT ",\"refusal\":\"no\"")
	  EVENT("content_part.done", 5, TEXT ",\"part\":{\"type\":\"refusal\",\"refusal\":\"no\"}") },
	{ "{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"\"}]}",
	  EVENT("content_part.added", 2, AT("") ",\"content_index\":0,\"part\":{\"type\":"
	  "\"output_text\",\"text\":\"\"}")
	  EVENT("output_text.done", 3, AT("") ",\"content_index\":0,\"logprobs\":[],\"text\":\"\"")
	  EVENT("content_part.done", 4, AT("") ",\"content_index\":0,\"part\":{\"type\":"
	  "\"output_text\",\"text\":\"\"}") },
	{ "{\"id\":\"f\",\"type\":\"function_call\",\"name\":\"g\",\"arguments\":\"{}\"}",
	  EVENT("function_call_arguments.delta", 2, AT("f") ",\"delta\":\"{}\"")
	  EVENT("function_call_arguments.done", 3, AT("f") ",\"arguments\":\"{}\"") },
	{ "{\"id\":\"c\",\"type\":\"custom_tool_call\",\"input\":\"i\"}",
	  EVENT("custom_tool_call_input.delta", 2, AT("c") ",\"delta\":\"i\"")
	  EVENT("custom_tool_call_input.done", 3, AT("c") ",\"input\":\"i\"") },
	{ "{\"id\":\"c\",\"type\":\"mcp_call\",\"arguments\":\"i\"}",
	  EVENT("mcp_call_arguments.delta", 2, AT("c") ",\"delta\":\"i\"")
	  EVENT("mcp_call_arguments.done", 3, AT("c") ",\"arguments\":\"i\"") },
	{ "{\"id\":\"c\",\"type\":\"code_interpreter_call\",\"code\":\"i\"}",
	  EVENT("code_interpreter_call_code.delta", 2, AT("c") ",\"delta\":\"i\"")
	  EVENT("code_interpreter_call_code.done", 3, AT("c") ",\"code\":\"i\"") },
	{ "{\"id\":\"t\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":"
	  "\"s\"}],\"content\":null}",
	  EVENT("reasoning_summary_part.added", 2, AT("t") ",\"summary_index\":0,\"part\":{\"type\":"
	  "\"summary_text\",\"text\":\"\"}")
	  EVENT("reasoning_summary_text.delta", 3, AT("t") ",\"summary_index\":0,\"delta\":\"s\"")
	  EVENT("reasoning_summary_text.done", 4, AT("t") ",\"summary_index\":0,\"text\":\"s\"")
	  EVENT("reasoning_summary_part.done", 5, AT("t") ",\"summary_index\":0,\"part\":{\"type\":"
	  "\"summary_text\",\"text\":\"s\"}") },
	{ "{\"id\":\"t\",\"type\":\"reasoning\",\"content\":[{\"type\":\"reasoning_text\",\"text\":"
	  "\"s\"}]}",
	  EVENT("content_part.added", 2, AT("t") ",\"content_index\":0,\"part\":{\"type\":"
	  "\"reasoning_text\",\"text\":\"\"}")
	  EVENT("reasoning_text.delta", 3, AT("t") ",\"content_index\":0,\"delta\":\"s\"")
	  EVENT("reasoning_text.done", 4, AT("t") ",\"content_index\":0,\"text\":\"s\"")
	  EVENT("content_part.done", 5, AT("t") ",\"content_index\":0,\"part\":{\"type\":"
	  "\"reasoning_text\",\"text\":\"s\"}") },
	{ "{\"type\":\"web_search_call\",\"status\":\"completed\",\"content\":[{}],\"code\":\"x\"}",
	  "" },
	{ "{\"type\":\"function_call\",\"arguments\":{\"a\":1}}", "" },
};

Test(dialect, tells_each_kind_of_item_of_a_whole_response_by_its_events)
{
	struct buf out = BUF_INIT(MAX);

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		const char *all = told(items[i].item, &out), *at = strstr(all, "\n\n");
		const char *end = strstr(all, "event: response.output_item.done");

		cr_expect_eq(strncmp(all, "event: response.output_item.added\n", 34), 0, "%s", all);
		cr_assert(at != NULL && end != NULL, "%s", all);
		cr_expect_eq((size_t)(end - at - 2), strlen(items[i].events), "%s", all);
		cr_expect_eq(strncmp(at + 2, items[i].events, strlen(items[i].events)), 0, "%s", all);
		cr_expect_not_null(strstr(end, items[i].item), "%s", all);
	}
	buf_release(&out);
}

Test(dialect, numbers_the_items_of_a_whole_response)
{
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(told("{},\"x\",{\"status\":\"failed\",\"arguments\":\"y\"}", &out),
	    EVENT("output_item.added", 1, ",\"output_index\":0,\"item\":{}")
	    EVENT("output_item.done", 2, ",\"output_index\":0,\"item\":{}")
	    EVENT("output_item.added", 3, ",\"output_index\":1,\"item\":{\"status\":\"in_progress\","
		"\"arguments\":\"y\"}")
	    EVENT("output_item.done", 4, ",\"output_index\":1,\"item\":{\"status\":\"failed\","
		"\"arguments\":\"y\"}"));
	buf_release(&out);
}

/* the place of a part is not told of the next item's texts */
Test(dialect, numbers_the_parts_of_each_item_of_a_whole_response)
{
	struct buf out = BUF_INIT(MAX);

	told("{\"id\":\"t\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"a\"},"
	    "{\"type\":\"summary_text\",\"text\":\"b\"}],\"content\":[{\"type\":\"reasoning_text\","
	    "\"text\":\"c\"}]},{\"id\":\"f\",\"type\":\"function_call\",\"arguments\":\"d\"}", &out);
	cr_expect_not_null(strstr(out.p, AT("t") ",\"summary_index\":0,\"delta\":\"a\"}"), "%s", out.p);
	cr_expect_not_null(strstr(out.p, AT("t") ",\"summary_index\":1,\"delta\":\"b\"}"), "%s", out.p);
	cr_expect_not_null(strstr(out.p, AT("t") ",\"content_index\":0,\"delta\":\"c\"}"), "%s", out.p);
	cr_expect_not_null(strstr(out.p, "\"f\",\"output_index\":1,\"delta\":\"d\"}"), "%s", out.p);
	buf_release(&out);
}
