/* doctor_http.c - checks of a web server before mcpd: does it pass what comes, and hold nothing back */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/doctor.h"
#include "cli/doctor_call.h"

#define BODY_BYTES	(200 * 1024)	/* of a long prompt; mod_fcgid takes 128 KiB by itself */
#define APART_MS	250		/* half of what mcpd leaves between two beats (h_heartbeat.c) */
#define TRIES		3		/* a machine that is busy may be late with the first beat */

/* what to write into whose configuration, by how its Server header begins */
static const struct software {
	const char	*name;		/* "": any other */
	const char	*authorization, *body, *streaming, *compression, *user;
	enum verdict	 verdict;	/* of what it tells of clients that left */
	const char	*gone, *gone_mend;
} softwares[] = {
	{
		.name = "Apache",
		.authorization = "CGIPassAuth On, in mcpd's <Location> or .htaccess",
		.body = "FcgidMaxRequestLen 41943040 for mod_fcgid, LimitRequestBody 0 for the others",
		.streaming = "FcgidOutputBufferSize 0 for mod_fcgid, flushpackets=on at ProxyPass for "
		    "mod_proxy_fcgi; for CGI no output filter that collects",
		.compression = "SetEnv no-gzip 1 and SetEnv no-brotli 1, in mcpd's <Location> or .htaccess",
		.user = "RequestHeader unset REMOTE_USER, and trust_remote_user: false in mcpd.yaml",
		.verdict = VERDICT_WARN,
		.gone = "Apache tells of a stream's client at the second write after it left, 10 s at "
		    "most; of a call that is not streamed never: it goes on to its end, and is paid for",
		.gone_mend = "\"stream\": true in clients, or nginx before mcpd: httpd-conf/nginx.conf",
	}, {
		.name = "nginx",
		.authorization = "fastcgi_pass_request_headers on;",
		.body = "client_max_body_size 40m;",
		.streaming = "fastcgi_buffering off;",
		.compression = "gzip off; in mcpd's location",
		.user = "no fastcgi_param REMOTE_USER $remote_user (fastcgi_params has it), and "
		    "remote_user_param: MCPD_USER or trust_remote_user: false in mcpd.yaml",
		.verdict = VERDICT_OK,
		.gone = "nginx tells at once",
	}, {
		.name = "lighttpd",
		.authorization = "no setenv.set-request-header for Authorization",
		.body = "server.max-request-size = 40960",
		.streaming = "server.stream-response-body = 1",
		.compression = "no text/event-stream, and no text/, in deflate.mimetypes",
		.user = "mod_auth before mod_fastcgi in server.modules, or trust_remote_user: false in "
		    "mcpd.yaml",
		.verdict = VERDICT_OK,
		.gone = "lighttpd tells of a stream's client at the next write, 5 s at most; of a call "
		    "that is not streamed when its connection is reset",
	}, {
		.name = "",
		.authorization = "the web server must pass the Authorization header on",
		.body = "the web server must take requests of 40 MiB",
		.streaming = "the web server must not buffer or compress text/event-stream",
		.compression = "the web server must not compress text/event-stream",
		.user = "trust_remote_user: false in mcpd.yaml",
		.verdict = VERDICT_WARN,
		.gone = "what this web server tells of clients that left is not known",
		.gone_mend = "docs/HOSTS.md has the ones that are",
	},
};

/* software_of - the row of the one that answers */
static const struct software *
software_of(const struct doctor *d)
{
	const struct software *s = softwares;

	while (strncasecmp(d->software != NULL ? d->software : "", s->name, strlen(s->name)) != 0)
		s++;
	return s;
}

/* say_status - an answer that is none of those that were expected; its text tells more */
static void
say_status(struct doctor *d, const struct heard *h, const char *path)
{
	doctor_found(d, VERDICT_FAIL, "HTTP %d %s", h->status, h->ours ? "from mcpd" :
	    "from the web server, not from mcpd");
	doctor_mend(d, "curl -i %s%s", d->url, path);
}

/* say_nothing - no answer, or one that was cut */
static void
say_nothing(struct doctor *d, const struct error *why, const char *path)
{
	doctor_found(d, VERDICT_FAIL, "%s", why->msg);
	doctor_mend(d, "curl -i %s%s", d->url, path);
}

