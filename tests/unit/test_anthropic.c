/* test_anthropic.c - what no case of tests/cases/anthropic shows: url, headers, limits */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/anthropic.h"
#include "base/mem.h"

#define HI "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define HELD 256			/* bytes that a stream may hold in these tests */

/* call_of - a call with this body, "" for the list of models */
static struct adapter_call
call_of(const char *body)
{
	const struct jscan_opts opts = { 128, 0 };
	struct adapter_call call = {
		.api = *body != '\0' ? API_CHAT : API_MODELS, .type = "anthropic", .url = "",
		.model = "m", .body = *body != '\0' ? body : NULL, .body_len = strlen(body),
		.max_tokens = -1, .max_held = HELD,
	};

	if (*body != '\0')
		cr_assert_eq(jscan_object(body, call.body_len, &opts, NULL, 0, &call.object, NULL),
		    RC_OK);
	return call;
}

/* shown - a request's url and headers, one a line; owned by the caller */
static char *
shown(const struct adapter_call *call)
{
	struct buf text = BUF_INIT(65536);
	struct adapter_request req;

	adapter_request_init(&req, ADAPTER_BODY_MAX(call->body_len));
	cr_assert_eq(adapter_find(call->type, call->api)->request(call, &req, NULL), RC_OK);
	(void)buf_addf(&text, NULL, "%s\n", req.url);
	for (size_t i = 0; i < req.nheaders; i++)
		(void)buf_addf(&text, NULL, "%s: %s\n", req.headers[i].name, req.headers[i].value);
	adapter_request_release(&req);
	return buf_take(&text);
}

/* sent - the body of a request, and the names that it ignores; owned by the caller */
static char *
sent(const struct adapter_call *call)
{
	struct adapter_request req;
	char *text;

	adapter_request_init(&req, ADAPTER_BODY_MAX(call->body_len));
	cr_assert_eq(adapter_find(call->type, call->api)->request(call, &req, NULL), RC_OK);
	text = x_asprintf("%s ignored: %s", req.body.p, req.ignored.p);
	adapter_request_release(&req);
	return text;
}

static const struct http_header extra[] = { { "X-Api-Key", "k2" }, { "Anthropic-Beta", "b" } };

static const struct {
	const char *body, *url, *path, *key;
	bool stream, extra;
	const char *expected;
} requests[] = {
	{ HI, "", NULL, "k1", false, false, "https://api.anthropic.com/v1/messages\nx-api-key: k1\n"
	  "anthropic-version: 2023-06-01\nContent-Type: application/json\nAccept: application/json\n" },
	{ HI, "http://h:1/v1/", NULL, NULL, true, false, "http://h:1/v1/messages\n"
	  "anthropic-version: 2023-06-01\nContent-Type: application/json\nAccept: text/event-stream\n" },
	{ HI, "https://h", "/x/y", "k1", false, true, "https://h/x/y/messages\n"
	  "anthropic-version: 2023-06-01\nContent-Type: application/json\nAccept: application/json\n"
	  "X-Api-Key: k2\nAnthropic-Beta: b\n" },
	{ "", "", NULL, "k1", false, false, "https://api.anthropic.com/v1/models\nx-api-key: k1\n"
	  "anthropic-version: 2023-06-01\nAccept: application/json\n" },
};

Test(anthropic, calls_the_right_url_with_the_key_as_anthropic_wants_it)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct adapter_call call = call_of(requests[i].body);
		char *text;

		call.url = requests[i].url;
		call.api_path = requests[i].path;
		call.key = requests[i].key;
		call.stream = requests[i].stream;
		call.headers = extra;
		call.nheaders = requests[i].extra ? 2 : 0;
		text = shown(&call);
		cr_expect_str_eq(text, requests[i].expected, "request %zu: %s", i, text);
		free(text);
	}
}

/* refused - the param of a body that can't be translated; owned by the caller */
static char *
refused(const char *body)
{
	struct adapter_call call = call_of(body);
	struct adapter_request req;
	struct error err;
	char *param;

	adapter_request_init(&req, ADAPTER_BODY_MAX(call.body_len));
	cr_expect_eq(adapter_find("anthropic", API_CHAT)->request(&call, &req, &err), RC_INVALID);
	param = x_strdup(req.param);
	adapter_request_release(&req);
	return param;
}

