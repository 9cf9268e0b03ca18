/*
 * provider.c - an OpenAI-compatible provider that does what the URL says.
 *
 *	provider [--port 0] [--record DIR] [--port-file FILE]
 *
 * It listens on 127.0.0.1 only, prints its port, and ends on TERM. The beginning of a request's path
 * is the script, so an Llm's url chooses it: http://127.0.0.1:P/events=8,delay=150 makes mcpd call
 * POST /events=8,delay=150/v1/chat/completions. Words, with commas between, values percent-encoded:
 *
 *	events=N	N text events (default 3; a non-stream answer reports N completion tokens)
 *	text=T		the answer, or the words of an error
 *	delay=MS	pause between two events
 *	late=MS		pause before the status line
 *	gate=N		event i waits until POST /gate=N/next came i times: events on demand
 *	hold		with a gate: the status line waits for its first opening, so event i for i + 1
 *	status=N	refuse with N; body=openai|anthropic|string|vllm|html|empty, code=C
 *	echo		the error's message and a header repeat the client's key in three encodings
 *	retry-after=V	that header
 *	redirect=URL	302 (or status=N) to there
 *	headers		set-cookie, openai-organization, x-request-id, x-ratelimit-*, processing time
 *	gzip		says Content-Encoding: gzip (the bytes are not)
 *	cut=N		close the connection after N events without an end (non-stream: halfway)
 *	reset=N		the same by a TCP reset
 *	silence=N	after N events (non-stream: halfway) say no more; silence=headers: say nothing
 *	garbage=N	after N events one that is no JSON, then go on; non-stream: no JSON
 *	errorevent=N	after N events an error object, then a clean end
 *	hugeline=N	after the first event one data line of N bytes
 *	bigheader=N	a header line of N bytes
 *	halfstatus=N	the first N bytes of a status line, then the connection's end
 *	keepdrop	a connection that had an answer is closed when the next request came
 *	nodone		no [DONE]		nofinish	no finish_reason
 *	comment		": keep-alive" before each event
 *	blank		blank lines before the JSON of a whole answer
 *	crlf		CRLF line ends		slowbyte	one byte a send
 *	usage		a usage chunk though nobody asked
 *	running		each event carries the usage so far
 *	json		a whole answer to a streamed request; sse: a stream to a non-stream one
 *	closed		Connection: close	eof		a stream without chunks, ended by close
 *
 * --record DIR keeps each request as it came, head and body, in DIR/NNNN.req, and one line in DIR/log
 * for each end: "0003 client-closed after 3 events at t=5120". GET .../v1/models lists one model.
 * It shares no code with the gateway, so that a mistake there isn't made here too.
 */
#include "tests/support/answer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#define HEAD_MAX	65536		/* bytes of a request's head */
#define BODY_MAX	(64u << 20)	/* bytes of a request's body */
#define BACKLOG		256

struct request {
	char	*bytes;			/* head and body as they came, NUL after them */
	size_t	 len, head_len;
};

static const char *record_dir;
static atomic_int requests;

/* fail - say what went wrong, and end */
static void __attribute__((noreturn))
fail(const char *what)
{
	perror(what);
	exit(1);
}

/* file_put - a whole file under its name at once, so that a reader never sees half */
static void
file_put(const char *path, const char *p, size_t n)
{
	char tmp[4096];
	FILE *f;

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	f = fopen(tmp, "we");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0 || rename(tmp, path) < 0)
		fail(path);
}

/* record_request - DIR/NNNN.req */
static void
record_request(int id, const struct request *r)
{
	char path[4000];

	if (!record_dir)
		return;
	snprintf(path, sizeof(path), "%s/%04d.req", record_dir, id);
	file_put(path, r->bytes, r->len);
}

/* record_end - a line in DIR/log */
static void
record_end(int id, const char *how, int events)
{
	char path[4000], line[128];
	int fd, n;

	if (!record_dir)
		return;
	snprintf(path, sizeof(path), "%s/log", record_dir);
	n = snprintf(line, sizeof(line), "%04d %s after %d events at t=%lld\n", id, how, events,
	    clock_ms());
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		fail(path);
	close(fd);
}

/* header - a header's value in the head, without its line's end; NULL: not there */
static const char *
header(const struct request *r, const char *name, size_t *len)
{
	const char *end = r->bytes + r->head_len;
	size_t name_len = strlen(name);

	for (const char *line = r->bytes; line < end; line = strchr(line, '\n') + 1) {
		if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		line += name_len + 1;
		line += strspn(line, " \t");
		*len = strcspn(line, "\r\n");
		return line;
	}
	return NULL;
}

/* read_head - up to the blank line; false: the client is gone, or sends none */
static bool
read_head(int fd, struct request *r)
{
	char *end = NULL;

	while (!end && r->len < HEAD_MAX) {
		ssize_t n = recv(fd, r->bytes + r->len, HEAD_MAX - r->len, 0);

		if (n <= 0)
			return false;
		r->len += (size_t)n;
		r->bytes[r->len] = '\0';
		end = strstr(r->bytes, "\r\n\r\n");
	}
	r->head_len = end ? (size_t)(end - r->bytes) + 4 : 0;
	return end != NULL;
}

