/* document_json.c - JSON, and on which lines its members are */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jscan.h"
#include "cli/document.h"

struct walk {
	struct document	*doc;
	const char	*seen;		/* newlines up to here are counted */
	size_t		 line;
	struct buf	 path;
};

/* line_of - values are met in the order of the text */
static size_t
line_of(struct walk *w, const char *p)
{
	for (; w->seen < p; w->seen++)
		w->line += *w->seen == '\n';
	return w->line;
}

/* walk - note every member and item below the value */
static void
walk(struct walk *w, struct span value)
{
	bool object = jscan_type(value) == 'o';
	size_t at = 0, n = 0, len = w->path.len;
	struct span name, item;

	if (!object && jscan_type(value) != 'a')
		return;
	while (jscan_next(value, &at, &name, &item)) {
		char *text = object ? jscan_text(name, NULL) : NULL;

		(void)(object ? buf_addf(&w->path, NULL, "%s%s", len > 0 ? "." : "", text) :
		    buf_addf(&w->path, NULL, "[%zu]", n++));
		document_note(w->doc, w->path.p, line_of(w, object ? name.p : item.p));
		walk(w, item);
		free(text);
		w->path.len = len;
		if (w->path.cap > 0)
			w->path.p[len] = '\0';
	}
}

/* document_json - see document.h */
bool
document_json(struct documents *d, const char *text, size_t len, struct error *err)
{
	const struct span all = { text, len };
	struct walk w = { .seen = text, .line = 1, .path = BUF_INIT(DOCUMENT_PATH) };
	struct json_object *value;

	if (jsonx_parse(text, len, DOCUMENT_DEPTH, &value, err) != RC_OK)
		return false;
	w.doc = documents_add(d, line_of(&w, text + strspn(text, " \t\r\n")));
	w.doc->value = value;
	walk(&w, all);
	buf_release(&w.path);
	return true;
}