/* deep - a schema of so many levels, around text */
static char *
deep(int levels, const char *open, const char *text, const char *close)
{
	struct buf b = BUF_INIT(4 << 20);

	(void)buf_addstr(&b, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
	    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":", NULL);
	for (int i = 0; i < levels; i++)
		(void)buf_addstr(&b, open, NULL);
	(void)buf_addstr(&b, text, NULL);
	for (int i = 0; i < levels; i++)
		(void)buf_addstr(&b, close, NULL);
	(void)buf_addstr(&b, "}}}", NULL);
	return buf_take(&b);
}

Test(anthropic, refuses_a_schema_that_is_too_deep_or_too_large)
{
	static const char at[] = "response_format.json_schema.schema";
	struct adapter_call call;
	char *text, *param, *body;

	body = deep(65, "{\"not\":", "{}", "}");
	param = refused(body);
	cr_expect_str_eq(param, at);
	free(param);
	free(body);
	text = x_malloc((1 << 20) + 1);
	memset(text, 'x', 1 << 20);
	text[1 << 20] = '\0';
	body = deep(1, "{\"title\":\"", text, "\"}");
	param = refused(body);
	cr_expect_str_eq(param, at);
	free(param);
	free(body);
	free(text);
	body = deep(63, "{\"not\":", "{}", "}");
	call = call_of(body);
	free(sent(&call));
	free(body);
}

/* a field that is what it may not be, and how the 400 names it */
static const struct { const char *field, *param; } faults[] = {
	{ "\"tools\":{}", "tools" },
	{ "\"tools\":[1]", "tools[0]" },
	{ "\"tools\":[{\"type\":\"function\"}]", "tools[0].function" },
	{ "\"tools\":[{\"type\":\"function\",\"function\":{}}]", "tools[0].function.name" },
	{ "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]",
	  "tools[0].function.parameters" },
	{ "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":1}}]",
	  "tools[0].function.strict" },
	{ "\"functions\":[{\"name\":\"\"}]", "functions[0].name" },
	{ "\"functions\":[{\"name\":\"f\"}],\"function_call\":\"f\"", "function_call" },
	{ "\"functions\":[{\"name\":\"f\"}],\"tool_choice\":\"any\"", "tool_choice" },
	{ "\"functions\":[{\"name\":\"f\"}],\"tool_choice\":{\"type\":\"function\"}",
	  "tool_choice.function" },
	{ "\"functions\":[{\"name\":\"f\"}],\"parallel_tool_calls\":0", "parallel_tool_calls" },
	{ "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"},\"cache_control\":1}]",
	  "tools[0].cache_control" },
	{ "\"functions\":[{\"name\":\"f\"},{}]", "functions[1].name" },
	{ "\"stop\":1", "stop" },
	{ "\"stop\":[\"a\",1]", "stop[1]" },
	{ "\"max_tokens\":-1", "max_tokens" },
	{ "\"max_tokens\":1.5", "max_tokens" },
	{ "\"max_tokens\":\"1\"", "max_tokens" },
	{ "\"max_completion_tokens\":99999999999999999999", "max_completion_tokens" },
	{ "\"temperature\":\"hot\"", "temperature" },
	{ "\"top_p\":[]", "top_p" },
	{ "\"top_k\":true", "top_k" },
	{ "\"n\":0", "n" },
	{ "\"reasoning_effort\":\"extreme\"", "reasoning_effort" },
	{ "\"reasoning_effort\":5", "reasoning_effort" },
	{ "\"thinking\":true", "thinking" },
	{ "\"thinking\":{}", "thinking.type" },
	{ "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":0}", "thinking.budget_tokens" },
	{ "\"response_format\":\"json\"", "response_format" },
	{ "\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema" },
	{ "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":[]}",
	  "response_format.json_schema" },
	{ "\"user\":1", "user" },
	{ "\"safety_identifier\":{}", "safety_identifier" },
};