/* member - a text of an answer's JSON, owned by the caller; NULL: it has none */
static char *
member(const struct heard *h, const char *name)
{
	struct json_object *o;
	char *text;

	if (jsonx_parse(h->body.p, h->body.len, JSONX_DEPTH, &o, NULL) != RC_OK)
		return NULL;
	text = x_strdup(jsonx_str(o, name, NULL));
	json_object_put(o);
	return text;
}

/* find_token - which one, and whether it may be sent there */
static void
find_token(struct doctor *d)
{
	struct settings *s;
	struct error err;
	char *fit = NULL;

	d->no_token = "there is no token for this server";
	if (program_settings(d->p, &s, &err) != RC_OK)
		return;
	if (settings_url(d->url, settings_insecure(s), &fit, &err) != RC_OK)
		d->no_token = "a token would go over the network in clear";
	else if (settings_token(s, d->url, &d->token, &err) == RC_OK)
		d->no_token = NULL;
	free(fit);
}

/* look_server - /healthz, which needs nothing but the way to mcpd */
static void
look_server(struct doctor *d)
{
	const struct inquiry ask = { .method = "GET", .path = "/healthz" };
	char *status = NULL;
	struct heard h;
	struct error err;
	enum rc rc = doctor_call(d, &ask, &h, &err);

	if (rc == RC_OK)
		status = member(&h, "status");
	if (rc != RC_OK)
		doctor_found(d, VERDICT_FAIL, "%s: %s", d->url, err.msg);
	else if (h.status == 200 && h.ours && status != NULL && strcmp(status, "ok") == 0) {
		doctor_found(d, VERDICT_OK, "mcpd answers at %s, behind %s", d->url,
		    *d->software != '\0' ? d->software : "a web server without a name");
		d->missing[NEED_MCPD] = NULL;
		find_token(d);
		d->missing[NEED_TOKEN] = d->no_token;
	} else
		doctor_found(d, VERDICT_FAIL, "%s/healthz: HTTP %d, and no mcpd", d->url, h.status);
	if (d->missing[NEED_MCPD] != NULL)
		doctor_mend(d, "curl -i %s/healthz, with the path that mcpd is mounted at", d->url);
	free(status);
	heard_release(&h);
}

/* look_ready - /readyz: can it work */
static void
look_ready(struct doctor *d)
{
	const struct inquiry ask = { .method = "GET", .path = "/readyz" };
	struct heard h;
	struct error err = { .msg = "" };
	enum rc rc = doctor_call(d, &ask, &h, &err);
	char *reason = rc == RC_OK ? member(&h, "reason") : NULL;

	if (rc == RC_OK && h.status == 200)
		doctor_found(d, VERDICT_OK, "/readyz says so");
	else {
		doctor_found(d, VERDICT_FAIL, "/readyz: %s%s", rc != RC_OK ? err.msg :
		    "not ready: ", rc != RC_OK ? "" : reason != NULL ? reason : "no reason given");
		doctor_mend(d, "on the server: " PROGRAM_NAME " --db DIR doctor");
	}
	free(reason);
	heard_release(&h);
}

/* look_tls - can others read the tokens on their way */
static void
look_tls(struct doctor *d)
{
	char *fit = NULL;

	if (strncmp(d->url, "https://", 8) == 0)
		doctor_found(d, VERDICT_OK, "https, and the certificate is good");
	else if (settings_url(d->url, false, &fit, NULL) == RC_OK)
		doctor_found(d, VERDICT_OK, "http, on this machine alone");
	else {
		doctor_found(d, VERDICT_FAIL, "http: tokens go over the network in clear");
		doctor_mend(d, "https:// at the web server, with a certificate (certbot)");
	}
	free(fit);
}

/* look_unauthenticated - who brings nothing gets nothing, and is told what to bring */
static void
look_unauthenticated(struct doctor *d)
{
	const struct inquiry ask = { .method = "GET", .path = "/api/v1/whoami" };
	struct heard h;
	struct error err;

	if (doctor_call(d, &ask, &h, &err) != RC_OK)
		say_nothing(d, &err, ask.path);
	else if (h.status == 401 && *h.www != '\0')
		doctor_found(d, VERDICT_OK, "401, WWW-Authenticate: %s", h.www);
	else if (h.status == 401) {
		doctor_found(d, VERDICT_FAIL, "401 without WWW-Authenticate: something takes it away");
		doctor_mend(d, "no Header unset, proxy_hide_header or setenv.set-response-header for "
		    "WWW-Authenticate");
	} else if (h.status >= 200 && h.status < 300) {
		doctor_found(d, VERDICT_FAIL, "HTTP %d: whoever brings no token gets in", h.status);
		doctor_mend(d, "%s", software_of(d)->user);
	} else
		say_status(d, &h, ask.path);
	heard_release(&h);
}

