/* test_messages.c - what the cases of the Messages API can't show: limits, and the documents */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"
#include "base/mem.h"

#define TEXT_MAX	(1 << 20)	/* bytes */
#define HI		"{\"role\":\"user\",\"content\":\"hi\"}"

struct play {				/* one stream of the provider's */
	struct adapter_call	call;
	struct adapter_stream	s;
	struct buf		out;
	struct error		err;
};

static void
play_open(struct play *p, size_t max_held)
{
	*p = (struct play){
		.call = { .api = API_MESSAGES, .type = "openai", .model = "m", .request_id = "r",
		    .stream = true, .max_held = max_held },
		.s = { .usage = { -1, -1, -1 } },
	};
	p->s.state = x_calloc(1, messages_to_openai.stream_size);
	buf_init(&p->out, TEXT_MAX);
}

/* play_call - a piece of the i-th tool call */
static enum rc
play_call(struct play *p, int i, const char *arguments)
{
	char *data = x_asprintf("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,\"id\":\"c\","
	    "\"function\":{\"name\":\"f\",\"arguments\":\"%s\"}}]}}]}", i, arguments);
	const struct sse_event event = { .data = data, .data_len = strlen(data), .whole = true };
	enum rc rc = messages_to_openai.event(&p->call, &p->s, &event, &p->out, &p->err);

	free(data);
	return rc;
}

static void
play_close(struct play *p)
{
	messages_to_openai.stream_release(p->s.state);
	free(p->s.state);
	buf_release(&p->out);
}

Test(messages, holds_no_more_than_its_limit)
{
	char kilobyte[1025];
	struct play p;

	memset(kilobyte, 'x', 1024);
	kilobyte[1024] = '\0';
	play_open(&p, 4096);
	for (int i = 0; i < 100; i++)	/* the open tool's are not held */
		cr_assert_eq(play_call(&p, 0, kilobyte), RC_OK);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(play_call(&p, 1, kilobyte), RC_OK);
	cr_expect_eq(play_call(&p, 1, kilobyte), RC_UPSTREAM);
	cr_expect(strstr(p.err.msg, "larger than 4096 bytes") != NULL, "%s", p.err.msg);
	play_close(&p);
}

Test(messages, holds_no_more_calls_than_an_answer_may_have)
{
	enum rc rc = RC_OK;
	struct play p;
	int n;

	play_open(&p, TEXT_MAX);
	for (n = 0; n < 5000 && rc == RC_OK; n++)
		rc = play_call(&p, n, "");
	cr_expect_eq(rc, RC_UPSTREAM);
	cr_expect_eq(n, 1 + 1024 + 1, "one is open, 1024 wait: %d", n);
	play_close(&p);
}

/* play_data - one event of the provider's; and [DONE] */
static enum rc
play_data(struct play *p, const char *data)
{
	const struct sse_event event = {
		.data = (char *)data, .data_len = strlen(data), .whole = true
	};

	return messages_to_openai.event(&p->call, &p->s, &event, &p->out, &p->err);
}

Test(messages, gives_no_half_of_an_event_where_there_is_no_room)
{
	struct play p;
	size_t was;

	play_open(&p, TEXT_MAX);
	p.out.max = 640;
	cr_assert_eq(play_data(&p, "{\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}"), RC_OK);
	was = p.out.len;
	cr_expect_gt(was, 400);
	cr_expect_eq(play_data(&p, "{\"choices\":[{\"delta\":{\"content\":\"0123456789012345678901"
	    "2345678901234567890123456789012345678901234567890123456789\"}}]}"), RC_TOO_LARGE);
	cr_expect_eq(p.out.len, was);
	cr_expect_eq(play_data(&p, "[DONE]"), RC_TOO_LARGE);
	cr_expect_eq(p.out.len, was);
	cr_expect_not(p.s.ended);
	play_close(&p);
}

static const struct { const char *finish; bool tools; const char *stop; } reasons[] = {
	{ "\"stop\"", false, "end_turn" }, { "\"stop\"", true, "tool_use" },
	{ "\"tool_calls\"", false, "tool_use" }, { "\"function_call\"", false, "tool_use" },
	{ "\"length\"", false, "max_tokens" }, { "\"length\"", true, "max_tokens" },
	{ "\"tool_calls\"", true, "tool_use" }, { "\"function_call\"", true, "tool_use" },
	{ "\"content_filter\"", false, "refusal" }, { "\"content_filter\"", true, "refusal" },
	{ "\"newest\"", false, "end_turn" }, { "", false, "end_turn" }, { "", true, "tool_use" },
};

Test(messages, gives_every_finish_reason_its_stop_reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const struct span finish = { reasons[i].finish, strlen(reasons[i].finish) };

		cr_expect_str_eq(messages_stop_reason(finish, reasons[i].tools), reasons[i].stop,
		    "%s", reasons[i].finish);
	}
}