/* a message that is what it may not be */
static const struct { const char *message, *param; } bad_messages[] = {
	{ "1", "messages[0]" },
	{ "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},\"b\"]}",
	  "messages[0].content[1]" },
	{ "{\"role\":\"system\",\"content\":[{\"type\":\"text\"}]}", "messages[0].content[0].text" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\"}]}",
	  "messages[0].content[0].refusal" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
	  "\"data:image/gif;base64,\"}]}", "messages[0].content[0].image_url" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\"}]}",
	  "messages[0].content[0].file.file_data" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":\"x\"}]}",
	  "messages[0].content[0].file" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"\"}}]}",
	  "messages[0].content[0].file.file_data" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":"
	  "\"https://h/a.pdf\"}}]}", "messages[0].content[0].file.file_data" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"JVBE\","
	  "\"filename\":1}}]}", "messages[0].content[0].file.filename" },
	{ "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\"}},1]}",
	  "messages[0].tool_calls[1]" },
	{ "{\"role\":\"assistant\",\"thinking_blocks\":[{\"type\":\"thinking\"},"
	  "{\"type\":\"redacted_thinking\",\"data\":1}]}", "messages[0].thinking_blocks[1].data" },
	{ "{\"role\":1}", "messages[0].role" },
	{ "{\"role\":\"user\",\"content\":1}", "messages[0].content" },
	{ "{\"role\":\"system\",\"content\":{}}", "messages[0].content" },
	{ "{\"role\":\"user\",\"content\":[\"x\"]}", "messages[0].content[0]" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}", "messages[0].content[0].text" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":1}]}",
	  "messages[0].content[0].cache_control" },
	{ "{\"role\":\"user\",\"content\":\"x\",\"cache_control\":\"ephemeral\"}",
	  "messages[0].cache_control" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}",
	  "messages[0].content[0].image_url" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}",
	  "messages[0].content[0].image_url.url" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{}}]}",
	  "messages[0].content[0].file.file_data" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
	  "\"https://h\"}}]}", "messages[0].content[0].type" },
	{ "{\"role\":\"assistant\",\"audio\":{\"id\":\"a\"}}", "messages[0].audio" },
	{ "{\"role\":\"assistant\",\"tool_calls\":{}}", "messages[0].tool_calls" },
	{ "{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"custom\",\"id\":\"a\"}]}",
	  "messages[0].tool_calls[0].type" },
	{ "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{}}]}",
	  "messages[0].tool_calls[0].id" },
	{ "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"a b\"}}]}",
	  "messages[0].tool_calls[0].function.name" },
	{ "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\","
	  "\"arguments\":{}}}]}", "messages[0].tool_calls[0].function.arguments" },
	{ "{\"role\":\"assistant\",\"thinking_blocks\":[1]}", "messages[0].thinking_blocks[0]" },
	{ "{\"role\":\"tool\",\"content\":\"x\"}", "messages[0].tool_call_id" },
};

Test(anthropic, names_the_field_that_it_refuses)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char *body = x_asprintf("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],%s}",
		    faults[i].field);
		char *param = refused(body);

		cr_expect_str_eq(param, faults[i].param, "%s: %s", faults[i].field, param);
		free(param);
		free(body);
	}
	for (size_t i = 0; i < sizeof(bad_messages) / sizeof(bad_messages[0]); i++) {
		char *body = x_asprintf("{\"messages\":[%s]}", bad_messages[i].message);
		char *param = refused(body);

		cr_expect_str_eq(param, bad_messages[i].param, "%s: %s", bad_messages[i].message,
		    param);
		free(param);
		free(body);
	}
}

struct stream {				/* one stream through the adapter */
	struct adapter_call	call;
	const struct adapter	*adapter;
	struct adapter_stream	s;
	struct buf		out;
};

/* send - one event; what came of it */
static enum rc
send(struct stream *st, const char *data)
{
	const struct sse_event event = { .data = data, .data_len = strlen(data), .whole = true };

	buf_clear(&st->out);
	return st->adapter->event(&st->call, &st->s, &event, &st->out, NULL);
}

#define START "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\"}}"
#define THINK "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\"}}"
#define MORE "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\"," \
	"\"thinking\":\"0123456789012345678901234567890123456789012345678901234567890123\"}}"

/* stream_init - before the first event */
static void
stream_init(struct stream *st)
{
	*st = (struct stream){ .call = call_of(HI), .adapter = adapter_find("anthropic", API_CHAT) };
	st->s.state = x_calloc(1, st->adapter->stream_size);
	buf_init(&st->out, 65536);
}

/* stream_release - after the last */
static void
stream_release(struct stream *st)
{
	st->adapter->stream_release(st->s.state);
	free(st->s.state);
	buf_release(&st->out);
}

Test(anthropic, takes_nothing_of_a_message_before_its_start)
{
	static const char *const events[] = {
		"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\"}}",
		"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\"}}",
		"{\"type\":\"content_block_stop\",\"index\":0}", "{\"type\":\"message_delta\"}",
		"{\"type\":\"message_stop\"}",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct stream st;

		stream_init(&st);
		cr_expect_eq(send(&st, events[i]), RC_UPSTREAM, "%s", events[i]);
		cr_expect_eq(st.out.len, 0);
		cr_expect_not(st.s.ended);
		stream_release(&st);
	}
}

