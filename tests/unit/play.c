/*
 * play.c - the two ends of the streaming engine. http_head_value() and http_head_each() are this file's
 * own: no network is in it.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "tests/unit/play.h"

const char *
http_head_value(const struct http_head *head, const char *name, size_t i)
{
	const struct headers *p = head->of;

	for (size_t k = 0; k < PLAY_HEADERS && p->v[k][0] != NULL; k++)
		if (strcasecmp(p->v[k][0], name) == 0 && i-- == 0)
			return p->v[k][1];
	return NULL;
}

bool
http_head_each(const struct http_head *head, void **at, const char **name, const char **value)
{
	struct headers *p = head->of;
	const char *(*row)[2] = *at == NULL ? p->v : (const char *(*)[2])*at + 1;

	if (row == p->v + PLAY_HEADERS || (*row)[0] == NULL)
		return false;
	*name = (*row)[0];
	*value = (*row)[1];
	*at = row;
	return true;
}

static enum rc
client_start(struct sink *s, int status, const struct http_header *headers, size_t n,
    int64_t length, struct error *err)
{
	struct client *c = (struct client *)s;

	cr_assert_eq(c->status, 0, "started twice");
	c->status = status;
	c->length = length;
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(&c->headers, err, "%s: %s\n", headers[i].name, headers[i].value);
	return c->leave ? error_set(err, RC_GONE, "gone") : RC_OK;
}

static enum rc
client_write(struct sink *s, const char *p, size_t n, struct error *err)
{
	struct client *c = (struct client *)s;

	cr_assert_neq(c->status, 0, "bytes before the status");
	return c->leave ? error_set(err, RC_GONE, "gone") : buf_add(&c->body, p, n, err);
}

static enum rc
client_flush(struct sink *s, struct error *err)
{
	(void)err;
	((struct client *)s)->flushes++;
	return RC_OK;
}

static void
client_ending(struct sink *s)
{
	struct client *c = (struct client *)s;

	if (!c->ending)
		c->ending_at = c->body.len;
	c->ending = true;
}

static enum rc
client_watch(struct sink *s, bool *again, struct error *err)
{
	(void)s;
	*again = false;
	return error_set(err, RC_GONE, "gone");
}

/* play_open - a client that asks for a stream, or for a whole answer */
void
play_open(struct play *p, bool stream)
{
	memset(p, 0, sizeof(*p));
	config_init(&p->cfg);
	p->call = (struct adapter_call){ .api = API_CHAT, .type = "openai", .stream = stream };
	p->client.sink = (struct sink){ .start = client_start, .write = client_write,
	    .flush = client_flush, .watch = client_watch, .ending = client_ending,
	    .watch_fd = -1 };
	buf_init(&p->client.headers, 65536);
	buf_init(&p->client.body, 1 << 20);
}

/* play_begin - after the configuration was bent to the test */
void
play_begin(struct play *p)
{
	answer_init(&p->answer, &p->cfg, adapter_find(p->call.type, p->call.api), &p->call, &p->scrub,
	    &p->client.sink, &p->draining);
	p->events = answer_events(&p->answer);
}

/* play_head - the provider's */
void
play_head(struct play *p, int status, struct headers headers)
{
	struct http_head head = { status, &headers };

	if (p->rc == RC_OK)
		p->rc = p->events.head(p->events.arg, &head, &p->err);
}

/* play_data - a piece of the body, and nothing more for the moment */
void
play_data(struct play *p, const char *text)
{
	if (p->rc == RC_OK)
		p->rc = p->events.data(p->events.arg, text, strlen(text), &p->err);
	if (p->rc == RC_OK)
		p->rc = p->events.drained(p->events.arg, &p->err);
}

/* play_tick - time passes */
void
play_tick(struct play *p, int64_t later_ms)
{
	int64_t next;

	if (p->rc == RC_OK)
		p->rc = p->events.tick(p->events.arg, clock_mono_ms() + later_ms, &next, &p->err);
}

/* play_end - of the call */
void
play_end(struct play *p)
{
	answer_finish(&p->answer, p->rc, &p->err);
}

/* play_close - free it */
void
play_close(struct play *p)
{
	answer_release(&p->answer);
	buf_release(&p->client.headers);
	buf_release(&p->client.body);
	scrub_release(&p->scrub);
	config_release(&p->cfg);
}
