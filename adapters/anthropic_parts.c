/* anthropic_parts.c - parts of a message's content: text, images, documents */
#include <string.h>
#include <strings.h>

#include "adapters/anthropic.h"
#include "base/jtext.h"

#define HEAD_MAX 256			/* bytes of a data: URL before its comma */

struct part {
	struct span	text, refusal, image, file;
};

/* what a data: URL may hold, and the block that it becomes */
static const struct media { const char *given, *sent, *block; } media[] = {
	{ "image/jpeg", "image/jpeg", "image" },
	{ "image/jpg", "image/jpeg", "image" },		/* no registered name, but a common one */
	{ "image/png", "image/png", "image" },
	{ "image/gif", "image/gif", "image" },
	{ "image/webp", "image/webp", "image" },
	{ "application/pdf", "application/pdf", "document" },
};

struct source {				/* where the bytes of an image or document are */
	const struct media	*media;	/* NULL: at a URL */
	struct span		 data;	/* inside its quotes */
	struct span		 title;	/* a string; p NULL: none */
};

/* tr_text - what is blank is dropped, no filler is invented */
void
tr_text(struct translation *t, struct blocks *b, struct span string)
{
	struct span inside = tr_inside(string);

	if (tr_blank(inside))
		return;
	tr_block(t, b);
	tr_put(t, "{\"type\":\"text\",\"text\":");
	if (t->w.rc == RC_OK) {
		b->text = t->req->body.len + 1;
		b->text_len = inside.len;
		b->plain = true;
	}
	tr_span(t, string);
	tr_put(t, "}");
}

/* unescape - the beginning of a string's inside, up to its first comma; its text's length. A comma
   that is spelled as an escape is not looked for: nobody writes one */
static size_t
unescape(struct span inside, char out[HEAD_MAX])
{
	const char *p = inside.p, *comma, *end;
	size_t n = 0, most = inside.len < HEAD_MAX - 1 ? inside.len : HEAD_MAX - 1;
	uint32_t c;

	comma = memchr(p, ',', most);
	end = comma != NULL ? comma : p + most;
	while (p < end) {
		c = *p == '\\' ? jtext_escape(&p, end) : (unsigned char)*p++;
		out[n++] = c > 0 && c < 0x80 ? (char)c : '?';
	}
	out[n] = '\0';
	return n;
}

/* ends_base64 - the last parameter of a data: URL says so; others are let pass */
static bool
ends_base64(const char *head, size_t n)
{
	static const char word[] = ";base64";
	size_t len = sizeof(word) - 1;

	return n >= len && strcasecmp(head + n - len, word) == 0;
}

/* data_url - take it apart; false with the reason refused */
static bool
data_url(struct translation *t, const char *below, struct span inside, const char *head, size_t n,
    struct source *source)
{
	const char *comma = memchr(inside.p, ',', inside.len < HEAD_MAX ? inside.len : HEAD_MAX);
	const char *type = head + strlen("data:");
	size_t len = strcspn(type, ";");

	if (comma == NULL || !ends_base64(head, n)) {
		tr_refuse(t, below, "is no data: URL in base64");
		return false;
	}
	source->data.p = comma + 1;
	source->data.len = inside.len - (size_t)(comma + 1 - inside.p);
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++)
		if (strlen(media[i].given) == len && strncasecmp(type, media[i].given, len) == 0)
			source->media = &media[i];
	if (source->media == NULL)
		tr_refuse(t, below, "holds %.*s; Anthropic takes JPEG, PNG, GIF, WebP and PDF",
		    (int)len, type);
	else if (source->data.len == 0)
		tr_refuse(t, below, "holds nothing");
	return t->w.rc == RC_OK;
}

/* write_source - an image or document block */
static void
write_source(struct translation *t, struct blocks *b, const struct source *source)
{
	tr_block(t, b);
	tr_put(t, "{\"type\":\"");
	tr_put(t, source->media != NULL ? source->media->block : "image");
	if (source->media != NULL) {
		tr_put(t, "\",\"source\":{\"type\":\"base64\",\"media_type\":\"");
		tr_put(t, source->media->sent);
		tr_put(t, "\",\"data\":\"");
	} else {
		tr_put(t, "\",\"source\":{\"type\":\"url\",\"url\":\"");
	}
	tr_span(t, source->data);
	tr_put(t, "\"}");
	if (source->title.p != NULL && source->media != NULL &&
	    strcmp(source->media->block, "document") == 0) {
		tr_put(t, ",\"title\":");
		tr_span(t, source->title);
	}
	tr_put(t, "}");
}

