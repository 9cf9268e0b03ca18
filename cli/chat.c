/* chat.c - a sink that prints */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/jscan.h"
#include "base/jsonx.h"
#include "cli/chat.h"
#include "cli/text.h"

#define EVENT_MAX	(8 << 20)	/* bytes; twice what a gateway lets through by default */
#define ANSWER_MAX	(64 << 20)	/* bytes; max_answer of a gateway by default */

static const int caught[] = { SIGINT, SIGTERM };
static volatile sig_atomic_t interrupt_fd = -1;

/* on_signal - wake the call: it ends the provider's part, and its audit line is written */
static void
on_signal(int signo)
{
	int saved = errno;

	(void)signo;
	if (interrupt_fd >= 0)
		(void)!write(interrupt_fd, "", 1);
	errno = saved;
}

/* catch - Ctrl-C once ends the call, twice the program */
static void
catch(struct chat *c)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	interrupt_fd = c->interrupt[1];
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], NULL, &c->before[i]);
		if (c->before[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &sa, NULL);
	}
}

/* give_up - stdout takes no more: the call is ended as by Ctrl-C, and chat_end() says why */
static enum rc
give_up(struct chat *c, struct error *err)
{
	c->trouble = errno;
	c->closed = errno == EPIPE;
	return error_set(err, RC_GONE, "stdout: %s", strerror(errno));
}

/* put - text to stdout; what a model says must not steer the terminal */
static enum rc
put(struct chat *c, const char *text, size_t n, struct error *err)
{
	if (n == 0)
		return RC_OK;
	c->fresh_line = text[n - 1] == '\n';
	if (fwrite(text, 1, n, stdout) == n)
		return RC_OK;
	return give_up(c, err);
}

/* put_text - a model's words, a line at a time: newlines and tabs are what they are */
static enum rc
put_text(struct chat *c, char *text, size_t len, struct error *err)
{
	enum rc rc = RC_OK;

	if (!c->terminal)
		return put(c, text, len, err);
	for (size_t n; rc == RC_OK && *text != '\0'; text += n) {
		char *clean, mark;

		n = strcspn(text, "\n\t");
		mark = text[n];
		text[n] = '\0';
		clean = text_clean(text);
		rc = put(c, clean, strlen(clean), err);
		free(clean);
		if (mark != '\0' && rc == RC_OK)
			rc = put(c, &mark, 1, err);
		n += mark != '\0';
	}
	return rc;
}

/* first_choice - of an answer or a chunk */
static struct span
first_choice(struct span object)
{
	struct span choices = jscan_get(object, "choices"), choice = { NULL, 0 };
	size_t at = 0;

	if (jscan_type(choices) == 'a')
		(void)jscan_next(choices, &at, NULL, &choice);
	return choice;
}

/* print_choice - its text, from delta or message, and why it ended */
static enum rc
print_choice(struct chat *c, struct span object, const char *member, struct error *err)
{
	struct span choice = first_choice(object), part, reason;
	enum rc rc = RC_OK;
	size_t len;
	char *text;

	if (jscan_type(choice) != 'o')
		return RC_OK;
	part = jscan_get(choice, member);
	text = jscan_type(part) == 'o' ? jscan_text(jscan_get(part, "content"), &len) : NULL;
	if (text != NULL)
		rc = put_text(c, text, len, err);
	free(text);
	reason = jscan_get(choice, "finish_reason");
	if ((text = jscan_text(reason, NULL)) != NULL)
		snprintf(c->finish, sizeof(c->finish), "%s", text);
	free(text);
	return rc;
}

/* print_raw - a line of JSON */
static enum rc
print_raw(struct chat *c, const char *json, size_t len, struct error *err)
{
	enum rc rc = put(c, json, len, err);

	return rc == RC_OK && !c->fresh_line ? put(c, "\n", 1, err) : rc;
}

/* failed - an error object in the stream, in its own words */
static void
failed(struct span error, struct error *err)
{
	char *text = jscan_type(error) == 'o' ? jscan_text(jscan_get(error, "message"), NULL)
	    : jscan_text(error, NULL);

	error_set(err, RC_UPSTREAM, "%s", text != NULL ? text : "the stream ended with an error");
	free(text);
}

/* on_event - one of a stream; comments and [DONE] say nothing. What is wrong is kept for the end: to
   refuse it here would look to the engine as if the terminal had failed */