Test(anthropic, holds_no_more_thinking_than_it_may)
{
	struct stream st;

	stream_init(&st);
	cr_assert_eq(send(&st, START), RC_OK);
	cr_assert_eq(send(&st, THINK), RC_OK);
	for (int i = 0; i < HELD / 64; i++)
		cr_assert_eq(send(&st, MORE), RC_OK);
	cr_expect_eq(send(&st, MORE), RC_UPSTREAM);
	stream_release(&st);
}

Test(anthropic, opens_no_more_blocks_than_it_may)
{
	struct stream st;
	enum rc rc = RC_OK;
	int i;

	stream_init(&st);
	cr_assert_eq(send(&st, START), RC_OK);
	for (i = 0; i < 1000 && rc == RC_OK; i++) {
		char *data = x_asprintf("{\"type\":\"content_block_start\",\"index\":%d,"
		    "\"content_block\":{\"type\":\"thinking\"}}", i);

		rc = send(&st, data);
		free(data);
	}
	cr_expect_eq(rc, RC_UPSTREAM);
	cr_expect_eq(i, 65);
	/* the same index again is the same block, never stopped */
	stream_release(&st);
	stream_init(&st);
	cr_assert_eq(send(&st, START), RC_OK);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(send(&st, THINK), RC_OK);
	stream_release(&st);
}

Test(anthropic, passes_each_event_on_before_the_next)
{
	struct stream st;

	stream_init(&st);
	cr_assert_eq(send(&st, START), RC_OK);
	cr_expect_neq(st.out.len, 0);
	cr_assert_eq(send(&st, THINK), RC_OK);
	cr_assert_eq(send(&st, MORE), RC_OK);
	cr_expect(strstr(st.out.p, "\"reasoning_content\":\"0123") != NULL, "%s", st.out.p);
	stream_release(&st);
}

Test(anthropic, serves_chat_and_the_list_of_models)
{
	cr_expect_eq(adapter_find("anthropic", API_CHAT), adapter_find("anthropic", API_MODELS));
	cr_expect_str_eq(adapter_find("anthropic", API_CHAT)->type, "anthropic");
	cr_expect_null(adapter_find("anthropic", API_EMBEDDINGS));
}

/* next_row - the next line of the table of fields: "| `name` | fate |"; false: the table is over */
static bool
next_row(FILE *doc, char name[64], char fate[16])
{
	char line[1024];

	return fgets(line, sizeof(line), doc) != NULL &&
	    sscanf(line, "| `%63[a-z_]` | %15[a-z] |", name, fate) == 2;
}

/* find_table - behind its head and the line under that */
static void
find_table(FILE *doc)
{
	char line[1024] = "";

	while (strncmp(line, "| field | fate |", 16) != 0)
		cr_assert_not_null(fgets(line, sizeof(line), doc), "no table of fields");
	cr_assert_not_null(fgets(line, sizeof(line), doc));
}

Test(anthropic, is_documented_field_by_field)
{
	static const char *const fates[] = {
		[FIELD_MAPPED] = "mapped", [FIELD_HONOURED] = "honoured",
		[FIELD_IGNORED] = "ignored", [FIELD_REFUSED] = "refused",
		[FIELD_FORBIDDEN] = "forbidden",
	};
	const struct anthropic_field *f = anthropic_fields;
	FILE *doc = fopen(DOCS_DIR "/TRANSLATION.md", "r");
	char name[64], fate[16];

	cr_assert_not_null(doc);
	find_table(doc);
	for (; next_row(doc, name, fate); f++) {
		cr_assert_not_null(f->name, "%s is in the document alone", name);
		cr_expect_str_eq(name, f->name);
		cr_expect_str_eq(fate, fates[f->fate], "%s", name);
	}
	cr_expect_null(f->name, "%s is not in the document", f->name);
	fclose(doc);
}

Test(anthropic, does_with_a_field_what_its_table_says)
{
	for (const struct anthropic_field *f = anthropic_fields; f->name != NULL; f++) {
		char *body = x_asprintf("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
		    "\"%s\":{\"a\":\"b\"}}", f->name), *param, *expected;
		struct adapter_call call = call_of(strcmp(f->name, "messages") == 0 ? HI : body);

		if (f->fate == FIELD_REFUSED || f->fate == FIELD_FORBIDDEN) {
			param = refused(body);
			cr_expect_str_eq(param, f->name);
			free(param);
		} else if (f->fate == FIELD_IGNORED) {
			param = sent(&call);
			call = call_of(HI);
			expected = sent(&call);
			cr_expect_str_eq(param, expected, "%s", f->name);
			free(expected);
			free(param);
		}
		free(body);
	}
}