/* read_body - as much as Content-Length says */
static bool
read_body(int fd, struct request *r)
{
	size_t value_len, want = 0;
	const char *value = header(r, "content-length", &value_len), *expect;

	if (value)
		want = strtoul(value, NULL, 10);
	if (want > BODY_MAX)
		return false;
	want += r->head_len;
	r->bytes = realloc(r->bytes, (want > HEAD_MAX ? want : HEAD_MAX) + 1);
	if (!r->bytes)
		fail("realloc");
	expect = header(r, "expect", &value_len);
	if (expect && send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) != 25)
		return false;
	while (r->len < want) {
		ssize_t n = recv(fd, r->bytes + r->len, want - r->len, 0);

		if (n <= 0)
			return false;
		r->len += (size_t)n;
	}
	r->bytes[r->len] = '\0';
	return true;
}

/* says_true - a member is true somewhere in the body: enough for scripted requests */
static bool
says_true(const char *body, const char *name)
{
	const char *at = strstr(body, name);

	if (!at)
		return false;
	at += strlen(name);
	at += strspn(at, " \t\r\n:");
	return strncmp(at, "true", 4) == 0;
}

/* exchange_init - what the answer needs to know of the request; false: a bad script */
static bool
exchange_init(struct exchange *x, const struct request *r, char *path, char *why, size_t size)
{
	size_t len;
	const char *value = header(r, "authorization", &len);

	if (value && len > 7 && strncasecmp(value, "bearer ", 7) == 0)
		snprintf(x->key, sizeof(x->key), "%.*s", (int)(len - 7), value + 7);
	else if ((value = header(r, "x-api-key", &len)) != NULL)
		snprintf(x->key, sizeof(x->key), "%.*s", (int)len, value);
	value = header(r, "connection", &len);
	x->last = value && strncasecmp(value, "close", 5) == 0;
	x->get = strncmp(r->bytes, "GET ", 4) == 0;
	x->stream = says_true(r->bytes + r->head_len, "\"stream\"");
	x->include_usage = says_true(r->bytes + r->head_len, "\"include_usage\"");
	return script_parse(&x->script, path, &x->path, why, size);
}

/* serve_one - answer one request; false: the connection is to be closed */
static bool
serve_one(int fd, const struct request *r, int before)
{
	int id = atomic_fetch_add(&requests, 1) + 1;
	struct exchange x = { .fd = fd };
	char path[4096] = "", why[256], body[512];
	const char *how = "answered";

	sscanf(r->bytes, "%*15s %4095s", path);
	if (!exchange_init(&x, r, path, why, sizeof(why))) {
		snprintf(body, sizeof(body), "{\"error\":{\"message\":\"%s\"}}", why);
		answer_plain(&x, 418, body);
	} else if (strcmp(x.path, "/next") == 0 && x.script.gate >= 0) {
		gate_open(x.script.gate);
		answer_plain(&x, 200, "{}");
		return true;
	} else {
		record_request(id, r);
		x.last = x.last || (x.script.keepdrop && before > 0);
		how = x.script.keepdrop && before > 0 ? "dropped" : answer(&x);
	}
	record_end(id, how, x.events);
	return !x.last && !x.gone;
}

/* serve - the thread of one connection */
static void *
serve(void *arg)
{
	int fd = (int)(long)arg, one = 1;
	bool more = true;
	int n = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	while (more) {
		struct request r = { .bytes = malloc(HEAD_MAX + 1) };

		if (!r.bytes)
			fail("malloc");
		more = read_head(fd, &r) && read_body(fd, &r) && serve_one(fd, &r, n++);
		free(r.bytes);
	}
	close(fd);
	return NULL;
}

/* listen_on - a socket on loopback; *port becomes the one it got */
static int
listen_on(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)*port) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		fail("listen");
	*port = ntohs(a.sin_port);
	return fd;
}

/* port_tell - on stdout, and in a file for who waits for it */
static void
port_tell(int port, const char *file)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", port);

	if (file)
		file_put(file, text, (size_t)n);
	printf("%s", text);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port",	required_argument, NULL, 'p' },
		{ "record",	required_argument, NULL, 'r' },
		{ "port-file",	required_argument, NULL, 'f' },
		{ 0 }
	};
	const char *port_file = NULL;
	int c, fd, port = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'p': port = (int)strtol(optarg, NULL, 10); break;
		case 'r': record_dir = optarg; break;
		case 'f': port_file = optarg; break;
		default:
			fprintf(stderr, "usage: provider [--port N] [--record DIR] [--port-file FILE]\n");
			return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	fd = listen_on(&port);
	port_tell(port, port_file);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (client < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(long)client) != 0) {
			close(client);
			continue;
		}
		pthread_detach(thread);
	}
}