static enum rc
on_event(void *arg, const struct sse_event *event, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object, error;
	struct chat *c = arg;
	struct error why;

	if (c->failure.rc != RC_OK || event->data_len == 0 || strcmp(event->data, "[DONE]") == 0)
		return RC_OK;
	if (jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, &why) != RC_OK) {
		error_set(&c->failure, RC_UPSTREAM, "an event is no JSON object: %s", why.msg);
		return RC_OK;
	}
	error = jscan_get(object, "error");
	if (error.p != NULL && jscan_type(error) != '0') {
		failed(error, &c->failure);
		return RC_OK;
	}
	return c->raw ? print_raw(c, event->data, event->data_len, err)
	    : print_choice(c, object, "delta", err);
}

/* print_whole - an answer that came in one piece */
static enum rc
print_whole(struct chat *c, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;

	if (jscan_object(c->whole.p, c->whole.len, &opts, NULL, 0, &object, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON object: %s", why.msg);
	return c->raw ? print_raw(c, c->whole.p, c->whole.len, err)
	    : print_choice(c, object, "message", err);
}

/* start - a stream, or a whole answer */
static enum rc
start(struct sink *s, int status, const struct http_header *headers, size_t n, int64_t length,
    struct error *err)
{
	static const char type[] = "text/event-stream";
	struct chat *c = (struct chat *)s;

	(void)status;
	(void)length;
	(void)err;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, "content-type") == 0)
			c->streamed = strncasecmp(headers[i].value, type, sizeof(type) - 1) == 0;
	return RC_OK;
}

/* take - a piece of the answer */
static enum rc
take(struct sink *s, const char *p, size_t n, struct error *err)
{
	struct chat *c = (struct chat *)s;

	return c->streamed ? sse_feed(&c->sse, p, n, on_event, c, err) : buf_add(&c->whole, p, n, err);
}

/* flush - seen when it comes */
static enum rc
flush(struct sink *s, struct error *err)
{
	struct chat *c = (struct chat *)s;

	if (fflush(stdout) == 0)
		return RC_OK;
	return give_up(c, err);
}

/* watch - the signal handler wrote */
static enum rc
watch(struct sink *s, bool *again, struct error *err)
{
	(void)s;
	*again = false;
	return error_set(err, RC_GONE, "interrupted");
}

/* chat_init - ready to print */
enum rc
chat_init(struct chat *c, bool raw, struct error *err)
{
	*c = (struct chat){
		.sink = { .start = start, .write = take, .flush = flush, .watch = watch },
		.raw = raw, .terminal = isatty(STDOUT_FILENO), .fresh_line = true,
	};
	if (pipe2(c->interrupt, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_set(err, RC_IO, "pipe: %s", strerror(errno));
	c->sink.watch_fd = c->interrupt[0];
	sse_init(&c->sse, EVENT_MAX);
	buf_init(&c->whole, ANSWER_MAX);
	catch(c);
	return RC_OK;
}

/* say_trouble - once: what is left in the buffer could not be written either */
static enum rc
say_trouble(const struct chat *c, struct error *err)
{
	__fpurge(stdout);
	clearerr(stdout);
	return error_set(err, RC_IO, "stdout: %s", strerror(c->trouble));
}

/* chat_end - the last line gets its end, whatever the end was */
enum rc
chat_end(struct chat *c, enum rc rc, struct error *err)
{
	if (rc == RC_OK && c->streamed)
		rc = sse_end(&c->sse, on_event, c, err);
	else if (rc == RC_OK)
		rc = print_whole(c, err);
	if (rc == RC_OK && c->failure.rc != RC_OK)
		rc = error_set(err, c->failure.rc, "%s", c->failure.msg);
	if (c->trouble == 0 && !c->fresh_line)
		putchar('\n');
	if (c->trouble == 0 && fflush(stdout) != 0)
		(void)give_up(c, NULL);
	return c->trouble == 0 || c->closed ? rc : say_trouble(c, err);
}

/* chat_release - signals do again what they did */
void
chat_release(struct chat *c)
{
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &c->before[i], NULL);
	interrupt_fd = -1;
	close(c->interrupt[0]);
	close(c->interrupt[1]);
	sse_release(&c->sse);
	buf_release(&c->whole);
}
