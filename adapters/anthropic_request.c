/* anthropic_request.c - chat/completions to Messages: every field, and what becomes of it */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/anthropic.h"
#include "adapters/forward.h"
#include "base/mem.h"
#include "base/url.h"

#define VERSION		"2023-06-01"	/* of Anthropic's API */
#define MAX_TOKENS	1024		/* tokens, where nobody gives a number */
#define PHONE_MIN	7		/* digits of a phone number */
#define PHONE_MAX	15		/* E.164 */

enum {
	F_MODEL, F_MESSAGES, F_STREAM, F_TOOLS, F_FUNCTIONS, F_TOOL_CHOICE, F_FUNCTION_CALL,
	F_PARALLEL_TOOL_CALLS, F_MAX_COMPLETION_TOKENS, F_MAX_TOKENS, F_TEMPERATURE, F_TOP_P, F_TOP_K,
	F_STOP, F_RESPONSE_FORMAT, F_REASONING_EFFORT, F_THINKING, F_USER, F_SAFETY_IDENTIFIER, F_N,
	F_OTHERS			/* the rest need no function of their own */
};

/* every field that is known; docs/TRANSLATION.md is checked against it */
const struct anthropic_field anthropic_fields[] = {
	[F_MODEL]		= { "model", FIELD_MAPPED },
	[F_MESSAGES]		= { "messages", FIELD_MAPPED },
	[F_STREAM]		= { "stream", FIELD_MAPPED },
	[F_TOOLS]		= { "tools", FIELD_MAPPED },
	[F_FUNCTIONS]		= { "functions", FIELD_MAPPED },
	[F_TOOL_CHOICE]		= { "tool_choice", FIELD_MAPPED },
	[F_FUNCTION_CALL]	= { "function_call", FIELD_MAPPED },
	[F_PARALLEL_TOOL_CALLS]	= { "parallel_tool_calls", FIELD_MAPPED },
	[F_MAX_COMPLETION_TOKENS] = { "max_completion_tokens", FIELD_MAPPED },
	[F_MAX_TOKENS]		= { "max_tokens", FIELD_MAPPED },
	[F_TEMPERATURE]		= { "temperature", FIELD_MAPPED },
	[F_TOP_P]		= { "top_p", FIELD_MAPPED },
	[F_TOP_K]		= { "top_k", FIELD_MAPPED },
	[F_STOP]		= { "stop", FIELD_MAPPED },
	[F_RESPONSE_FORMAT]	= { "response_format", FIELD_MAPPED },
	[F_REASONING_EFFORT]	= { "reasoning_effort", FIELD_MAPPED },
	[F_THINKING]		= { "thinking", FIELD_MAPPED },
	[F_USER]		= { "user", FIELD_MAPPED },
	[F_SAFETY_IDENTIFIER]	= { "safety_identifier", FIELD_MAPPED },
	[F_N]			= { "n", FIELD_HONOURED },
	{ "stream_options", FIELD_HONOURED },
	{ "logprobs", FIELD_IGNORED },
	{ "top_logprobs", FIELD_IGNORED },
	{ "logit_bias", FIELD_IGNORED },
	{ "seed", FIELD_IGNORED },
	{ "presence_penalty", FIELD_IGNORED },
	{ "frequency_penalty", FIELD_IGNORED },
	{ "prediction", FIELD_IGNORED },
	{ "modalities", FIELD_IGNORED },
	{ "store", FIELD_IGNORED },
	{ "service_tier", FIELD_IGNORED },
	{ "metadata", FIELD_IGNORED },
	{ "prompt_cache_key", FIELD_IGNORED },
	{ "prompt_cache_retention", FIELD_IGNORED },
	{ "verbosity", FIELD_IGNORED },
	{ "audio", FIELD_REFUSED },
	{ "web_search_options", FIELD_REFUSED },
	{ "api_base", FIELD_FORBIDDEN },
	{ "base_url", FIELD_FORBIDDEN },
	{ "api_key", FIELD_FORBIDDEN },
	{ "extra_headers", FIELD_FORBIDDEN },
	{ NULL, FIELD_IGNORED }
};

/* what an effort is, in tokens and in the word of adaptive thinking */
static const struct effort { const char *name; long long budget; const char *adaptive; } efforts[] = {
	{ "none", 0, NULL },
	{ "minimal", 1024, "low" },
	{ "low", 1024, "low" },
	{ "medium", 2048, "medium" },
	{ "high", 4096, "high" },
	{ "xhigh", 8192, "xhigh" },
	{ "max", 8192, "max" },
};

struct thinking {			/* what of it the request will have */
	struct span	 native;	/* the caller's own object; p NULL: none */
	bool		 on;
	long long	 budget;	/* tokens; 0: adaptive, or off */
	const char	*effort;	/* for output_config; NULL: none */
};