/* names under which a name may come to an application, for whoever may send headers */
static const char *const forged[] = {
	"REMOTE_USER", "Remote-User", "X-Remote-User", "X-Forwarded-User", "REDIRECT_REMOTE_USER",
	"Redirect-Remote-User"
};

#define FORGED (sizeof(forged) / sizeof(forged[0]))

/* let_in - does this header make somebody of nobody, or can't it be told. What was found is said */
static bool
let_in(struct doctor *d, const char *name, const char *value, const char *user)
{
	const struct inquiry ask = {
		.method = "GET", .path = "/api/v1/whoami", .header = { name, value }
	};
	struct heard h;
	struct error err;
	bool bad = true;

	if (doctor_call(d, &ask, &h, &err) != RC_OK)
		say_nothing(d, &err, ask.path);
	else if (h.status < 400) {
		doctor_found(d, VERDICT_FAIL, "the header %s, which anyone can send, lets in as %s",
		    name, user);
		doctor_mend(d, "%s", software_of(d)->user);
	} else if (h.status >= 500)
		say_status(d, &h, ask.path);
	else
		bad = false;
	heard_release(&h);
	return bad;
}

/* forged_as - every header, and a login that nobody has checked */
static size_t
forged_as(struct doctor *d, const char *user)
{
	char *login = x_asprintf("%s:", user), *encoded = base64_encode(login, strlen(login));
	char *basic = x_asprintf("Basic %s", encoded);
	size_t bad = 0;

	for (size_t i = 0; i < FORGED; i++)
		bad += let_in(d, forged[i], user, user);
	bad += let_in(d, "Authorization", basic, user);
	free(login);
	free(encoded);
	free(basic);
	return bad;
}

/* look_forged - as the user that init makes, and as the one whose token we have */
static void
look_forged(struct doctor *d)
{
	size_t bad = forged_as(d, "admin");

	if (d->user != NULL && strcmp(d->user, "admin") != 0)
		bad += forged_as(d, d->user);
	if (bad == 0)
		doctor_found(d, VERDICT_OK, "%zu headers and a login that nobody checked: refused",
		    FORGED);
}

/* whoami - the status, and whose token it is */
static int
whoami(struct doctor *d, enum as as, struct error *err)
{
	const struct inquiry ask = { .method = "GET", .path = "/api/v1/whoami", .as = as };
	struct heard h;
	int status = 0;

	if (doctor_call(d, &ask, &h, err) == RC_OK)
		status = h.status;
	if (status == 200 && d->user == NULL)
		d->user = member(&h, "user");
	heard_release(&h);
	return status;
}

/* look_authorization - where the header is kept back, x-api-key serves the checks that follow */
static void
look_authorization(struct doctor *d)
{
	struct error err = { .msg = "" };
	int status;

	if (d->token == NULL) {
		doctor_found(d, VERDICT_WARN, "skipped: %s", d->no_token);
		doctor_mend(d, PROGRAM_NAME " login %s", d->url);
		return;
	}
	d->as = AS_BEARER;
	status = whoami(d, AS_BEARER, &err);
	if (status == 200) {
		doctor_found(d, VERDICT_OK, "it arrives: the token is %s's",
		    d->user != NULL ? d->user : "?");
		return;
	}
	if (whoami(d, AS_API_KEY, &err) == 200) {
		d->as = AS_API_KEY;
		doctor_found(d, VERDICT_FAIL, "HTTP %d: the web server keeps the header to itself; "
		    "as x-api-key the token arrives", status);
		doctor_mend(d, "%s", software_of(d)->authorization);
		return;
	}
	d->missing[NEED_TOKEN] = "the token is not taken";
	doctor_found(d, VERDICT_FAIL, "the token is not taken: %s%d%s", *err.msg != '\0' ? "" :
	    "HTTP ", status, err.msg);
	doctor_mend(d, PROGRAM_NAME " login %s", d->url);
}

#define HEARTBEAT "/api/v1/heartbeat"

