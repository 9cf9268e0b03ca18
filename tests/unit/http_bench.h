/*
 * http_bench.h - an HTTP client beside a scripted server, for the tests of http.c.
 *
 * Shapes  a script is a list of steps, one a request: what is answered to it, and what then
 * Units   bytes, ms
 * Errors  what can't be set up fails the test
 * Owns    bench_release() frees, after bench_stop(); what the server saw is read between the two
 * Source  tests only
 */
#ifndef TESTS_UNIT_HTTP_BENCH_H
#define TESTS_UNIT_HTTP_BENCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/http.h"
#include "base/buf.h"

#define MAX_TEXT	(16u << 20)	/* bytes of a request or answer in these tests */
#define MAX_HEADER	8192		/* bytes of a header line */
#define LONG_MS		30000		/* a deadline that no test waits for */
#define SHORT_MS	60		/* one that it does wait for */
#define DRIP_MS		1600		/* between the pieces of a slow answer */
#define REQUESTS_KEPT	4		/* requests of a server that a test can look at */

#define OK_HELLO	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CHUNKED		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

enum then {				/* what the server does behind its answer */
	END,				/* (no step: the script ends) */
	KEEP,				/* waits for the next request */
	SHUT,				/* closes */
	RESET,				/* closes with RST */
	HOLD,				/* is silent until the client closes */
	DRIP,				/* waits DRIP_MS at each \f of the answer; closes */
	DEAF				/* doesn't read the request, until the next connection */
};

struct step {				/* one request at the server */
	const char	*answer;
	enum then	 then;
};

struct played {
	const struct step *step;	/* the next one */
	int		 listener, port, connections, requests;
	atomic_int	 fd;		/* of the newest connection */
	bool		 saw_close;	/* HOLD: the client closed */
	struct buf	 seen[REQUESTS_KEPT];	/* requests; read after bench_stop() */
	pthread_t	 thread;
};

struct bench {				/* a client, its server, and what came of a call */
	struct played	    server;
	struct http	   *http;
	char		    url[64];
	struct http_request req;
	struct http_events  events;
	struct http_result  result;
	struct error	    err;
	int		    status, heads, drained, ticks;
	char		   *x_id;	/* the header x-id of the answer */
	struct buf	    body;
	enum rc		    head_rc, data_rc, drained_rc;	/* what the callbacks return */
	int		    pipe[2];	/* watched; data() writes to it, or closes it */
	bool		    hang_up;
};

/* bench_open - a server with its script, and a client that may call it */
void bench_open(struct bench *b, const struct step *script);

/* bench_call - one call, from a clean slate */
enum rc bench_call(struct bench *b);

/* bench_stop - end both sides */
void bench_stop(struct bench *b);
void bench_release(struct bench *b);

/* bench_serve - the server's thread: its script from where it stands */
void *bench_serve(void *server);

#endif
