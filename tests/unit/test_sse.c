/* test_sse.c - event streams, cut anywhere */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sse.h"
#include "base/buf.h"

#define MAX (8u << 20)			/* bytes of one event in these tests */

struct seen {				/* what came out, as text, and the raw bytes again */
	struct buf	text, raw;
	size_t		events;
	enum rc		answer;		/* of the callback */
};

/* see - write an event down: name|data|w, - for NULL */
static enum rc
see(void *arg, const struct sse_event *e, struct error *err)
{
	struct seen *s = arg;

	cr_assert(e->data == NULL || e->data[e->data_len] == '\0');
	cr_assert_eq(buf_addf(&s->text, err, "%s|%s|%s\n", e->name ? e->name : "-",
	    e->data ? e->data : "-", e->whole ? "w" : "-"), RC_OK);
	cr_assert_eq(buf_add(&s->raw, e->raw, e->raw_len, err), RC_OK);
	s->events++;
	return s->answer;
}

/* seen_init - empty */
static void
seen_init(struct seen *s)
{
	*s = (struct seen){ .answer = RC_OK };
	buf_init(&s->text, 4 * MAX);
	buf_init(&s->raw, 4 * MAX);
}

/* seen_release - free */
static void
seen_release(struct seen *s)
{
	buf_release(&s->text);
	buf_release(&s->raw);
}

/* split - feed the stream in pieces that end at a, b and the end */
static void
split(const char *in, size_t n, size_t a, size_t b, struct seen *s)
{
	struct sse sse;

	sse_init(&sse, MAX);
	cr_assert_eq(sse_feed(&sse, in, a, see, s, NULL), RC_OK);
	cr_assert_eq(sse_feed(&sse, in + a, b - a, see, s, NULL), RC_OK);
	cr_assert_eq(sse_feed(&sse, in + b, n - b, see, s, NULL), RC_OK);
	cr_assert_eq(sse_end(&sse, see, s, NULL), RC_OK);
	sse_release(&sse);
}

static const struct { const char *in, *events; } streams[] = {
	{ "data: a\n\ndata: b\n\n", "-|a|w\n-|b|w\n" },
	{ "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", "x|a|w\n-|b|w\n" },
	{ "event: x\rdata: a\r\rdata: b\r\r", "x|a|w\n-|b|w\n" },
	{ "\xef\xbb\xbf" "data: a\n\ndata: \xef\xbb\xbf\n\n", "-|a|w\n-|\xef\xbb\xbf|w\n" },
	{ "\xef\xbb\xbf\ndata: a\n\n", "-|-|w\n-|a|w\n" },
	{ "data: a\n\n\xef\xbb\xbf" "data: no\n\n", "-|a|w\n-|-|w\n" },
	{ ": keep-alive\n\n: two\n: three\ndata: a\n\n", "-|-|w\n-|a|w\n" },
	{ "data: a\ndata: b\ndata:\n\n", "-|a\nb\n|w\n" },
	{ "event:x\ndata:{\"a\": 1}\n\n", "x|{\"a\": 1}|w\n" },
	{ "event: x\nevent: y\ndata:  two blanks\n\n", "y| two blanks|w\n" },
	{ "data\n\nevent\ndata: z\n\n", "-||w\n|z|w\n" },
	{ "id: 7\nretry: 10\nfoo: bar\nDATA: no\ndata : no\n\n", "-|-|w\n" },
	{ "data: \xf0\x9f\x98\x80 \xc3\xa9\r\n\r\n", "-|\xf0\x9f\x98\x80 \xc3\xa9|w\n" },
	{ "\n\n\ndata: a\n\n", "-|-|w\n-|-|w\n-|-|w\n-|a|w\n" },
	{ "data: a\n\ndata: tor", "-|a|w\n-|tor|-\n" },
	{ "data: a\n", "-|a|-\n" },
	{ "data: a\r\n\r", "-|a|w\n" },
	{ "data: a\n\r\n\rdata: b\n\n", "-|a|w\n-|-|w\n-|b|w\n" },
	{ "data: a\r\rdata: b\r\r\n", "-|a|w\n-|b|w\n-|-|-\n" },
	{ "", "" },
};

/* any two cuts of any stream give the same events, and the raw bytes are the stream */
Test(sse, gives_the_same_events_wherever_the_bytes_are_cut)
{
	struct seen s;

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		size_t n = strlen(streams[i].in);

		for (size_t a = 0; a <= n; a++) {
			for (size_t b = a; b <= n; b++) {
				seen_init(&s);
				split(streams[i].in, n, a, b, &s);
				cr_expect_str_eq(s.text.p, streams[i].events,
				    "stream %zu, %zu %zu: %s", i, a, b, s.text.p);
				cr_expect(s.raw.len == n && memcmp(s.raw.p, streams[i].in, n) == 0,
				    "raw of stream %zu, %zu %zu", i, a, b);
				seen_release(&s);
			}
		}
	}
}