/* beat - one heartbeat with a body of that many bytes */
static enum rc
beat(struct doctor *d, size_t bytes, struct heard *h, struct error *err)
{
	static const char head[] = "{\"pad\":\"", tail[] = "\"}";
	char *body = x_malloc(bytes + 1);
	const struct inquiry ask = {
		.method = "POST", .path = HEARTBEAT, .as = d->as,
		.body = body, .len = bytes,
	};
	enum rc rc;

	memset(body, 'x', bytes);
	memcpy(body, head, sizeof(head) - 1);
	memcpy(body + bytes - (sizeof(tail) - 1), tail, sizeof(tail));
	rc = doctor_call(d, &ask, h, err);
	free(body);
	return rc;
}

/* look_body - a long prompt, whole */
static void
look_body(struct doctor *d)
{
	struct heard h;
	struct error err;
	enum rc rc = beat(d, BODY_BYTES, &h, &err);
	bool ok = rc == RC_OK && h.status == 200 && h.beats > 0 && h.bytes == BODY_BYTES;

	if (ok)
		doctor_found(d, VERDICT_OK, "%d KB arrive whole", BODY_BYTES / 1024);
	else if (rc != RC_OK)
		doctor_found(d, VERDICT_FAIL, "%d KB: %s", BODY_BYTES / 1024, err.msg);
	else if (h.status != 200)
		doctor_found(d, VERDICT_FAIL, "%d KB: HTTP %d %s", BODY_BYTES / 1024, h.status,
		    h.ours ? "from mcpd" : "from the web server, not from mcpd");
	else
		doctor_found(d, VERDICT_FAIL, "of %d bytes %" PRId64 " arrive", BODY_BYTES, h.bytes);
	if (!ok)
		doctor_mend(d, "%s", software_of(d)->body);
	heard_release(&h);
}

/* apart - ms between two beats; -1: they did not come, and that was said. packed: they were compressed */
static int64_t
apart(struct doctor *d, bool *packed)
{
	struct heard h;
	struct error err;
	int64_t ms = -1;
	enum rc rc = beat(d, sizeof("{\"pad\":\"\"}") - 1, &h, &err);

	*packed = h.encoding[0] != '\0';
	if (rc != RC_OK)
		say_nothing(d, &err, HEARTBEAT);
	else if (h.status != 200)
		say_status(d, &h, HEARTBEAT);
	else if (h.beats < BEATS) {
		doctor_found(d, VERDICT_FAIL, "%zu of %d events came", h.beats, BEATS);
		doctor_mend(d, "%s", software_of(d)->streaming);
	} else
		ms = h.at[1] - h.at[0];
	heard_release(&h);
	return ms;
}

/* look_streaming - two events that are sent half a second apart must come so */
static void
look_streaming(struct doctor *d)
{
	bool packed = false;
	int64_t ms = 0;

	for (int i = 0; i < TRIES && ms >= 0 && ms < APART_MS; i++)
		ms = apart(d, &packed);
	if (ms >= APART_MS)
		doctor_found(d, VERDICT_OK, "each event comes when it is sent: two came %" PRId64
		    " ms apart", ms);
	else if (ms >= 0) {
		doctor_found(d, VERDICT_FAIL, "the web server %s: two events that were sent half a "
		    "second apart came %" PRId64 " ms apart. Answers come at their end, and a client "
		    "that leaves is not noticed", packed ? "compresses streams, and holds them back" :
		    "holds streams back", ms);
		doctor_mend(d, "%s", packed ? software_of(d)->compression : software_of(d)->streaming);
	}
}

/* look_gone - what can't be tried from here, by what is known of the web server */
static void
look_gone(struct doctor *d)
{
	const struct software *s = software_of(d);

	doctor_found(d, s->verdict, "%s", s->gone);
	if (s->gone_mend != NULL)
		doctor_mend(d, "%s", s->gone_mend);
}

const struct check doctor_http_checks[] = {
	{ "server",		NEED_NOTHING,	look_server },
	{ "ready",		NEED_MCPD,	look_ready },
	{ "transport",		NEED_MCPD,	look_tls },
	{ "no token",		NEED_MCPD,	look_unauthenticated },
	{ "authorization",	NEED_MCPD,	look_authorization },
	{ "forged user",	NEED_MCPD,	look_forged },
	{ "long body",		NEED_TOKEN,	look_body },
	{ "streaming",		NEED_TOKEN,	look_streaming },
	{ "gone clients",	NEED_MCPD,	look_gone },
	{ NULL, NEED_NOTHING, NULL }
};
