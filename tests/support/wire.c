/*
 * wire.c - sending, waiting and breaking off.
 */
#include "tests/support/wire.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define GATE_POLL_MS	2		/* how soon an opened gate is seen */
#define WAIT_MAX_MS	60000		/* a forgotten client doesn't keep a thread for ever */
#define SEND_STEP	65536		/* bytes a send of a huge line */

static atomic_int gates[SCRIPT_GATES];

long long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
gate_open(int n)
{
	atomic_fetch_add(&gates[n], 1);
}

bool
wire_send(struct exchange *x, const char *p, size_t n)
{
	while (n > 0 && !x->gone) {
		ssize_t sent = send(x->fd, p, x->script.slowbyte ? 1 : n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			x->gone = true;
			break;
		}
		p += sent;
		n -= (size_t)sent;
	}
	return !x->gone;
}

/* chunk_send - bytes of a stream, framed unless it is delimited by the connection's end */
static bool
chunk_send(struct exchange *x, const char *p, size_t n)
{
	char size[32];

	if (x->script.eof)
		return wire_send(x, p, n);
	snprintf(size, sizeof(size), "%zx\r\n", n);
	return wire_send(x, size, strlen(size)) && wire_send(x, p, n) && wire_send(x, "\r\n", 2);
}

bool
wire_fill(struct exchange *x, char c, size_t n)
{
	char step[SEND_STEP];
	bool ok = true;

	memset(step, c, sizeof(step));
	for (size_t left = n; ok && left > 0;) {
		size_t now = left < sizeof(step) ? left : sizeof(step);

		ok = wire_send(x, step, now);
		left -= now;
	}
	return ok;
}

bool
wire_event(struct exchange *x, const char *data)
{
	const char *end = x->script.crlf ? "\r\n" : "\n";
	char event[32768];
	int n = snprintf(event, sizeof(event), "data: %s%s%s", data, end, end);

	return chunk_send(x, event, (size_t)n);
}

bool
wire_comment(struct exchange *x, const char *line)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "%s%s", line, x->script.crlf ? "\r\n\r\n" : "\n\n");

	return chunk_send(x, text, (size_t)n);
}

bool
wire_huge_line(struct exchange *x, size_t n)
{
	char step[SEND_STEP];
	bool ok = chunk_send(x, "data: ", 6);

	memset(step, 'x', sizeof(step));
	for (size_t left = n; ok && left > 0;) {
		size_t now = left < sizeof(step) ? left : sizeof(step);

		ok = chunk_send(x, step, now);
		left -= now;
	}
	return ok && chunk_send(x, "\n\n", 2);
}

bool
wire_end(struct exchange *x)
{
	return x->script.eof || wire_send(x, "0\r\n\r\n", 5);
}

/* gone_within - wait ms; true: the client closed meanwhile */
static bool
gone_within(struct exchange *x, int ms)
{
	struct pollfd p = { .fd = x->fd, .events = POLLRDHUP };

	if (poll(&p, 1, ms) > 0)
		x->gone = true;
	return x->gone;
}

bool
wire_pause(struct exchange *x, int delay_ms, int gate, int n)
{
	long long end = clock_ms() + WAIT_MAX_MS;

	if (delay_ms > 0 && gone_within(x, delay_ms))
		return false;
	while (gate >= 0 && atomic_load(&gates[gate]) < n && clock_ms() < end)
		if (gone_within(x, GATE_POLL_MS))
			return false;
	return true;
}

const char *
wire_wait_gone(struct exchange *x)
{
	x->last = true;
	return gone_within(x, WAIT_MAX_MS) ? "client-closed" : "silent";
}

const char *
wire_reset(struct exchange *x)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(x->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	x->last = true;
	return "reset";
}

/* base64 - of a text, with padding */
static void
base64(char *out, const char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)(unsigned char)text[i] << 16;

		if (i + 1 < len)
			v |= (unsigned)(unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)text[i + 2];
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*out = '\0';
}

/* percent - of a text, letters and digits as they are */
static void
percent(char *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || *text == '-')
			*out++ = *text;
		else
			out += snprintf(out, 4, "%%%02X", (unsigned char)*text);
	}
	*out = '\0';
}

void
wire_message(const struct exchange *x, const char *text, char *out, size_t size)
{
	char encoded[KEY_MAX * 2], escaped[KEY_MAX * 3 + 1];

	if (!x->script.echo) {
		snprintf(out, size, "%s", text);
		return;
	}
	base64(encoded, x->key);
	percent(escaped, x->key);
	snprintf(out, size, "%s: Incorrect API key provided: %s (%s, %s)", text, x->key, encoded,
	    escaped);
}
