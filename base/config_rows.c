/* config_rows.c - every option of mcpd.yaml: one row is the one place */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/config.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/url.h"

#define KIB		INT64_C(1024)
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)
#define MS_DAY		INT64_C(86400000)
#define PORT_MAX	65535

#define AT(field)	offsetof(struct config, field)

/* bad_listen - unix:PATH or HOST:PORT, IPv6 in brackets */
static const char *
bad_listen(const char *text)
{
	static const char form[] = "must be unix:PATH or HOST:PORT";
	const char *colon = strrchr(text, ':');
	size_t digits;
	long port;

	if (strncmp(text, "unix:", 5) == 0) {
		if (text[5] == '\0')
			return form;
		return strlen(text + 5) < sizeof(((struct sockaddr_un *)0)->sun_path) ? NULL :
		    "has a path too long for a Unix socket";
	}
	if (colon == NULL || colon == text)
		return form;
	if (memchr(text, ':', (size_t)(colon - text)) != NULL && (*text != '[' || colon[-1] != ']'))
		return "must have its IPv6 address in brackets: [::1]:9000";
	digits = strspn(colon + 1, "0123456789");
	if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
		return form;
	port = strtol(colon + 1, NULL, 10);
	return port >= 1 && port <= PORT_MAX ? NULL : "must have a port of 1..65535";
}

/* bad_base_path - it is compared with the path of each request, byte by byte */
static const char *
bad_base_path(const char *text)
{
	if (*text != '/')
		return "must begin with '/'";
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f || strchr("?#%\\", *text) != NULL)
			return "must be a plain path, without escapes, query or fragment";
		if (text[0] == '/' && text[1] == '/')
			return "has an empty segment ('//')";
	}
	return NULL;
}

/* bad_origin - as browsers send it */
static const char *
bad_origin(const char *text)
{
	struct url u;
	bool bare;

	if (url_parse(text, &u, NULL) != RC_OK)
		return "must be an origin: https://HOST[:PORT]";
	bare = u.path[0] == '\0' && text[strlen(text) - 1] != '/';
	url_release(&u);
	return bare ? NULL : "must be an origin, without a path";
}

/* bad_user_param - a name that no client can fill: of those that it can, HTTP_* alone are endless */
static const char *
bad_user_param(const char *text)
{
	static const char own[] = "MCPD_", chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (strcmp(text, "REMOTE_USER") == 0 ||
	    (strncmp(text, own, strlen(own)) == 0 && strspn(text, chars) == strlen(text)))
		return NULL;
	return "must be REMOTE_USER, or begin with MCPD_ and hold A-Z, 0-9 and '_'";
}

/* bad_proxy - as http:// it is parsed; credentials may stand before the host */
static const char *
bad_proxy(const char *text)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://" };
	static const char form[] = "must be http://, https:// or socks5://HOST[:PORT]";
	const char *rest = NULL, *at;
	struct url u;
	bool bare;
	char *http;
	enum rc rc;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			rest = text + strlen(schemes[i]);
	}
	if (rest == NULL)
		return form;
	at = strrchr(rest, '@');
	http = x_asprintf("http://%s", at != NULL ? at + 1 : rest);
	rc = url_parse(http, &u, NULL);
	mem_free_wiped(http);
	if (rc != RC_OK)
		return form;
	bare = u.path[0] == '\0';
	url_release(&u);
	return bare ? NULL : form;
}

/* bad_log - a relative path would be somewhere else in each start mode */
static const char *
bad_log(const char *text)
{
	if (strcmp(text, "stderr") == 0 || strcmp(text, "syslog") == 0 || *text == '/')
		return NULL;
	return "must be stderr, syslog or an absolute path";
}

/* bad_sink - where audit events go */
static const char *
bad_sink(const char *text)
{
	static const char *const sinks[] = { "file", "syslog", "stderr" };

	for (size_t i = 0; i < sizeof(sinks) / sizeof(*sinks); i++) {
		if (strcmp(text, sinks[i]) == 0)
			return NULL;
	}
	return "must be file, syslog or stderr";
}

