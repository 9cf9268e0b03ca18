/* emit.c - write YAML that every reader reads back as the same values */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/mem.h"
#include "cli/emit.h"

struct emit {
	yaml_emitter_t	 y;
	FILE		*out;
};

/* write_out - libyaml's way to the file */
static int
write_out(void *arg, unsigned char *p, size_t n)
{
	struct emit *e = arg;

	return fwrite(p, 1, n, e->out) == n;
}

/* done - what became of an event */
static enum rc
done(struct emit *e, int ok, struct error *err)
{
	if (ok)
		return RC_OK;
	return error_set(err, RC_IO, "yaml: %s",
	    e->y.problem ? e->y.problem : "out of memory");
}

/* looks_like_number - of YAML 1.1 too: 0x1f, 0o17, 1_000, 12:30:45, .inf, and times */
static bool
looks_like_number(const char *s)
{
	static const char parts[] = "0123456789abcdefxoABCDEFXO_+-.:TtZz inIN";

	return *s != '\0' && strchr("+-.0123456789", *s) != NULL && s[strspn(s, parts)] == '\0';
}

/* needs_quotes - a plain scalar of this text would not be a string */
static bool
needs_quotes(const char *s)
{
	static const char *const words[] = { "", "~", "=", "<<", "null", "true", "false", "yes",
		"no", "on", "off", "y", "n", NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return looks_like_number(s);
}

/* scalar - text; quoted: it must not stand plain */
static enum rc
scalar(struct emit *e, const char *text, size_t len, bool quoted, struct error *err)
{
	yaml_event_t ev;
	yaml_scalar_style_t style = quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE :
	    YAML_ANY_SCALAR_STYLE;

	return done(e, yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text,
	    (int)len, !quoted, 1, style) && yaml_emitter_emit(&e->y, &ev), err);
}

/* text - a string, be it a value or a member's name */
static enum rc
text(struct emit *e, const char *s, size_t len, struct error *err)
{
	return scalar(e, s, len, needs_quotes(s), err);
}

static enum rc value(struct emit *e, struct json_object *o, struct error *err);

/* mapping - an object's members, after "kind" where there is one */
static enum rc
mapping(struct emit *e, const char *kind, struct json_object *o, struct error *err)
{
	yaml_event_t ev;
	enum rc rc;

	rc = done(e, yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1,
	    YAML_BLOCK_MAPPING_STYLE) && yaml_emitter_emit(&e->y, &ev), err);
	if (rc == RC_OK && kind != NULL && (rc = text(e, "kind", 4, err)) == RC_OK)
		rc = text(e, kind, strlen(kind), err);
	json_object_object_foreach(o, name, member) {
		if (rc == RC_OK && (rc = text(e, name, strlen(name), err)) == RC_OK)
			rc = value(e, member, err);
	}
	if (rc != RC_OK)
		return rc;
	return done(e, yaml_mapping_end_event_initialize(&ev) && yaml_emitter_emit(&e->y, &ev),
	    err);
}

/* sequence - an array's items */
static enum rc
sequence(struct emit *e, struct json_object *o, struct error *err)
{
	yaml_event_t ev;
	enum rc rc;

	rc = done(e, yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1,
	    YAML_BLOCK_SEQUENCE_STYLE) && yaml_emitter_emit(&e->y, &ev), err);
	for (size_t i = 0; rc == RC_OK && i < json_object_array_length(o); i++)
		rc = value(e, json_object_array_get_idx(o, i), err);
	if (rc != RC_OK)
		return rc;
	return done(e, yaml_sequence_end_event_initialize(&ev) && yaml_emitter_emit(&e->y, &ev),
	    err);
}

/* value - anything that JSON has */
static enum rc
value(struct emit *e, struct json_object *o, struct error *err)
{
	const char *s;

	switch (json_object_get_type(o)) {
	case json_type_object:
		return mapping(e, NULL, o, err);
	case json_type_array:
		return sequence(e, o, err);
	case json_type_string:
		return text(e, json_object_get_string(o), (size_t)json_object_get_string_len(o),
		    err);
	default:
		s = o == NULL ? "null" : json_object_to_json_string(o);
		return scalar(e, s, strlen(s), false, err);
	}
}

/* emit_open - a stream without documents */
struct emit *
emit_open(FILE *out)
{
	struct emit *e = x_calloc(1, sizeof(*e));
	yaml_event_t ev;

	e->out = out;
	if (!yaml_emitter_initialize(&e->y))
		abort();
	yaml_emitter_set_output(&e->y, write_out, e);
	yaml_emitter_set_unicode(&e->y, 1);
	yaml_emitter_set_width(&e->y, -1);	/* long lines are not folded */
	if (!yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) ||
	    !yaml_emitter_emit(&e->y, &ev))
		abort();
	return e;
}

/* emit_document - libyaml puts "---" before all but the first */
enum rc
emit_document(struct emit *e, const char *kind, struct json_object *o, struct error *err)
{
	yaml_event_t ev;
	enum rc rc;

	rc = done(e, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) &&
	    yaml_emitter_emit(&e->y, &ev), err);
	if (rc == RC_OK)
		rc = kind != NULL ? mapping(e, kind, o, err) : value(e, o, err);
	if (rc != RC_OK)
		return rc;
	return done(e, yaml_document_end_event_initialize(&ev, 1) &&
	    yaml_emitter_emit(&e->y, &ev), err);
}

/* emit_close - what libyaml still holds goes out */
enum rc
emit_close(struct emit *e, struct error *err)
{
	yaml_event_t ev;
	enum rc rc;

	rc = done(e, yaml_stream_end_event_initialize(&ev) && yaml_emitter_emit(&e->y, &ev), err);
	yaml_emitter_delete(&e->y);
	free(e);
	return rc;
}