struct options {			/* the top-level fields */
	struct span	field[F_OTHERS];
	struct thinking	thinking;
	long long	max_tokens;
};

/* take_field - a known one to its place; the others are ignored by name, or refused */
static void
take_field(struct translation *t, struct options *o, struct span name, struct span value)
{
	static const char *const refusals[] = {
		[FIELD_REFUSED] = "can't be sent to Anthropic",
		[FIELD_FORBIDDEN] = "a caller can't choose where the key goes",
	};
	enum field_fate fate;
	size_t len;
	char *text;

	for (size_t i = 0; anthropic_fields[i].name != NULL; i++) {
		if (!jscan_is(name, anthropic_fields[i].name))
			continue;
		fate = anthropic_fields[i].fate;
		if (i < F_OTHERS)
			o->field[i] = value;
		else if (fate >= FIELD_REFUSED && jscan_type(value) != '0')
			tr_refuse(t, anthropic_fields[i].name, "%s", refusals[fate]);
		return;
	}
	text = jscan_text(name, &len);
	adapter_ignore(t->req, text, len);
	free(text);
}

/* take_fields - the whole body's, in one walk */
static void
take_fields(struct translation *t, struct options *o)
{
	struct span name, value;

	for (size_t at = 0; t->w.rc == RC_OK && jscan_next(t->call->object, &at, &name, &value); )
		take_field(t, o, name, value);
}

/* positive - a number of tokens; 0: not there */
static long long
positive(struct translation *t, struct span value, const char *name)
{
	long long n;

	if (!tr_has(t, value, 'n', name))
		return 0;
	if ((n = jscan_int(value)) <= 0)
		tr_refuse(t, name, "must be a whole number above 0");
	return n;
}

/* take_limits - max_tokens, which Anthropic always wants, and n */
static void
take_limits(struct translation *t, struct options *o)
{
	long long newer, older, n = positive(t, o->field[F_N], ".n");

	if (n > 1)
		tr_refuse(t, ".n", "must be 1: Anthropic gives one answer");
	newer = positive(t, o->field[F_MAX_COMPLETION_TOKENS], ".max_completion_tokens");
	older = positive(t, o->field[F_MAX_TOKENS], ".max_tokens");
	o->max_tokens = newer > 0 ? newer : older > 0 ? older
	    : t->call->max_tokens > 0 ? t->call->max_tokens : MAX_TOKENS;
}

/* setting_is - a word of extraConfig, or its default */
static bool
setting_is(const char *setting, const char *dflt, const char *word)
{
	return strcmp(setting != NULL ? setting : dflt, word) == 0;
}

/* take_native - the caller's own thinking object passes */
static void
take_native(struct translation *t, struct thinking *k, struct span native)
{
	struct span type = jscan_get(native, "type");

	if (!tr_has(t, type, 's', ".thinking.type"))
		tr_refuse(t, ".thinking.type", "is required");
	k->native = native;
	k->on = jscan_is(type, "enabled") || jscan_is(type, "adaptive");
	if (jscan_is(type, "enabled"))
		k->budget = positive(t, jscan_get(native, "budget_tokens"),
		    ".thinking.budget_tokens");
}

/* take_effort - reasoning_effort, in the way of extraConfig.thinking */
static void
take_effort(struct translation *t, struct thinking *k, struct span effort)
{
	const char *name = anthropic_fields[F_REASONING_EFFORT].name;
	const char *mode = t->call->thinking;
	size_t i = 0;

	while (i < sizeof(efforts) / sizeof(efforts[0]) && !jscan_is(effort, efforts[i].name))
		i++;
	if (i == sizeof(efforts) / sizeof(efforts[0])) {
		tr_refuse(t, ".reasoning_effort",
		    "must be none, minimal, low, medium, high, xhigh or max");
	} else if (efforts[i].adaptive == NULL) {
		return;
	} else if (k->native.p != NULL || setting_is(mode, "budget", "none")) {
		adapter_ignore(t->req, name, strlen(name));
	} else {
		k->on = true;
		if (setting_is(mode, "budget", "adaptive"))
			k->effort = efforts[i].adaptive;
		else
			k->budget = efforts[i].budget;
	}
}

/*
 * take_thinking - the messages are written already. A budget needs room below
 * max_tokens. A turn that used tools and has lost its thinking can't be gone on with in budget mode.
 */