const struct option_row option_rows[] = {
	/* store */
	{ "db", "MCPD_DB", OPTION_STRING, AT(db), "/var/lib/mcpd/state", 0, 0,
	    "state directory of the store", NULL },
	{ "key_file", "MCPD_KEY_FILE", OPTION_STRING, AT(key_file), NULL, 0, 0,
	    "file of the keys that seal secrets; mcpd.key beside db", NULL },
	{ "allow_network_fs", NULL, OPTION_BOOL, AT(allow_network_fs), "false", 0, 0,
	    "accept a state directory on NFS, CIFS or FUSE", NULL },

	/* processes */
	{ "listen", NULL, OPTION_STRING, AT(listen), NULL, 0, 0,
	    "unix:PATH or HOST:PORT: own socket and pool of workers", bad_listen },
	{ "listen_mode", NULL, OPTION_MODE, AT(listen_mode), "0660", 0, 0777,
	    "mode of a Unix socket, octal", NULL },
	{ "user", NULL, OPTION_STRING, AT(user), NULL, 0, 0,
	    "user to become when started as root; the owner of db", NULL },
	{ "workers", "MCPD_WORKERS", OPTION_INT, AT(workers), "2", 1, 64,
	    "processes of the pool", NULL },
	{ "threads", "MCPD_THREADS", OPTION_INT, AT(threads), "64", 1, 1024,
	    "requests that one worker serves at a time", NULL },
	{ "max_requests", NULL, OPTION_INT, AT(max_requests), "0", 0, 1000000000,
	    "requests after which a worker is replaced; 0: never", NULL },
	{ "drain_seconds", NULL, OPTION_INT, AT(drain_seconds), "-1", -1, 86400,
	    "time for running streams at the end; -1: 6 when a web server spawned us, else 60",
	    NULL },

	/* requests */
	{ "base_path", "MCPD_BASE_PATH", OPTION_STRING, AT(base_path), NULL, 0, 0,
	    "path below which the web server has mounted us", bad_base_path },
	{ "trust_remote_user", NULL, OPTION_BOOL, AT(trust_remote_user), "false", 0, 0,
	    "take the web server's REMOTE_USER as an identity", NULL },
	{ "remote_user_param", NULL, OPTION_STRING, AT(remote_user_param), "REMOTE_USER", 0, 0,
	    "parameter that holds the web server's user; MCPD_USER behind nginx", bad_user_param },
	{ "cors_origins", NULL, OPTION_STRINGS, AT(cors_origins), NULL, 0, 0,
	    "origins whose pages may call with a bearer token", bad_origin },
	{ "max_body", NULL, OPTION_SIZE, AT(max_body), "32MiB", KIB, GIB,
	    "largest request body", NULL },
	{ "max_answer", NULL, OPTION_SIZE, AT(max_answer), "64MiB", KIB, GIB,
	    "largest answer that is not streamed", NULL },
	{ "max_event", NULL, OPTION_SIZE, AT(max_event), "4MiB", KIB, GIB,
	    "largest event of a stream", NULL },
	{ "max_header", NULL, OPTION_SIZE, AT(max_header), "8KiB", KIB, MIB,
	    "longest header line", NULL },
	{ "max_nesting", NULL, OPTION_INT, AT(max_nesting), "128", 8, JSONX_DEPTH_MAX,
	    "deepest nesting of JSON", NULL },
	{ "metrics_public", NULL, OPTION_BOOL, AT(metrics_public), "false", 0, 0,
	    "serve /metrics to anyone", NULL },

	/* providers */
	{ "private_urls", NULL, OPTION_BOOL, AT(private_urls), "true", 0, 0,
	    "let Llms be configured to use private addresses", NULL },
	{ "proxy", NULL, OPTION_STRING, AT(proxy), NULL, 0, 0,
	    "http, https or socks5 proxy to the providers; the environment's is never used",
	    bad_proxy },
	{ "ca_file", NULL, OPTION_STRING, AT(ca_file), NULL, 0, 0,
	    "certificates to trust beside the system's (PEM)", NULL },
	{ "keepalive_seconds", NULL, OPTION_INT, AT(keepalive_seconds), "5", 1, 3600,
	    "silence of a stream after which a comment is sent", NULL },
	{ "keepalive_after_ms", NULL, OPTION_INT, AT(keepalive_after_ms), "15000", 100, MS_DAY,
	    "wait for a provider's status before a stream is begun without it", NULL },
	{ "connect_timeout_ms", NULL, OPTION_INT, AT(connect_timeout_ms), "10000", 1, MS_DAY,
	    "time to connect to a provider", NULL },
	{ "header_timeout_ms", NULL, OPTION_INT, AT(header_timeout_ms), "600000", 1, MS_DAY,
	    "time from the request sent to the provider's status", NULL },
	{ "idle_timeout_ms", NULL, OPTION_INT, AT(idle_timeout_ms), "300000", 1, MS_DAY,
	    "time without a byte from the provider", NULL },
	{ "total_timeout_ms", NULL, OPTION_INT, AT(total_timeout_ms), "3600000", 1, MS_DAY,
	    "time of a whole call", NULL },

	/* records */
	{ "log", NULL, OPTION_STRING, AT(log), "stderr", 0, 0,
	    "stderr, syslog or a file", bad_log },
	{ "audit.sink", NULL, OPTION_STRING, AT(audit_sink), "file", 0, 0,
	    "file (in db, one a day), syslog or stderr", bad_sink },
	{ "audit.keep_days", NULL, OPTION_INT, AT(audit_keep_days), "90", 1, 36500,
	    "days that audit files are kept", NULL },
	{ "audit.required", NULL, OPTION_BOOL, AT(audit_required), "false", 0, 0,
	    "refuse calls that can't be audited", NULL },
	{ .name = NULL }
};

_Static_assert(sizeof(option_rows) / sizeof(*option_rows) <= OPTIONS_MAX, "OPTIONS_MAX");

/* option_find - the row of a key */
const struct option_row *
option_find(const char *name)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}
