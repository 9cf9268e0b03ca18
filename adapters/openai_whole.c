/* openai_whole.c - a whole chat.completion as the chunks of a stream that has begun */
#include <string.h>

#include "adapters/openai.h"
#include "base/jsonx.h"
#include "base/jwrite.h"

struct chunks {				/* an answer on its way */
	struct jwrite	w;
	struct span	answer;
	bool		usage;		/* the client asked for it */
};

/* put_members - an object's, but for some, in their order; each with a comma before or after it */
static void
put_members(struct jwrite *w, struct span object, const char *const *but, const char *before,
    const char *after)
{
	struct span name, value;

	for (size_t at = 0; jscan_next(object, &at, &name, &value); ) {
		size_t i = 0;

		while (but[i] != NULL && !jscan_is(name, but[i]))
			i++;
		if (but[i] != NULL)
			continue;
		jwrite_put(w, before);
		jwrite_span(w, name);
		jwrite_put(w, ":");
		jwrite_compact(w, value);
		jwrite_put(w, after);
	}
}

/* begin - a chunk up to its choices: what the answer says of itself, under the name of a chunk */
static void
begin(struct chunks *c)
{
	static const char *const but[] = { "object", "choices", "usage", NULL };

	jwrite_put(&c->w, "data: {");
	put_members(&c->w, c->answer, but, "", ",");
	jwrite_put(&c->w, "\"object\":\"chat.completion.chunk\",\"choices\":[");
}

/* end - of a chunk that is not the usage's */
static void
end(struct chunks *c)
{
	jwrite_put(&c->w, c->usage ? "}],\"usage\":null}\n\n" : "}]}\n\n");
}

/* begin_choice - a chunk up to its delta */
static void
begin_choice(struct chunks *c, struct span choice, int64_t i)
{
	struct span index = jscan_get(choice, "index");

	begin(c);
	jwrite_put(&c->w, "{\"index\":");
	if (jscan_type(index) == 'n')
		jwrite_span(&c->w, index);
	else
		jwrite_int(&c->w, i);
	jwrite_put(&c->w, ",\"delta\":{");
}

/* put_said - the message but for its calls */
static void
put_said(struct chunks *c, struct span choice, int64_t i)
{
	static const char *const but[] = { "role", "tool_calls", NULL };
	struct span logprobs = jscan_get(choice, "logprobs");

	begin_choice(c, choice, i);
	jwrite_put(&c->w, "\"role\":\"assistant\"");
	put_members(&c->w, jscan_get(choice, "message"), but, ",", "");
	jwrite_put(&c->w, "},\"logprobs\":");
	if (logprobs.p != NULL)
		jwrite_compact(&c->w, logprobs);
	else
		jwrite_put(&c->w, "null");
	jwrite_put(&c->w, ",\"finish_reason\":null");
	end(c);
}

/* put_calls - with the index by which clients of a stream know them */
static void
put_calls(struct chunks *c, struct span choice, int64_t i)
{
	static const char *const but[] = { "index", NULL };
	struct span list = jscan_get(jscan_get(choice, "message"), "tool_calls"), call;
	int64_t n = 0;
	size_t at = 0;

	if (jscan_type(list) != 'a' || !jscan_next(list, &at, NULL, &call))
		return;
	begin_choice(c, choice, i);
	jwrite_put(&c->w, "\"tool_calls\":[");
	for (at = 0; jscan_next(list, &at, NULL, &call); n++) {
		jwrite_put(&c->w, n > 0 ? ",{\"index\":" : "{\"index\":");
		jwrite_int(&c->w, n);
		put_members(&c->w, call, but, ",", "");
		jwrite_put(&c->w, "}");
	}
	jwrite_put(&c->w, "]},\"logprobs\":null,\"finish_reason\":null");
	end(c);
}

/* put_finish - how it ended, and whatever else the provider says of the choice */
static void
put_finish(struct chunks *c, struct span choice, int64_t i)
{
	static const char *const but[] = { "index", "message", "logprobs", "finish_reason", NULL };
	struct span reason = jscan_get(choice, "finish_reason");

	begin_choice(c, choice, i);
	jwrite_put(&c->w, "},\"logprobs\":null,\"finish_reason\":");
	if (reason.p != NULL)
		jwrite_compact(&c->w, reason);
	else
		jwrite_put(&c->w, "null");
	put_members(&c->w, choice, but, ",", "");
	end(c);
}

/* put_usage - last, where it was asked for and is known */
static void
put_usage(struct chunks *c)
{
	struct span usage = jscan_get(c->answer, "usage");

	if (!c->usage || jscan_type(usage) != 'o')
		return;
	begin(c);
	jwrite_put(&c->w, "],\"usage\":");
	jwrite_compact(&c->w, usage);
	jwrite_put(&c->w, "}\n\n");
}

/* openai_whole - clients of a stream read deltas, not messages */
enum rc
openai_whole(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct chunks c = { .w = JWRITE_INIT(out, err), .usage = call->include_usage };
	struct span choice;
	struct error why;
	int64_t n = 0;

	if (jscan_object(body, len, &opts, NULL, 0, &c.answer, &why) == RC_OK)
		for (size_t at = 0; jscan_next(jscan_get(c.answer, "choices"), &at, NULL, &choice); ) {
			if (jscan_type(jscan_get(choice, "message")) != 'o')
				continue;
			put_said(&c, choice, n);
			put_calls(&c, choice, n);
			put_finish(&c, choice, n++);
		}
	if (n == 0)
		return error_set(err, RC_UPSTREAM, "the answer has no message");
	put_usage(&c);
	jwrite_put(&c.w, "data: [DONE]\n\n");
	return c.w.rc;
}