Test(sse, joins_an_event_cut_inside_a_utf8_character)
{
	const char *in = "data: \xc3\xa9\n\n";
	struct seen s;

	seen_init(&s);
	split(in, strlen(in), 7, 8, &s);
	cr_assert_str_eq(s.text.p, "-|\xc3\xa9|w\n");
	seen_release(&s);
}

Test(sse, gives_an_event_as_soon_as_its_blank_line_is_there)
{
	static const char *const blocks[] = { "data: a\n\n", "data: a\r\n\r\n", "data: a\r\r" };
	struct sse sse;
	struct seen s;

	for (size_t i = 0; i < 3; i++) {
		seen_init(&s);
		sse_init(&sse, MAX);
		cr_assert_eq(sse_feed(&sse, blocks[i], strlen(blocks[i]), see, &s, NULL), RC_OK);
		cr_expect_eq(s.events, 1, "block %zu", i);
		sse_release(&sse);
		seen_release(&s);
	}
}

/* a parser that looks at the whole line again for each byte would need hours here */
Test(sse, takes_a_long_line_byte_by_byte, .timeout = 60)
{
	size_t n = 4u << 20;
	struct sse sse;
	struct seen s;

	seen_init(&s);
	sse_init(&sse, MAX);
	cr_assert_eq(sse_feed(&sse, "data: ", 6, see, &s, NULL), RC_OK);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(sse_feed(&sse, "x", 1, see, &s, NULL), RC_OK);
	cr_assert_eq(sse_feed(&sse, "\n\n", 2, see, &s, NULL), RC_OK);
	cr_assert_eq(s.events, 1);
	cr_assert_eq(s.raw.len, n + 8);
	sse_release(&sse);
	seen_release(&s);
}

Test(sse, takes_an_event_of_exactly_its_maximum_and_no_more)
{
	static const char fits[] = "data: 12\n\n";		/* 10 bytes */
	struct error err;
	struct sse sse;
	struct seen s;

	seen_init(&s);
	sse_init(&sse, 10);
	cr_expect_eq(sse_feed(&sse, fits, 10, see, &s, &err), RC_OK);
	cr_expect_eq(s.events, 1);
	cr_expect_eq(sse_feed(&sse, "data: 123\n\n", 11, see, &s, &err), RC_TOO_LARGE);
	cr_expect_eq(s.events, 1);
	cr_expect_eq(sse_feed(&sse, fits, 10, see, &s, &err), RC_TOO_LARGE, "it is dead");
	cr_expect_eq(sse_end(&sse, see, &s, &err), RC_TOO_LARGE);
	sse_release(&sse);
	seen_release(&s);
}

/* what is kept of one event doesn't count against those that come with its end */
Test(sse, counts_each_event_by_itself)
{
	static const char *const pieces[] = {
		"data: 12", "\n\ndata: 34\n\ndata: 56\n\n", "data: 78\n\r", "data: 9", "\n\n"
	};
	struct sse sse;
	struct seen s;

	seen_init(&s);
	sse_init(&sse, 10);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		cr_expect_eq(sse_feed(&sse, pieces[i], strlen(pieces[i]), see, &s, NULL), RC_OK,
		    "%s", pieces[i]);
	cr_expect_str_eq(s.text.p, "-|12|w\n-|34|w\n-|56|w\n-|78|w\n-|9|w\n", "%s", s.text.p);
	sse_release(&sse);
	seen_release(&s);
}

Test(sse, refuses_a_line_without_end_before_it_is_kept_whole)
{
	static char chunk[16384];
	enum rc rc = RC_OK;
	struct sse sse;
	struct seen s;
	size_t fed = 0;

	memset(chunk, 'x', sizeof(chunk));
	seen_init(&s);
	sse_init(&sse, 1u << 20);
	for (; rc == RC_OK && fed < 100u << 20; fed += sizeof(chunk))
		rc = sse_feed(&sse, chunk, sizeof(chunk), see, &s, NULL);
	cr_expect_eq(rc, RC_TOO_LARGE);
	cr_expect_leq(fed, (1u << 20) + sizeof(chunk));
	sse_release(&sse);
	seen_release(&s);
}

Test(sse, returns_what_the_callback_returned_and_stops_there)
{
	static char many[9 * 20000];	/* more than is looked at in one go */
	struct sse sse;
	struct seen s;

	seen_init(&s);
	s.answer = RC_GONE;
	sse_init(&sse, MAX);
	for (size_t i = 0; i + 9 <= sizeof(many); i += 9)
		memcpy(many + i, "data: a\n\n", 9);
	cr_expect_eq(sse_feed(&sse, many, sizeof(many), see, &s, NULL), RC_GONE);
	cr_expect_eq(s.events, 1);
	sse_release(&sse);
	seen_release(&s);
}
