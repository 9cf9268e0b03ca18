/* sse.c - server-sent events, as they come */
#include <string.h>

#include "adapters/sse.h"

#define FEED_SLICE	65536		/* bytes: what raw may hold beyond one block */
#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

struct feed {				/* the bytes that are looked at now: raw, or what was fed */
	const char	*p;
	size_t		 len;
	size_t		 start;		/* of the current block in them */
	sse_fn		*fn;
	void		*arg;
};

/* sse_init - before the first byte */
void
sse_init(struct sse *s, size_t max)
{
	*s = (struct sse){ .max = max };
	buf_init(&s->raw, max + FEED_SLICE);
	buf_init(&s->data, max);
	buf_init(&s->name, max);
}

/* sse_release - free all */
void
sse_release(struct sse *s)
{
	buf_wipe(&s->raw);			/* a provider may have repeated a key in each */
	buf_wipe(&s->data);
	buf_wipe(&s->name);
}

/* is_name - compare a field's name */
static bool
is_name(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && memcmp(p, name, n) == 0;
}

/* take_line - one line without its end; the two fields that mean something to us */
static enum rc
take_line(struct sse *s, const char *p, size_t n, struct error *err)
{
	const char *colon = memchr(p, ':', n), *value = p + n;
	size_t name = n;

	if (colon != NULL) {
		name = (size_t)(colon - p);
		value = colon + 1;
		if (value < p + n && *value == ' ')
			value++;
	}
	n -= (size_t)(value - p);
	if (is_name(p, name, "event")) {
		s->has_name = true;
		buf_clear(&s->name);
		return buf_add(&s->name, value, n, err);
	}
	if (!is_name(p, name, "data"))
		return RC_OK;
	if (s->has_data && buf_add(&s->data, "\n", 1, err) != RC_OK)
		return RC_TOO_LARGE;
	s->has_data = true;
	return buf_add(&s->data, value, n, err);
}

/* emit - give the block that ends at seen, begin the next one there */
static enum rc
emit(struct sse *s, struct feed *f, bool whole, struct error *err)
{
	const struct sse_event event = {
		.name = s->has_name ? s->name.p : NULL,
		.data = s->has_data ? s->data.p : NULL,
		.data_len = s->data.len,
		.raw = f->p + f->start,
		.raw_len = s->seen - f->start,
		.whole = whole,
	};
	enum rc rc;

	if (event.raw_len > s->max)
		return error_set(err, RC_TOO_LARGE, "one event is larger than %zu bytes", s->max);
	rc = f->fn(f->arg, &event, err);
	f->start = s->seen;
	buf_clear(&s->data);
	buf_clear(&s->name);
	s->has_data = s->has_name = s->held = false;
	return rc;
}

/* line_here - the current line up to seen, without the byte order mark of the first one */
static const char *
line_here(struct sse *s, struct feed *f, size_t *n)
{
	const char *p = f->p + s->line;
	size_t mark = sizeof(BYTE_ORDER_MARK) - 1;

	*n = s->seen - s->line;
	if (!s->begun && *n >= mark && memcmp(p, BYTE_ORDER_MARK, mark) == 0) {
		p += mark;
		*n -= mark;
		if (s->late)
			f->start += mark;
	}
	s->begun = true;
	return p;
}

/* end_line - the line ends at the line end character at seen; a blank one ends the block */
static enum rc
end_line(struct sse *s, struct feed *f, struct error *err)
{
	bool cr = f->p[s->seen] == '\r', after_cr = s->after_cr;
	size_t n;
	const char *p = line_here(s, f, &n);

	s->after_cr = cr;
	s->line = ++s->seen;
	if (n > 0)
		return take_line(s, p, n, err);
	if (!cr || after_cr)
		return emit(s, f, true, err);
	s->held = true;
	return RC_OK;
}

/* parse - all lines that are there, from seen on */
static enum rc
parse(struct sse *s, struct feed *f, struct error *err)
{
	enum rc rc = RC_OK;

	while (s->seen < f->len && rc == RC_OK) {
		if (s->after_cr && f->p[s->seen] == '\n') {
			s->after_cr = false;
			s->line = ++s->seen;
			if (s->held)
				rc = emit(s, f, true, err);
		} else if (s->held) {
			rc = emit(s, f, true, err);
		} else if (f->p[s->seen] == '\n' || f->p[s->seen] == '\r') {
			rc = end_line(s, f, err);
		} else {
			s->after_cr = false;
			while (s->seen < f->len && f->p[s->seen] != '\n' && f->p[s->seen] != '\r')
				s->seen++;
		}
	}
	if (rc == RC_OK && f->len - f->start > s->max)
		rc = error_set(err, RC_TOO_LARGE, "one event is larger than %zu bytes", s->max);
	return rc;
}

/* feed_slice - parse what is fed in its place when nothing is left from before, else behind that */
static enum rc
feed_slice(struct sse *s, struct feed *f, struct error *err)
{
	bool kept = s->raw.len > 0;
	enum rc rc;

	if (kept) {
		if ((rc = buf_add(&s->raw, f->p, f->len, err)) != RC_OK)
			return rc;
		f->p = s->raw.p;
		f->len = s->raw.len;
	}
	f->start = 0;
	if ((rc = parse(s, f, err)) != RC_OK)
		return rc;
	s->line -= f->start;
	s->seen -= f->start;
	if (!kept)
		return buf_add(&s->raw, f->p + f->start, f->len - f->start, err);
	buf_cut(&s->raw, f->start);
	return RC_OK;
}

/* sse_feed - the next bytes of the stream */
enum rc
sse_feed(struct sse *s, const char *p, size_t n, sse_fn *fn, void *arg, struct error *err)
{
	struct feed f = { .fn = fn, .arg = arg };
	size_t slice;

	if (s->dead != RC_OK)
		return error_set(err, s->dead, "the event stream failed before");
	for (; n > 0 && s->dead == RC_OK; p += slice, n -= slice) {
		slice = n < FEED_SLICE ? n : FEED_SLICE;
		f.p = p;
		f.len = slice;
		s->dead = feed_slice(s, &f, err);
	}
	return s->dead;
}

/* sse_end - what is left; an unended line counts as one, its reader knows by whole */
enum rc
sse_end(struct sse *s, sse_fn *fn, void *arg, struct error *err)
{
	struct feed f = { .p = s->raw.p, .len = s->raw.len, .fn = fn, .arg = arg };
	enum rc rc = RC_OK;
	const char *p;
	size_t n;

	if (s->dead != RC_OK)
		return error_set(err, s->dead, "the event stream failed before");
	if (f.len == 0)
		return RC_OK;
	p = line_here(s, &f, &n);
	if (n > 0)
		rc = take_line(s, p, n, err);
	if (rc == RC_OK)
		rc = emit(s, &f, s->held, err);
	s->dead = rc;
	buf_clear(&s->raw);
	s->seen = s->line = 0;
	return rc;
}
