/* forward.c - the caller's bytes, with ours in their place */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/forward.h"
#include "base/jwrite.h"
#include "base/mem.h"

#define HEAD_MAX	(ADAPTER_BODY_SLACK / 2)	/* bytes of what is put in front, or in place */
#define ASK_USAGE	"\"include_usage\":true"

struct edit {				/* old.len bytes at old.p become text; p NULL: no edit */
	struct span	old;
	struct buf	text;
};

/* has_header - one of extraConfig.headers; it takes the place of ours */
static bool
has_header(const struct adapter_call *call, const char *name)
{
	for (size_t i = 0; i < call->nheaders; i++)
		if (strcasecmp(call->headers[i].name, name) == 0)
			return true;
	return false;
}

/* forward_header - ours, unless it is replaced */
void
forward_header(const struct adapter_call *call, struct adapter_request *out, const char *name,
    const char *value)
{
	if (!has_header(call, name))
		adapter_header(out, name, value);
}

/* forward_extra - the Llm's own */
void
forward_extra(const struct adapter_call *call, struct adapter_request *out)
{
	for (size_t i = 0; i < call->nheaders; i++)
		adapter_header(out, call->headers[i].name, call->headers[i].value);
}

/* forward_headers - what goes upstream: nothing of the caller's */
void
forward_headers(const struct adapter_call *call, struct adapter_request *out)
{
	char *bearer;

	if (call->body != NULL)
		forward_header(call, out, "Content-Type", "application/json");
	forward_header(call, out, "Accept",
	    call->stream ? "text/event-stream" : "application/json");
	if (call->key != NULL) {
		bearer = x_asprintf("Bearer %s", call->key);
		forward_header(call, out, "Authorization", bearer);
		mem_free_wiped(bearer);
	}
	forward_extra(call, out);
}

/* is_empty - an object without members */
static bool
is_empty(struct span object)
{
	struct span first;
	size_t at = 0;

	return !jscan_next(object, &at, NULL, &first);
}

/* edit_first - text becomes the first member of an object */
static void
edit_first(struct edit *e, struct span object, const char *member)
{
	e->old = (struct span){ object.p + 1, 0 };
	(void)buf_addf(&e->text, NULL, "%s%s", member, is_empty(object) ? "" : ",");
}

/* edit_value - a value becomes another */
static void
edit_value(struct edit *e, struct span old, const char *text)
{
	e->old = old;
	(void)buf_addstr(&e->text, text, NULL);
}

/* edit_model - the model's value, or the whole member; the model's own name stays as it was written */
static enum rc
edit_model(const struct adapter_call *call, struct edit *e, struct error *err)
{
	struct buf text = BUF_INIT(HEAD_MAX);
	struct jwrite w = JWRITE_INIT(&text, err);

	if (jscan_is(call->model_at, call->model))
		return RC_OK;
	if (call->model_at.p == NULL)
		jwrite_put(&w, "\"model\":");
	jwrite_str(&w, call->model);
	if (call->model_at.p != NULL)
		edit_value(e, call->model_at, text.p);
	else
		edit_first(e, call->object, text.p);
	buf_release(&text);
	return w.rc;
}

/* edit_options - stream_options with the usage in it; what is no object is left to the provider */
static void
edit_options(const struct adapter_call *call, struct edit *e)
{
	struct span usage;

	switch (jscan_type(call->options_at)) {
	case 0:
		edit_first(e, call->object, "\"stream_options\":{" ASK_USAGE "}");
		break;
	case '0':
		edit_value(e, call->options_at, "{" ASK_USAGE "}");
		break;
	case 'o':
		usage = jscan_get(call->options_at, "include_usage");
		if (usage.p == NULL)
			edit_first(e, call->options_at, ASK_USAGE);
		else if (jscan_type(usage) != 't')
			edit_value(e, usage, "true");
		break;
	}
}

/* put_edits - the body around them; a comes first where both begin at one place */
static enum rc
put_edits(const struct adapter_call *call, const struct edit *a, const struct edit *b,
    struct buf *out, struct error *err)
{
	const struct edit *edits[2] = { a, b };
	const char *p = call->body, *end = call->body + call->body_len;
	enum rc rc = RC_OK;

	if (b->old.p != NULL && b->old.p < a->old.p) {
		edits[0] = b;
		edits[1] = a;
	}
	for (size_t i = 0; i < 2 && rc == RC_OK; i++) {
		const struct edit *e = edits[i];

		if (e->old.p == NULL)
			continue;
		rc = buf_add(out, p, (size_t)(e->old.p - p), err);
		if (rc == RC_OK)
			rc = buf_add(out, e->text.p, e->text.len, err);
		p = e->old.p + e->old.len;
	}
	return rc == RC_OK ? buf_add(out, p, (size_t)(end - p), err) : rc;
}

/* forward_body - at most two places change */
enum rc
forward_body(const struct adapter_call *call, bool counted, struct buf *out, struct error *err)
{
	struct edit model = { .text = BUF_INIT(HEAD_MAX) }, options = model;
	enum rc rc = edit_model(call, &model, err);

	if (counted)
		edit_options(call, &options);
	if (rc == RC_OK)
		rc = put_edits(call, &model, &options, out, err);
	buf_release(&model.text);
	buf_release(&options.text);
	return rc;
}

/* forward_event - one that the body's end cut after its data is made whole */
enum rc
forward_event(const struct sse_event *event, struct buf *out, struct error *err)
{
	char last = event->raw_len > 0 ? event->raw[event->raw_len - 1] : '\n';
	enum rc rc = buf_add(out, event->raw, event->raw_len, err);

	if (rc != RC_OK || event->whole)
		return rc;
	return buf_addstr(out, last == '\n' ? "\n" : last == '\r' ? "\r" : "\n\n", err);
}
