/* messages_request.c - a Messages request as one of chat/completions */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/forward.h"
#include "adapters/messages_build.h"
#include "base/url.h"

#define STOPS_MAX	4		/* stop sequences that chat/completions takes */
#define USER_MAX	64		/* bytes of `user` that it takes */
#define KEY_MAX		256		/* bytes of a name that is told to the client */

/* the members of a request; they go out in the order of fields[] */
enum {
	F_MODEL, F_MESSAGES, F_SYSTEM, F_MAX_TOKENS, F_STREAM, F_TOOLS, F_TOOL_CHOICE, F_STOP,
	F_TEMPERATURE, F_TOP_P, F_METADATA, F_THINKING, F_OUTPUT_CONFIG, F_OUTPUT_FORMAT, F_TOP_K,
	F_CACHE_CONTROL, F__MAX
};

struct members {
	struct span	v[F__MAX];
};

/* build_refuse - a field of the caller's that can't be translated */
enum rc
build_refuse(struct build *b, const char *where, const char *why)
{
	snprintf(b->out->param, sizeof(b->out->param), "%s", where);
	return error_set(b->err, RC_INVALID, "%s: %s", where, why);
}

/* is_given - there, and not null */
static bool
is_given(struct span value)
{
	return value.p != NULL && jscan_type(value) != '0';
}

/* need_object - a member that is given must be one */
static enum rc
need_object(struct build *b, const char *name, struct span value)
{
	return is_given(value) && jscan_type(value) != 'o' ? build_refuse(b, name, "must be an object")
	    : RC_OK;
}

/* ignore_others - members of a member that mean nothing to the provider: "metadata.other" */
static void
ignore_others(struct build *b, const char *name, struct span object, const char *const *known)
{
	struct buf path = BUF_INIT(KEY_MAX);
	struct span key, value;
	char *text;

	for (size_t at = 0; jscan_next(object, &at, &key, &value); buf_clear(&path)) {
		size_t i = 0;

		while (known[i] != NULL && !jscan_is(key, known[i]))
			i++;
		if (known[i] != NULL || !is_given(value))
			continue;
		text = jscan_text(key, NULL);
		if (buf_addf(&path, NULL, "%s.%s", name, text) == RC_OK)
			adapter_ignore(b->out, path.p, path.len);
		free(text);
	}
	buf_release(&path);
}

/* has_tools - a list that is not empty */
static bool
has_tools(const struct members *m)
{
	struct span first;
	size_t at = 0;

	return jscan_type(m->v[F_TOOLS]) == 'a' && jscan_next(m->v[F_TOOLS], &at, NULL, &first);
}

/* put_model - the Llm's */
static enum rc
put_model(struct build *b, const struct members *m)
{
	(void)m;
	jwrite_put(&b->w, "{\"model\":");
	jwrite_str(&b->w, b->call->model);
	return b->w.rc;
}

/* put_messages - system first */
static enum rc
put_messages(struct build *b, const struct members *m)
{
	jwrite_put(&b->w, ",\"messages\":");
	return build_messages(b, m->v[F_SYSTEM], m->v[F_MESSAGES]);
}

/* put_max_tokens - OpenAI's newer models take the newer name alone, the others know the older one */
static enum rc
put_max_tokens(struct build *b, const struct members *m)
{
	if (!is_given(m->v[F_MAX_TOKENS]))
		return RC_OK;
	if (jscan_int(m->v[F_MAX_TOKENS]) <= 0)
		return build_refuse(b, "max_tokens", "must be a positive integer");
	jwrite_put(&b->w, strcmp(b->call->type, "openai") == 0 ? ",\"max_completion_tokens\":"
	    : ",\"max_tokens\":");
	jwrite_compact(&b->w, m->v[F_MAX_TOKENS]);
	return b->w.rc;
}

