/* openai_response_whole.c - a whole response as the events of a stream that has begun */
#include <string.h>

#include "adapters/openai.h"
#include "base/jsonx.h"
#include "base/jwrite.h"

/* a member that an object begins without; where it has an event, that tells the member after */
struct member {
	const char	*type;		/* the object's; NULL: any */
	const char	*name;
	char		 is;		/* jscan_type(); a member of another type stays */
	const char	*begun;		/* what stands there until it is told */
	const char	*event;		/* of a text: + ".delta", ".done"; of each part of a list: +
					   ".added", ".done" */
	const char	*index;		/* a part's place in its list */
};

static const struct member of_response[] = {
	{ NULL, "status", 's', "\"in_progress\"", NULL, NULL },
	{ NULL, "output", 'a', "[]", NULL, NULL },
	{ NULL, "output_text", 's', "\"\"", NULL, NULL },
	{ NULL, "usage", 'o', "null", NULL, NULL },
	{ NULL, "error", 'o', "null", NULL, NULL },
	{ NULL, "incomplete_details", 'o', "null", NULL, NULL },
	{ NULL, "completed_at", 'n', "null", NULL, NULL },
	{ .name = NULL }
};

static const struct member of_item[] = {
	{ NULL, "status", 's', "\"in_progress\"", NULL, NULL },
	{ "message", "content", 'a', "[]", "response.content_part", "content_index" },
	{ "reasoning", "summary", 'a', "[]", "response.reasoning_summary_part", "summary_index" },
	{ "reasoning", "content", 'a', "[]", "response.content_part", "content_index" },
	{ "function_call", "arguments", 's', "\"\"", "response.function_call_arguments", NULL },
	{ "custom_tool_call", "input", 's', "\"\"", "response.custom_tool_call_input", NULL },
	{ "mcp_call", "arguments", 's', "\"\"", "response.mcp_call_arguments", NULL },
	{ "code_interpreter_call", "code", 's', "\"\"", "response.code_interpreter_call_code", NULL },
	{ .name = NULL }
};

static const struct member of_part[] = {
	{ "output_text", "text", 's', "\"\"", "response.output_text", NULL },
	{ "output_text", "annotations", 'a', "[]", NULL, NULL },
	{ "output_text", "logprobs", 'a', "[]", NULL, NULL },
	{ "refusal", "refusal", 's', "\"\"", "response.refusal", NULL },
	{ "reasoning_text", "text", 's', "\"\"", "response.reasoning_text", NULL },
	{ "summary_text", "text", 's', "\"\"", "response.reasoning_summary_text", NULL },
	{ .name = NULL }
};

struct events {				/* a response on its way */
	struct jwrite	w;
	int64_t		sequence, output;	/* of the next event, of the item */
	struct span	id;			/* the item's */
	const char	*index;			/* of the part, NULL: the item itself is told of */
	int64_t		part;
};

/* begin - an event up to its own members; more is the end of its type */
static void
begin(struct events *e, const char *type, const char *more)
{
	jwrite_put(&e->w, "event: ");
	jwrite_put(&e->w, type);
	jwrite_put(&e->w, more);
	jwrite_put(&e->w, "\ndata: {\"type\":\"");
	jwrite_put(&e->w, type);
	jwrite_put(&e->w, more);
	jwrite_put(&e->w, "\",\"sequence_number\":");
	jwrite_int(&e->w, e->sequence++);
}

/* begin_inside - the same for an event of what is in an item */
static void
begin_inside(struct events *e, const char *type, const char *more)
{
	begin(e, type, more);
	jwrite_put(&e->w, ",\"item_id\":");
	if (jscan_type(e->id) == 's')
		jwrite_span(&e->w, e->id);
	else
		jwrite_put(&e->w, "\"\"");
	jwrite_put(&e->w, ",\"output_index\":");
	jwrite_int(&e->w, e->output);
	if (e->index == NULL)
		return;
	jwrite_put(&e->w, ",\"");
	jwrite_put(&e->w, e->index);
	jwrite_put(&e->w, "\":");
	jwrite_int(&e->w, e->part);
}

/* put_value - a last member, as it is, and the event's end */
static void
put_value(struct events *e, const char *name, struct span value)
{
	jwrite_put(&e->w, name);
	jwrite_compact(&e->w, value);
	jwrite_put(&e->w, "}\n\n");
}

/* fits - is the object one that has the member, and does it */
static bool
fits(const struct member *m, struct span object, struct span value)
{
	return jscan_type(value) == m->is &&
	    (m->type == NULL || jscan_is(jscan_get(object, "type"), m->type));
}