/* what of a request can't be translated, and how the 400 names it */
static const struct { const char *messages, *field, *param; } faults[] = {
	{ "1", "", "messages[0]" },
	{ "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"tool\"}", "", "messages[1].role" },
	{ "{\"role\":\"user\",\"content\":1}", "", "messages[0].content" },
	{ "{\"role\":\"user\",\"content\":[\"a\"]}", "", "messages[0].content[0]" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\"}]}", "",
	  "messages[0].content[1].text" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\","
	  "\"source\":{\"type\":\"file\",\"data\":\"x\",\"url\":\"x\"}}]}", "",
	  "messages[0].content[1].source" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"text\"}}]}", "",
	  "messages[0].content[0].source" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"url\","
	  "\"data\":\"x\"}}]}", "", "messages[0].content[0].source" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
	  "{\"type\":\"tool_result\"}]}", "", "messages[0].content[1].tool_use_id" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\","
	  "\"content\":1}]}", "", "messages[0].content[0].content" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
	  "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\"}]}]}", "",
	  "messages[0].content[0].content[1].type" },
	{ "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
	  "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\"}]}]}", "",
	  "messages[0].content[0].content[1].source" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\"},{\"type\":\"image\"}]}", "",
	  "messages[0].content[1].type" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\"}]}", "",
	  "messages[0].content[0].type" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
	  "{\"type\":\"tool_use\"}]}", "", "messages[0].content[1].id" },
	{ "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\"}]}", "",
	  "messages[0].content[0].name" },
	{ HI, ",\"system\":1", "system" },
	{ HI, ",\"system\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\"}]", "system[1].type" },
	{ HI, ",\"temperature\":\"hot\",\"top_p\":1", "temperature" },
	{ HI, ",\"temperature\":1,\"top_p\":[]", "top_p" },
	{ HI, ",\"max_tokens\":\"9\"", "max_tokens" },
	{ HI, ",\"stop_sequences\":\"x\"", "stop_sequences" },
	{ HI, ",\"stop_sequences\":[\"x\",1]", "stop_sequences[1]" },
	{ HI, ",\"tools\":{}", "tools" },
	{ HI, ",\"tools\":[1]", "tools[0]" },
	{ HI, ",\"tools\":[{\"name\":\"f\"},{}]", "tools[1].name" },
	{ HI, ",\"tools\":[{\"name\":\"f\",\"input_schema\":[]}]", "tools[0].input_schema" },
	{ HI, ",\"tools\":[{\"name\":\"f\"}],\"tool_choice\":{\"type\":\"tool\"}", "tool_choice.name" },
	{ HI, ",\"metadata\":{\"user_id\":1}", "metadata.user_id" },
	{ HI, ",\"output_config\":{\"format\":{\"type\":\"text\"}}", "output_config.format.type" },
	{ HI, ",\"output_format\":{\"type\":\"json_schema\"}", "output_format.schema" },
};

Test(messages, names_the_field_that_it_refuses)
{
	const struct jscan_opts opts = { 32, 0 };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char *body = x_asprintf("{\"messages\":[%s]%s}", faults[i].messages, faults[i].field);
		struct adapter_call call = { .api = API_MESSAGES, .type = "openai", .model = "m",
		    .body = body, .body_len = strlen(body) };
		struct adapter_request req;
		struct error err;

		cr_assert_eq(jscan_object(body, call.body_len, &opts, NULL, 0, &call.object, NULL),
		    RC_OK, "%s", body);
		adapter_request_init(&req, ADAPTER_BODY_MAX(call.body_len));
		cr_expect_eq(messages_to_openai.request(&call, &req, &err), RC_INVALID, "%s", body);
		cr_expect_str_eq(req.param, faults[i].param, "%s", body);
		adapter_request_release(&req);
		free(body);
	}
}

/* has_row - a line of a table names it in its first column */
static bool
has_row(FILE *doc, const char *name)
{
	char line[1024], *second;

	rewind(doc);
	while (fgets(line, sizeof(line), doc) != NULL) {
		if (strncmp(line, "| `", 3) != 0 || (second = strchr(line + 1, '|')) == NULL)
			continue;
		*second = '\0';
		if (strstr(line, name) != NULL)
			return true;
	}
	return false;
}

Test(messages, has_a_row_in_the_documents_for_every_field)
{
	FILE *doc = fopen(DOCS_DIR "/MESSAGES.md", "r");
	size_t i;

	cr_assert_not_null(doc);
	for (i = 0; messages_field(i) != NULL; i++) {
		char *name = x_asprintf("`%s`", messages_field(i));

		cr_expect(has_row(doc, name), "%s", name);
		free(name);
	}
	cr_expect_gt(i, 10);
	fclose(doc);
}

Test(messages, counts_tokens_by_the_bytes_of_the_request)
{
	const struct adapter *a = adapter_find("ollama", API_COUNT_TOKENS);
	const struct adapter_call call = { .api = API_COUNT_TOKENS, .body = "12345678901",
	    .body_len = 11 };
	struct buf out = BUF_INIT(64);
	struct usage usage;

	cr_assert_not_null(a);
	cr_expect(a->local);
	cr_expect_eq(a->response(&call, "", 0, &out, &usage, NULL), RC_OK);
	cr_expect_str_eq(out.p, "{\"input_tokens\":2}");
	buf_release(&out);
}

Test(messages, is_served_for_every_type_that_infers)
{
	static const char *const types[] = { "anthropic", "openai", "deepseek", "vllm", "ollama" };

	for (size_t i = 0; i < 5; i++) {
		cr_expect_not_null(adapter_find(types[i], API_MESSAGES), "%s", types[i]);
		cr_expect_not_null(adapter_find(types[i], API_COUNT_TOKENS), "%s", types[i]);
		cr_expect_not_null(adapter_find(types[i], API_MODELS), "%s", types[i]);
		cr_expect_eq(adapter_find(types[i], API_RESPONSES) == NULL, i == 0);
	}
	cr_expect_null(adapter_find("gemini-cli", API_MESSAGES));
}
