/* models.c - the Llms as SDKs list models */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "service/infer.h"

/* is_model - may the caller run it now */
static bool
is_model(const struct table *t, const struct caller *c, const struct llm *llm)
{
	return llm->enabled && rbac_allows(t, c, VERB_RUN, RESOURCE_LLMS, llm->r.name);
}

/* model_object - one entry; id is the name or the alias that was asked for */
static struct json_object *
model_object(const struct llm *llm, const char *id, bool anthropic)
{
	struct json_object *o = json_object_new_object();
	char at[CLOCK_TEXT];

	if (anthropic) {
		clock_format(llm->r.created_ms, at);
		jsonx_put_str(o, "type", "model");
		jsonx_put_str(o, "id", id);
		jsonx_put_str(o, "display_name", id);
		jsonx_put_str(o, "created_at", at);
		return o;
	}
	jsonx_put_str(o, "id", id);
	jsonx_put_str(o, "object", "model");
	jsonx_put_int(o, "created", llm->r.created_ms / 1000);
	jsonx_put_str(o, "owned_by", "mcpd");
	return o;
}

/* put_page - Anthropic's lists are pages; ours is always the only one */
static void
put_page(struct json_object *o, struct json_object *data)
{
	size_t n = json_object_array_length(data);
	struct json_object *first = n > 0 ? json_object_array_get_idx(data, 0) : NULL;
	struct json_object *last = n > 0 ? json_object_array_get_idx(data, n - 1) : NULL;

	jsonx_put_bool(o, "has_more", false);
	jsonx_put_str(o, "first_id", first != NULL ? jsonx_str(first, "id", NULL) : NULL);
	jsonx_put_str(o, "last_id", last != NULL ? jsonx_str(last, "id", NULL) : NULL);
}

/* infer_models - what the caller may run */
struct json_object *
infer_models(const struct table *t, const struct caller *c, bool anthropic)
{
	struct json_object *o = json_object_new_object(), *data = json_object_new_array();
	size_t n = table_count(t, &kind_llm);

	for (size_t i = 0; i < n; i++) {
		const struct llm *llm = (const void *)table_at(t, &kind_llm, i);

		if (is_model(t, c, llm))
			json_object_array_add(data, model_object(llm, llm->r.name, anthropic));
	}
	if (!anthropic)
		jsonx_put_str(o, "object", "list");
	jsonx_put(o, "data", data);
	if (anthropic)
		put_page(o, data);
	return o;
}

/* infer_model - one, by name or alias */
struct json_object *
infer_model(const struct table *t, const struct caller *c, const char *id, bool anthropic)
{
	const struct llm *llm = (const void *)table_by_name(t, &kind_llm, id);

	if (llm == NULL)
		llm = table_llm_alias(t, id);
	return llm != NULL && is_model(t, c, llm) ? model_object(llm, id, anthropic) : NULL;
}
