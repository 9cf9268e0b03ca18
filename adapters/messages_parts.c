/* messages_parts.c - blocks of a Messages request as parts of a chat message */
#include <stdio.h>
#include <string.h>

#include "adapters/messages_build.h"

/* build_item - "messages[3]" */
struct where
build_item(const char *list, size_t i)
{
	struct where w;

	snprintf(w.text, sizeof(w.text), "%.96s[%zu]", list, i);
	return w;
}

/* build_member - "messages[3].role" */
struct where
build_member(const char *object, const char *name)
{
	struct where w;

	snprintf(w.text, sizeof(w.text), "%.96s.%s", object, name);
	return w;
}

/* block_is - of a block */
bool
block_is(struct span block, const char *type)
{
	return jscan_is(jscan_get(block, "type"), type);
}

/* text_empty - a string of no characters */
bool
text_empty(struct span string)
{
	return jscan_type(string) == 's' && string.len == 2;
}

/* build_refuse_type - a block that the other side has no word for */
enum rc
build_refuse_type(struct build *b, const char *at)
{
	return build_refuse(b, build_member(at, "type").text,
	    "this type can't be translated for the provider");
}

/* block_empty - an empty text */
bool
block_empty(struct span block)
{
	return block_is(block, "text") && text_empty(jscan_get(block, "text"));
}

/* build_texts - the text blocks of a list as one string; others are refused, unless they are left to
   another place */
enum rc
build_texts(struct build *b, struct span list, const char *joint, bool (*elsewhere)(struct span block),
    const char *at)
{
	struct span block, text;
	bool any = false;
	size_t i = 0;

	jwrite_put(&b->w, "\"");
	for (size_t pos = 0; jscan_next(list, &pos, NULL, &block); i++) {
		if (jscan_type(block) != 'o')
			return build_refuse(b, build_item(at, i).text, "must be an object");
		if (elsewhere != NULL && elsewhere(block))
			continue;
		text = jscan_get(block, "text");
		if (!block_is(block, "text") || jscan_type(text) != 's')
			return build_refuse_type(b, build_item(at, i).text);
		if (text_empty(text))
			continue;
		jwrite_put(&b->w, any ? joint : "");
		jwrite_inside(&b->w, text);
		any = true;
	}
	jwrite_put(&b->w, "\"");
	return b->w.rc;
}

/* has_words - a string that is not empty */
static bool
has_words(struct span string)
{
	return jscan_type(string) == 's' && !text_empty(string);
}

/* put_data_url - "data:M;base64,D" from a base64 source */
static void
put_data_url(struct build *b, struct span source, const char *media)
{
	struct span type = jscan_get(source, "media_type");

	jwrite_put(&b->w, "\"data:");
	if (jscan_type(type) == 's')
		jwrite_inside(&b->w, type);
	else
		jwrite_put(&b->w, media);
	jwrite_put(&b->w, ";base64,");
	jwrite_inside(&b->w, jscan_get(source, "data"));
	jwrite_put(&b->w, "\"");
}

/* put_image - by value or by address; never fetched by us */
static enum rc
put_image(struct build *b, struct span block, const char *at)
{
	struct span source = jscan_get(block, "source"), url = jscan_get(source, "url");

	jwrite_put(&b->w, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
	if (block_is(source, "base64") && jscan_type(jscan_get(source, "data")) == 's')
		put_data_url(b, source, "image/png");
	else if (block_is(source, "url") && jscan_type(url) == 's')
		jwrite_compact(&b->w, url);
	else
		return build_refuse(b, build_member(at, "source").text,
		    "must be base64 data or a url");
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* put_file - a document by value */
static enum rc
put_file(struct build *b, struct span source, struct span title)
{
	jwrite_put(&b->w, "{\"type\":\"file\",\"file\":{\"filename\":");
	if (has_words(title))
		jwrite_compact(&b->w, title);
	else
		jwrite_put(&b->w, "\"document.pdf\"");
	jwrite_put(&b->w, ",\"file_data\":");
	put_data_url(b, source, "application/pdf");
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* put_words - one text part of all that are there; the provider has no other place for them */
static void
put_words(struct build *b, const struct span *texts, size_t n)
{
	bool any = false;

	jwrite_put(&b->w, "{\"type\":\"text\",\"text\":\"");
	for (size_t i = 0; i < n; i++) {
		if (!has_words(texts[i]))
			continue;
		jwrite_put(&b->w, any ? JOINT : "");
		jwrite_inside(&b->w, texts[i]);
		any = true;
	}
	jwrite_put(&b->w, "\"}");
}

/* put_document - a file by value, or a text; what is said about it stands before it */
static enum rc
put_document(struct build *b, struct span block, const char *at)
{
	struct span source = jscan_get(block, "source"), data = jscan_get(source, "data");
	const struct span texts[] = {
		jscan_get(block, "title"), jscan_get(block, "context"), data
	};

	if (jscan_type(data) != 's' || (!block_is(source, "text") && !block_is(source, "base64")))
		return build_refuse(b, build_member(at, "source").text,
		    "must be base64 data or a text");
	if (block_is(source, "text")) {
		put_words(b, texts, 3);
		return b->w.rc;
	}
	if (has_words(texts[1])) {
		put_words(b, texts + 1, 1);
		jwrite_put(&b->w, ",");
	}
	return put_file(b, source, texts[0]);
}

/* put_text - as a part */
static enum rc
put_text(struct build *b, struct span block, const char *at)
{
	struct span text = jscan_get(block, "text");

	if (jscan_type(text) != 's')
		return build_refuse(b, build_member(at, "text").text, "must be a string");
	jwrite_put(&b->w, "{\"type\":\"text\",\"text\":");
	jwrite_compact(&b->w, text);
	jwrite_put(&b->w, "}");
	return b->w.rc;
}

static const struct part_row {		/* what a user's message can hold */
	const char	*type;
	enum rc		(*put)(struct build *b, struct span block, const char *at);
} parts[] = {
	{ "text", put_text },
	{ "image", put_image },
	{ "document", put_document },
};

/* build_part - one part of a user's message */
enum rc
build_part(struct build *b, struct span block, const char *at)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (block_is(block, parts[i].type))
			return parts[i].put(b, block, at);
	return build_refuse_type(b, at);
}