/* put_stream - with its usage, for the client and for the books */
static enum rc
put_stream(struct build *b, const struct members *m)
{
	(void)m;
	if (b->call->stream)
		jwrite_put(&b->w, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
	return b->w.rc;
}

/* put_member - ,"name":value where it is given */
static void
put_member(struct build *b, const char *name, struct span value)
{
	if (!is_given(value))
		return;
	jwrite_put(&b->w, ",\"");
	jwrite_put(&b->w, name);
	jwrite_put(&b->w, "\":");
	jwrite_compact(&b->w, value);
}

/* put_tool - a function; Anthropic's own tools run on its servers */
static enum rc
put_tool(struct build *b, struct span tool, const char *at)
{
	struct span type = jscan_get(tool, "type"), name = jscan_get(tool, "name");
	struct span schema = jscan_get(tool, "input_schema");
	static const char *const known[] = {
		"type", "name", "description", "input_schema", "strict", "cache_control", NULL
	};

	if (jscan_type(tool) != 'o')
		return build_refuse(b, at, "must be an object");
	if (is_given(type) && !jscan_is(type, "custom"))
		return build_refuse(b, build_member(at, "type").text,
		    "a server tool can't be translated for the provider");
	if (jscan_type(name) != 's')
		return build_refuse(b, build_member(at, "name").text, "must be a string");
	if (is_given(schema) && jscan_type(schema) != 'o')
		return build_refuse(b, build_member(at, "input_schema").text, "must be an object");
	ignore_others(b, "tools", tool, known);
	jwrite_put(&b->w, "{\"type\":\"function\",\"function\":{\"name\":");
	jwrite_compact(&b->w, name);
	put_member(b, "description", jscan_get(tool, "description"));
	if (is_given(schema))
		put_member(b, "parameters", schema);
	else
		jwrite_put(&b->w, ",\"parameters\":{\"type\":\"object\",\"properties\":{}}");
	put_member(b, "strict", jscan_get(tool, "strict"));
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* put_tools - in their order */
static enum rc
put_tools(struct build *b, const struct members *m)
{
	struct span tool;
	enum rc rc;
	size_t i = 0;

	if (is_given(m->v[F_TOOLS]) && jscan_type(m->v[F_TOOLS]) != 'a')
		return build_refuse(b, "tools", "must be a list");
	if (!has_tools(m))
		return RC_OK;
	jwrite_put(&b->w, ",\"tools\":[");
	for (size_t pos = 0; jscan_next(m->v[F_TOOLS], &pos, NULL, &tool); i++) {
		jwrite_put(&b->w, i > 0 ? "," : "");
		if ((rc = put_tool(b, tool, build_item("tools", i).text)) != RC_OK)
			return rc;
	}
	jwrite_put(&b->w, "]");
	return b->w.rc;
}

static const struct { const char *type, *choice; } choices[] = {
	{ "auto", "\"auto\"" }, { "any", "\"required\"" }, { "none", "\"none\"" },
};

/* put_choice - the member itself */
static enum rc
put_choice(struct build *b, struct span choice)
{
	struct span type = jscan_get(choice, "type"), name = jscan_get(choice, "name");

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (!jscan_is(type, choices[i].type))
			continue;
		jwrite_put(&b->w, ",\"tool_choice\":");
		jwrite_put(&b->w, choices[i].choice);
		return b->w.rc;
	}
	if (!jscan_is(type, "tool"))
		return build_refuse(b, "tool_choice.type", "must be auto, any, none or tool");
	if (jscan_type(name) != 's')
		return build_refuse(b, "tool_choice.name", "must be a string");
	jwrite_put(&b->w, ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":");
	jwrite_compact(&b->w, name);
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* put_tool_choice - without tools it means nothing, and providers refuse it */
static enum rc
put_tool_choice(struct build *b, const struct members *m)
{
	struct span choice = m->v[F_TOOL_CHOICE];
	enum rc rc;

	if ((rc = need_object(b, "tool_choice", choice)) != RC_OK || !is_given(choice) ||
	    !has_tools(m))
		return rc;
	rc = put_choice(b, choice);
	if (rc == RC_OK && jscan_type(jscan_get(choice, "disable_parallel_tool_use")) == 't')
		jwrite_put(&b->w, ",\"parallel_tool_calls\":false");
	return rc == RC_OK ? b->w.rc : rc;
}

/* put_stop - as many as the other side takes */
static enum rc
put_stop(struct build *b, const struct members *m)
{
	struct span list = m->v[F_STOP], text;
	size_t n = 0;

	if (!is_given(list))
		return RC_OK;
	if (jscan_type(list) != 'a')
		return build_refuse(b, "stop_sequences", "must be a list");
	for (size_t pos = 0; jscan_next(list, &pos, NULL, &text); n++)
		if (jscan_type(text) != 's')
			return build_refuse(b, build_item("stop_sequences", n).text,
			    "must be a string");
	if (n > STOPS_MAX)
		return build_refuse(b, "stop_sequences", "the provider takes at most 4");
	if (n > 0)
		put_member(b, "stop", list);
	return b->w.rc;
}

/* put_number - a number goes as it is */
static enum rc
put_number(struct build *b, const char *name, struct span value)
{
	if (is_given(value) && jscan_type(value) != 'n')
		return build_refuse(b, name, "must be a number");
	put_member(b, name, value);
	return b->w.rc;
}

/* put_sampling - both ranges are the same on both sides, or wider there */
static enum rc
put_sampling(struct build *b, const struct members *m)
{
	enum rc rc = put_number(b, "temperature", m->v[F_TEMPERATURE]);

	return rc == RC_OK ? put_number(b, "top_p", m->v[F_TOP_P]) : rc;
}

/* put_metadata - who asks; a longer id than the provider takes would be a refusal of the call */
static enum rc
put_metadata(struct build *b, const struct members *m)
{
	static const char name[] = "metadata.user_id";
	static const char *const known[] = { "user_id", NULL };
	struct span user = jscan_get(m->v[F_METADATA], "user_id");
	enum rc rc = need_object(b, "metadata", m->v[F_METADATA]);

	if (rc != RC_OK)
		return rc;
	ignore_others(b, "metadata", m->v[F_METADATA], known);
	if (!is_given(user))
		return RC_OK;
	if (jscan_type(user) != 's')
		return build_refuse(b, name, "must be a string");
	if (user.len > USER_MAX + 2)
		adapter_ignore(b->out, name, sizeof(name) - 1);
	else
		put_member(b, "user", user);
	return b->w.rc;
}

/* bands of thinking, as the other direction has them: the last one that a budget reaches */
static const struct { long long budget; const char *effort; } bands[] = {
	{ 0, "low" }, { 2048, "medium" }, { 4096, "high" }, { 8192, "xhigh" },
};

static const struct { const char *effort, *ours; } efforts[] = {
	{ "low", "low" }, { "medium", "medium" }, { "high", "high" }, { "xhigh", "xhigh" },
	{ "max", "xhigh" },
};

/* effort_of - how hard to think; NULL: as hard as the model does by itself */
static const char *
effort_of(struct span thinking, struct span effort)
{
	long long budget = jscan_int(jscan_get(thinking, "budget_tokens"));
	const char *found = NULL;

	for (size_t i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++)
		if (jscan_is(effort, efforts[i].effort))
			return efforts[i].ours;
	if (!jscan_is(jscan_get(thinking, "type"), "enabled"))
		return NULL;
	for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++)
		if (budget >= bands[i].budget)
			found = bands[i].effort;
	return found;
}

/* put_thinking - only where the Llm's settings say that its model thinks */
static enum rc
put_thinking(struct build *b, const struct members *m)
{
	static const char effort_name[] = "output_config.effort", thinking_name[] = "thinking";
	struct span effort = jscan_get(m->v[F_OUTPUT_CONFIG], "effort");
	struct span thinking = m->v[F_THINKING], type = jscan_get(thinking, "type");
	bool thinks = b->call->thinking != NULL && strcmp(b->call->thinking, "none") != 0;
	const char *found = effort_of(thinking, effort);
	enum rc rc;

	if ((rc = need_object(b, "thinking", thinking)) != RC_OK)
		return rc;
	if (thinks && found != NULL) {
		jwrite_put(&b->w, ",\"reasoning_effort\":");
		jwrite_str(&b->w, found);
	}
	if ((!thinks || found == NULL) && is_given(effort))
		adapter_ignore(b->out, effort_name, sizeof(effort_name) - 1);
	if (is_given(thinking) && !jscan_is(type, "disabled") &&
	    (!thinks || (found == NULL && !jscan_is(type, "adaptive"))))
		adapter_ignore(b->out, thinking_name, sizeof(thinking_name) - 1);
	return b->w.rc;
}

/* put_format - structured output; a beta of Anthropic's has it at the top */
static enum rc
put_format(struct build *b, const struct members *m)
{
	static const char *const known[] = { "format", "effort", NULL };
	static const char beta_name[] = "output_format";
	struct span config = m->v[F_OUTPUT_CONFIG], format = jscan_get(config, "format"), schema;
	const char *name = "output_config.format";
	enum rc rc;

	if ((rc = need_object(b, "output_config", config)) != RC_OK)
		return rc;
	ignore_others(b, "output_config", config, known);
	if (is_given(format) && is_given(m->v[F_OUTPUT_FORMAT]))
		adapter_ignore(b->out, beta_name, sizeof(beta_name) - 1);
	if (!is_given(format)) {
		format = m->v[F_OUTPUT_FORMAT];
		name = beta_name;
	}
	if (!is_given(format))
		return RC_OK;
	schema = jscan_get(format, "schema");
	if (!jscan_is(jscan_get(format, "type"), "json_schema"))
		return build_refuse(b, build_member(name, "type").text, "must be json_schema");
	if (jscan_type(schema) != 'o')
		return build_refuse(b, build_member(name, "schema").text, "must be an object");
	jwrite_put(&b->w, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
	    "{\"name\":\"output\",\"schema\":");
	jwrite_compact(&b->w, schema);
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* what becomes of each member; NULL: another row has it, or it means nothing to the provider */
static const struct {
	const char	*name;
	enum rc		(*put)(struct build *b, const struct members *m);
} fields[F__MAX] = {
	[F_MODEL]	= { "model", put_model },
	[F_MESSAGES]	= { "messages", put_messages },
	[F_SYSTEM]	= { "system", NULL },
	[F_MAX_TOKENS]	= { "max_tokens", put_max_tokens },
	[F_STREAM]	= { "stream", put_stream },
	[F_TOOLS]	= { "tools", put_tools },
	[F_TOOL_CHOICE]	= { "tool_choice", put_tool_choice },
	[F_STOP]	= { "stop_sequences", put_stop },
	[F_TEMPERATURE]	= { "temperature", put_sampling },
	[F_TOP_P]	= { "top_p", NULL },
	[F_METADATA]	= { "metadata", put_metadata },
	[F_THINKING]	= { "thinking", put_thinking },
	[F_OUTPUT_CONFIG] = { "output_config", put_format },
	[F_OUTPUT_FORMAT] = { "output_format", NULL },
	[F_TOP_K]	= { "top_k", NULL },
	[F_CACHE_CONTROL] = { "cache_control", NULL },
};

/* messages_field - for what must know them all */
const char *
messages_field(size_t i)
{
	return i < F__MAX ? fields[i].name : NULL;
}

/* ignore_member - one that we don't know, by its name in clear */
static void
ignore_member(struct build *b, struct span name)
{
	size_t len;
	char *text = jscan_text(name, &len);

	if (text != NULL)
		adapter_ignore(b->out, text, len);
	free(text);
}

/* sort_members - each to its row, in one walk: a body may be large */
static void
sort_members(struct build *b, struct members *m)
{
	struct span name, value;

	for (size_t at = 0; jscan_next(b->call->object, &at, &name, &value); ) {
		int i = 0;

		while (i < F__MAX && !jscan_is(name, fields[i].name))
			i++;
		if (i < F__MAX)
			m->v[i] = value;
		else
			ignore_member(b, name);
	}
}

/* ignore_betas - features of Anthropic's that the client has switched on */
static void
ignore_betas(const char *betas, struct adapter_request *out)
{
	size_t n;

	for (; betas != NULL && *betas != '\0'; betas += n) {
		betas += strspn(betas, ", \t");
		n = strcspn(betas, ", \t");
		if (n > 0)
			adapter_ignore(out, betas, n);
	}
}

/* messages_request - url, headers, body */
enum rc
messages_request(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	struct build b = { .call = call, .out = out, .w = JWRITE_INIT(&out->body, err), .err = err };
	struct members m = { .v = { { NULL, 0 } } };
	char *base;
	enum rc rc;

	if ((rc = adapter_base(adapter_find(call->type, call->api), call, &base, err)) != RC_OK)
		return rc;
	out->url = url_join(base, "/chat/completions");
	free(base);
	forward_headers(call, out);
	sort_members(&b, &m);
	ignore_betas(call->beta, out);
	for (int i = 0; i < F__MAX && rc == RC_OK; i++)
		if (fields[i].put != NULL)
			rc = fields[i].put(&b, &m);
	jwrite_put(&b.w, "}");
	return rc == RC_OK ? b.w.rc : rc;
}