/* put_begun - a last member: the object as it begins, and the event's end */
static void
put_begun(struct events *e, const char *lead, struct span object, const struct member *members)
{
	const char *comma = "{";
	struct span name, value;

	jwrite_put(&e->w, lead);
	for (size_t at = 0; jscan_next(object, &at, &name, &value); comma = ",") {
		const struct member *m = members;

		while (m->name != NULL && !(jscan_is(name, m->name) && fits(m, object, value)))
			m++;
		jwrite_put(&e->w, comma);
		jwrite_span(&e->w, name);
		jwrite_put(&e->w, ":");
		if (m->name != NULL)
			jwrite_put(&e->w, m->begun);
		else
			jwrite_compact(&e->w, value);
	}
	jwrite_put(&e->w, *comma == '{' ? "{}}\n\n" : "}}\n\n");
}

/* put_logprobs - those of a text are a list, if an empty one */
static void
put_logprobs(struct events *e, const struct member *m, struct span part)
{
	struct span list = jscan_get(part, "logprobs");

	if (m->type == NULL || strcmp(m->type, "output_text") != 0)
		return;
	jwrite_put(&e->w, ",\"logprobs\":");
	if (jscan_type(list) == 'a')
		jwrite_compact(&e->w, list);
	else
		jwrite_put(&e->w, "[]");
}

/* put_text - in one delta, if there is any */
static void
put_text(struct events *e, const struct member *m, struct span object, struct span text)
{
	if (text.len > 2) {
		begin_inside(e, m->event, ".delta");
		put_logprobs(e, m, object);
		put_value(e, ",\"delta\":", text);
	}
	begin_inside(e, m->event, ".done");
	put_logprobs(e, m, object);
	jwrite_put(&e->w, ",\"");
	jwrite_put(&e->w, m->name);
	put_value(e, "\":", text);
}

/* put_annotations - of a text, one by one */
static void
put_annotations(struct events *e, struct span part)
{
	struct span list = jscan_get(part, "annotations"), one;
	int64_t n = 0;

	if (jscan_type(list) != 'a' || !jscan_is(jscan_get(part, "type"), "output_text"))
		return;
	for (size_t at = 0; jscan_next(list, &at, NULL, &one); ) {
		begin_inside(e, "response.output_text.annotation", ".added");
		jwrite_put(&e->w, ",\"annotation_index\":");
		jwrite_int(&e->w, n++);
		put_value(e, ",\"annotation\":", one);
	}
}

/* put_parts - of a message, or of thoughts */
static void
put_parts(struct events *e, const struct member *list, struct span parts)
{
	struct span part;

	e->index = list->index;
	e->part = 0;
	for (size_t at = 0; jscan_next(parts, &at, NULL, &part); ) {
		if (jscan_type(part) != 'o')
			continue;
		begin_inside(e, list->event, ".added");
		put_begun(e, ",\"part\":", part, of_part);
		for (const struct member *m = of_part; m->name != NULL; m++) {
			struct span value = jscan_get(part, m->name);

			if (m->event != NULL && fits(m, part, value))
				put_text(e, m, part, value);
		}
		put_annotations(e, part);
		begin_inside(e, list->event, ".done");
		put_value(e, ",\"part\":", part);
		e->part++;
	}
	e->index = NULL;
}

/* put_item - one of the output */
static void
put_item(struct events *e, struct span item)
{
	e->id = jscan_get(item, "id");
	begin(e, "response.output_item", ".added");
	jwrite_put(&e->w, ",\"output_index\":");
	jwrite_int(&e->w, e->output);
	put_begun(e, ",\"item\":", item, of_item);
	for (const struct member *m = of_item; m->name != NULL; m++) {
		struct span value = jscan_get(item, m->name);

		if (m->event == NULL || !fits(m, item, value))
			continue;
		if (m->is == 'a')
			put_parts(e, m, value);
		else
			put_text(e, m, item, value);
	}
	begin(e, "response.output_item", ".done");
	jwrite_put(&e->w, ",\"output_index\":");
	jwrite_int(&e->w, e->output++);
	put_value(e, ",\"item\":", item);
}

/* openai_response_whole - clients of a stream read deltas; what the beginning has they have twice */
enum rc
openai_response_whole(const struct adapter_call *call, const char *body, size_t len,
    struct buf *out, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct jscan_want want[] = { { .name = "status" }, { .name = "output" } };
	struct events e = { .w = JWRITE_INIT(out, err) };
	struct span response, item;
	struct error why;

	(void)call;
	if (jscan_object(body, len, &opts, want, 2, &response, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no response: it is no object");
	begin(&e, "response", ".created");
	put_begun(&e, ",\"response\":", response, of_response);
	if (jscan_type(want[1].value) == 'a')
		for (size_t at = 0; jscan_next(want[1].value, &at, NULL, &item); )
			if (jscan_type(item) == 'o')
				put_item(&e, item);
	begin(&e, "response", jscan_is(want[0].value, "failed") ? ".failed"
	    : jscan_is(want[0].value, "incomplete") ? ".incomplete" : ".completed");
	put_value(&e, ",\"response\":", response);
	return e.w.rc;
}