static void
take_thinking(struct translation *t, struct options *o)
{
	struct thinking *k = &o->thinking;

	if (tr_has(t, o->field[F_THINKING], 'o', ".thinking"))
		take_native(t, k, o->field[F_THINKING]);
	if (tr_has(t, o->field[F_REASONING_EFFORT], 's', ".reasoning_effort"))
		take_effort(t, k, o->field[F_REASONING_EFFORT]);
	if (k->on && k->budget > 0 && t->uses_tools && !t->thinks)
		*k = (struct thinking){ .on = false };
	if (k->budget >= o->max_tokens &&
	    __builtin_add_overflow(o->max_tokens, k->budget, &o->max_tokens))
		tr_refuse(t, ".thinking.budget_tokens", "is too large");
}

/* put_thinking - the caller's, or ours */
static void
put_thinking(struct translation *t, const struct thinking *k)
{
	if (k->native.p != NULL) {
		tr_put(t, ",\"thinking\":");
		tr_span(t, k->native);
	} else if (k->budget > 0) {
		tr_put(t, ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":");
		jwrite_int(&t->w, k->budget);
		tr_put(t, "}");
	} else if (k->on) {
		tr_put(t, ",\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"}");
	}
}

/* put_number - a number as it is spelled */
static void
put_number(struct translation *t, const char *member, struct span number)
{
	tr_put(t, member);
	tr_span(t, number);
}

/* above_one - OpenAI's temperature goes up to 2, Anthropic's to 1 */
static bool
above_one(struct span number)
{
	char *text = x_strndup(number.p, number.len);
	bool above = strtod(text, NULL) > 1;

	free(text);
	return above;
}

/* put_sampling - as much of temperature and top_p as the model takes */
static void
put_sampling(struct translation *t, const struct options *o)
{
	const char *mode = t->call->sampling;
	bool any = !o->thinking.on && !setting_is(mode, "one", "none");
	bool temperature = tr_has(t, o->field[F_TEMPERATURE], 'n', ".temperature") && any;
	bool top_p = tr_has(t, o->field[F_TOP_P], 'n', ".top_p") && any;

	if (temperature && above_one(o->field[F_TEMPERATURE]))
		tr_put(t, ",\"temperature\":1");
	else if (temperature)
		put_number(t, ",\"temperature\":", o->field[F_TEMPERATURE]);
	if (top_p && (!temperature || setting_is(mode, "one", "all")))
		put_number(t, ",\"top_p\":", o->field[F_TOP_P]);
	if (tr_has(t, o->field[F_TOP_K], 'n', ".top_k"))
		put_number(t, ",\"top_k\":", o->field[F_TOP_K]);
}

/* put_stop_entry - one, unless it is blank: Anthropic refuses those */
static void
put_stop_entry(struct translation *t, struct span entry, size_t *n)
{
	if (tr_blank(tr_inside(entry)))
		return;
	tr_put(t, (*n)++ == 0 ? ",\"stop_sequences\":[" : ",");
	tr_span(t, entry);
}

/* put_stop - a string or a list */
static void
put_stop(struct translation *t, struct span stop)
{
	struct span entry;
	size_t n = 0, j = 0, was;

	if (jscan_type(stop) == 's')
		put_stop_entry(t, stop, &n);
	else if (jscan_type(stop) == 'a')
		for (size_t at = 0; t->w.rc == RC_OK && jscan_next(stop, &at, NULL, &entry); j++) {
			was = tr_enter(t, "stop[%zu]", j);
			if (jscan_type(entry) == 's')
				put_stop_entry(t, entry, &n);
			else
				tr_refuse(t, "", "must be a string");
			tr_leave(t, was);
		}
	else if (jscan_type(stop) != 0 && jscan_type(stop) != '0')
		tr_refuse(t, ".stop", "must be a string or a list of strings");
	if (n > 0)
		tr_put(t, "]");
}

/* format_schema - the schema of a response_format that has one; p NULL: none */
static struct span
format_schema(struct translation *t, struct span format)
{
	struct span none = { NULL, 0 }, type, inner, schema;

	if (!tr_has(t, format, 'o', ".response_format"))
		return none;
	type = jscan_get(format, "type");
	if (jscan_is(type, "text") || jscan_is(type, "json_object"))
		return none;
	if (!jscan_is(type, "json_schema")) {
		tr_refuse(t, ".response_format.type", "must be text, json_object or json_schema");
		return none;
	}
	inner = jscan_get(format, "json_schema");
	if (!tr_has(t, inner, 'o', ".response_format.json_schema"))
		tr_refuse(t, ".response_format.json_schema", "is required");
	schema = jscan_type(inner) == 'o' ? jscan_get(inner, "schema") : none;
	if (!tr_has(t, schema, 'o', ".response_format.json_schema.schema"))
		tr_refuse(t, ".response_format.json_schema.schema", "is required");
	return schema;
}