/* write_image - data: goes along, https: is fetched by Anthropic, never by us */
static void
write_image(struct translation *t, struct blocks *b, const struct part *p)
{
	bool bare = jscan_type(p->image) == 's';
	struct span url = bare ? p->image : jscan_get(p->image, "url");
	const char *below = bare ? ".image_url" : ".image_url.url";
	struct source source = { .media = NULL };
	char head[HEAD_MAX];
	size_t n;

	if (!bare && !tr_has(t, p->image, 'o', ".image_url")) {
		tr_refuse(t, ".image_url", "is required");
		return;
	}
	if (!tr_has(t, url, 's', below)) {
		tr_refuse(t, below, "is required");
		return;
	}
	source.data = tr_inside(url);
	n = unescape(source.data, head);
	if (strncasecmp(head, "data:", 5) == 0) {
		if (!data_url(t, below, source.data, head, n, &source))
			return;
	} else if (strncasecmp(head, "https://", 8) != 0) {
		tr_refuse(t, below, strncasecmp(head, "http://", 7) == 0
		    ? "Anthropic takes https URLs only" : "must be a data: or an https URL");
		return;
	}
	write_source(t, b, &source);
}

/* write_file - file_data: a data: URL, or the base64 of a PDF alone */
static void
write_file(struct translation *t, struct blocks *b, const struct part *p)
{
	struct jscan_want want[] = {
		{ .name = "file_id" }, { .name = "file_data" }, { .name = "filename" }
	};
	struct source source = { .media = NULL };
	char head[HEAD_MAX];
	size_t n;

	if (tr_has(t, p->file, 'o', ".file"))
		tr_members(p->file, want, 3);
	if (jscan_type(want[0].value) != 0 && jscan_type(want[0].value) != '0')
		tr_refuse(t, ".file.file_id", "files kept by OpenAI are not known to Anthropic; "
		    "send file_data");
	if (!tr_has(t, want[1].value, 's', ".file.file_data")) {
		tr_refuse(t, ".file.file_data", "is required");
		return;
	}
	if (tr_has(t, want[2].value, 's', ".file.filename") && !tr_blank(tr_inside(want[2].value)))
		source.title = want[2].value;
	source.data = tr_inside(want[1].value);
	n = unescape(source.data, head);
	if (strncasecmp(head, "data:", 5) == 0) {
		if (!data_url(t, ".file.file_data", source.data, head, n, &source))
			return;
	} else if (n == 0 || strchr(head, ':') != NULL) {
		tr_refuse(t, ".file.file_data", "must be a data: URL, or base64");
	} else {
		source.media = &media[sizeof(media) / sizeof(media[0]) - 1];
	}
	write_source(t, b, &source);
}

/* write_text - the text of a part */
static void
write_text(struct translation *t, struct blocks *b, const struct part *p)
{
	if (tr_has(t, p->text, 's', ".text"))
		tr_text(t, b, p->text);
	else
		tr_refuse(t, ".text", "is required");
}

/* write_refusal - what the model said then, said again */
static void
write_refusal(struct translation *t, struct blocks *b, const struct part *p)
{
	if (tr_has(t, p->refusal, 's', ".refusal"))
		tr_text(t, b, p->refusal);
	else
		tr_refuse(t, ".refusal", "is required");
}

static const struct {
	const char	*type;
	unsigned	 places;	/* enum part_place bits */
	void		(*write)(struct translation *t, struct blocks *b, const struct part *p);
} parts[] = {
	{ "text",	IN_USER | IN_ASSISTANT | IN_RESULT,	write_text },
	{ "refusal",	IN_USER | IN_ASSISTANT | IN_RESULT,	write_refusal },
	{ "image_url",	IN_USER | IN_RESULT,			write_image },
	{ "file",	IN_USER | IN_RESULT,			write_file },
};

/* write_part - by its type; its cache_control goes along */
static void
write_part(struct translation *t, struct blocks *b, struct span part, enum part_place place)
{
	struct jscan_want want[] = {
		{ .name = "type" }, { .name = "text" }, { .name = "refusal" },
		{ .name = "image_url" }, { .name = "file" }, { .name = "cache_control" },
	};
	struct part p;
	size_t before = t->written;	/* b's own count begins again with a turn */

	if (jscan_type(part) != 'o') {
		tr_refuse(t, "", "must be an object");
		return;
	}
	tr_members(part, want, sizeof(want) / sizeof(want[0]));
	p = (struct part){ want[1].value, want[2].value, want[3].value, want[4].value };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!jscan_is(want[0].value, parts[i].type) || !(parts[i].places & place))
			continue;
		parts[i].write(t, b, &p);
		if (tr_has(t, want[5].value, 'o', ".cache_control") && t->written > before)
			tr_cache(t, b, want[5].value);
		return;
	}
	tr_refuse(t, ".type", "parts of this type can't be sent to Anthropic here");
}

/* tr_content - a string, or parts */
void
tr_content(struct translation *t, struct blocks *b, struct span content, enum part_place place)
{
	struct span part;
	size_t j = 0, was;

	if (jscan_type(content) == 's') {
		tr_text(t, b, content);
		return;
	}
	if (jscan_type(content) == 0 || jscan_type(content) == '0')
		return;
	if (jscan_type(content) != 'a')
		tr_refuse(t, ".content", "must be a string or a list of parts");
	for (size_t at = 0; t->w.rc == RC_OK && jscan_next(content, &at, NULL, &part); j++) {
		was = tr_enter(t, ".content[%zu]", j);
		write_part(t, b, part, place);
		tr_leave(t, was);
	}
}