/* put_output_config - effort and format */
static void
put_output_config(struct translation *t, const struct options *o)
{
	struct span schema = format_schema(t, o->field[F_RESPONSE_FORMAT]);
	size_t was;

	if (t->w.rc != RC_OK || (o->thinking.effort == NULL && schema.p == NULL))
		return;
	tr_put(t, ",\"output_config\":{");
	if (o->thinking.effort != NULL) {
		tr_put(t, "\"effort\":");
		jwrite_str(&t->w, o->thinking.effort);
	}
	if (schema.p != NULL) {
		tr_put(t, o->thinking.effort != NULL ? ",\"format\":" : "\"format\":");
		tr_put(t, "{\"type\":\"json_schema\",\"schema\":");
		was = tr_enter(t, "response_format.json_schema.schema");
		tr_closed_schema(t, schema);
		tr_leave(t, was);
		tr_put(t, "}");
	}
	tr_put(t, "}");
}

/* is_personal - looks like an e-mail address or a phone number: Anthropic asks not to be sent those */
static bool
is_personal(const char *text)
{
	size_t digits = 0;

	if (strchr(text, '@') != NULL)
		return true;
	for (; *text != '\0'; text++) {
		if (isdigit((unsigned char)*text))
			digits++;
		else if (strchr("+-.() /", *text) == NULL)
			return false;
	}
	return digits >= PHONE_MIN && digits <= PHONE_MAX;
}

/* put_user - the first of the two that may be told */
static void
put_user(struct translation *t, const struct options *o)
{
	static const struct { int field; const char *below; } ids[] = {
		{ F_USER, ".user" }, { F_SAFETY_IDENTIFIER, ".safety_identifier" },
	};
	bool done = false;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct span id = o->field[ids[i].field];
		char *text;

		if (!tr_has(t, id, 's', ids[i].below))
			continue;
		text = jscan_text(id, NULL);
		if (!done && *text != '\0' && !is_personal(text)) {
			tr_put(t, ",\"metadata\":{\"user_id\":");
			tr_span(t, id);
			tr_put(t, "}");
			done = true;
		}
		free(text);
	}
}

/* write_body - Messages' fields, in an order that never changes */
static void
write_body(struct translation *t)
{
	struct options o = { .max_tokens = 0 };
	bool forced;
	size_t tools;

	take_fields(t, &o);
	take_limits(t, &o);
	tr_put(t, "{\"model\":");
	jwrite_str(&t->w, t->call->model);
	if (t->call->stream)
		tr_put(t, ",\"stream\":true");
	if (tr_has(t, o.field[F_MESSAGES], 'a', ".messages"))
		tr_messages(t, o.field[F_MESSAGES]);
	take_thinking(t, &o);
	tools = tr_tools(t, o.field[F_TOOLS], o.field[F_FUNCTIONS]);
	forced = o.thinking.on && o.thinking.budget > 0;
	if (tools > 0)
		tr_tool_choice(t, o.field[F_TOOL_CHOICE], o.field[F_FUNCTION_CALL],
		    o.field[F_PARALLEL_TOOL_CALLS], forced);
	tr_put(t, ",\"max_tokens\":");
	jwrite_int(&t->w, o.max_tokens);
	put_sampling(t, &o);
	put_stop(t, o.field[F_STOP]);
	put_thinking(t, &o.thinking);
	put_output_config(t, &o);
	put_user(t, &o);
	tr_put(t, "}");
}

/* put_headers - nothing of the caller's; extraConfig.headers take the place of ours */
static void
put_headers(const struct adapter_call *call, struct adapter_request *out)
{
	if (call->key != NULL)
		forward_header(call, out, "x-api-key", call->key);
	forward_header(call, out, "anthropic-version", VERSION);
	if (call->body != NULL)
		forward_header(call, out, "Content-Type", "application/json");
	forward_header(call, out, "Accept", call->stream ? "text/event-stream" : "application/json");
	forward_extra(call, out);
}

/* anthropic_request - url, headers, body */
enum rc
anthropic_request(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	struct translation t = {
		.call = call, .req = out, .w = JWRITE_INIT(&out->body, err)
	};
	char *base;
	enum rc rc;

	if ((rc = adapter_base(adapter_find(call->type, call->api), call, &base, err)) != RC_OK)
		return rc;
	out->url = url_join(base, call->api == API_MODELS ? "/models" : "/messages");
	free(base);
	put_headers(call, out);
	if (call->body == NULL)
		return RC_OK;
	write_body(&t);
	return t.w.rc;
}

const struct adapter adapter_anthropic = {
	.type		= "anthropic",
	.default_url	= "https://api.anthropic.com",
	.apis		= API_CHAT | API_MODELS,
	.request	= anthropic_request,
	.response	= anthropic_response,
	.event		= anthropic_event,
	.finish		= anthropic_finish,
	.stream_size	= sizeof(struct anthropic_stream),
	.stream_release	= anthropic_stream_release,
};
