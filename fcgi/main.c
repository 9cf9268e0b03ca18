/* main.c - mcpd.fcgi: options, and in which of four ways we were started (DESIGN.md 2) */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "fcgi/dispatch.h"
#include "fcgi/listen.h"
#include "fcgi/master.h"
#include "fcgi/process.h"
#include "fcgi/server.h"
#include "fcgi/worker.h"

#define SYSTEMD_FIRST_FD	3	/* sd_listen_fds(3) */

enum { FLAG_DB, FLAG_LISTEN, FLAG_WORKERS, FLAG_THREADS, FLAG__MAX, FLAG_CONFIG, FLAG_CHECK,
	FLAG_VERSION };

/* flags that are options of the configuration too */
static const char *const flag_names[FLAG__MAX] = {
	[FLAG_DB] = "db", [FLAG_LISTEN] = "listen", [FLAG_WORKERS] = "workers",
	[FLAG_THREADS] = "threads",
};

static const struct option long_options[] = {
	{ "config",	required_argument,	NULL,	FLAG_CONFIG },
	{ "db",		required_argument,	NULL,	FLAG_DB },
	{ "listen",	required_argument,	NULL,	FLAG_LISTEN },
	{ "workers",	required_argument,	NULL,	FLAG_WORKERS },
	{ "threads",	required_argument,	NULL,	FLAG_THREADS },
	{ "check",	no_argument,		NULL,	FLAG_CHECK },
	{ "version",	no_argument,		NULL,	FLAG_VERSION },
	{ "help",	no_argument,		NULL,	'h' },
	{ NULL, 0, NULL, 0 }
};

struct flags {
	const char	*config;		/* NULL: the default file */
	const char	*values[FLAG__MAX];	/* NULL: not given */
	bool		 check;
};

static const char usage_text[] =
"usage: mcpd.fcgi [--config FILE] [--db DIR] [--listen unix:PATH|HOST:PORT]\n"
"                 [--workers N] [--threads N] [--check]\n"
"\n"
"  --config FILE    configuration (else $MCPD_CONFIG, else " CONFIG_PATH " if it is there)\n"
"  --db DIR         state directory of the store\n"
"  --listen ADDR    own socket, and a pool of workers behind it\n"
"  --workers N      processes of the pool\n"
"  --threads N      requests that one worker serves at a time\n"
"  --check          read the configuration, open the store, say what is wrong\n"
"  -h, --help       this text\n"
"  --version        the version\n"
"\n"
"Without --listen it serves the socket that a web server or systemd hands over,\n"
"or one CGI request.\n";

/* usage - on stdout when it was asked for, else on stderr */
static int
usage(FILE *out, int status)
{
	fputs(usage_text, out);
	return status;
}

/* parse - the command line; -1: go on, else exit with that */
static int
parse(int argc, char **argv, struct flags *flags)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
			return usage(stdout, 0);
		case FLAG_VERSION:
			puts("mcpd.fcgi " PACKAGE_VERSION);
			return 0;
		case FLAG_CHECK:
			flags->check = true;
			break;
		case FLAG_CONFIG:
			flags->config = optarg;
			break;
		case '?':
			return usage(stderr, rc_info(RC_USAGE)->exit);
		default:
			flags->values[c] = optarg;
		}
	}
	return optind < argc ? usage(stderr, rc_info(RC_USAGE)->exit) : -1;
}

/* load - file, environment, flags: each over the one before; also for a reload */
static enum rc
load(void *arg, struct config *out, struct error *err)
{
	const struct flags *flags = arg;
	char where[32];
	enum rc rc;

	if ((rc = config_load(out, flags->config, err)) != RC_OK)
		return rc;
	for (size_t i = 0; i < FLAG__MAX && rc == RC_OK; i++) {
		if (flags->values[i] == NULL)
			continue;
		snprintf(where, sizeof(where), "--%s", flag_names[i]);
		if (config_set(out, flag_names[i], flags->values[i], where, err) != RC_OK)
			rc = RC_USAGE;
	}
	if (rc == RC_OK)
		rc = config_finish(out, err);
	if (rc != RC_OK)
		config_release(out);
	return rc;
}

/* open_all - what a worker needs of the disk */
static enum rc
open_all(const struct config *cfg, struct error *err)
{
	const struct store_opts opts = {
		.key_file = cfg->key_file,
		.allow_network_fs = cfg->allow_network_fs,
		.private_urls = cfg->private_urls,
	};
	const struct table *t = NULL;
	struct store *s;
	enum rc rc;

	if ((rc = store_open(cfg->db, &opts, &s, err)) != RC_OK)
		return rc;
	rc = store_table(s, &t, err);
	if (rc == RC_OK)
		rc = keyring_check(store_keyring(s), err);
	table_unref(t);
	store_close(s);
	return rc;
}

/* check - as the user that would serve: root may open what that one can't */
static int
check(const struct config *cfg)
{
	struct process_user u;
	struct error err;
	enum rc rc = RC_OK;

	if (geteuid() == 0 && (rc = process_user(cfg, &u, &err)) == RC_OK && u.uid != 0)
		rc = process_become(&u, &err);
	if (rc == RC_OK)
		rc = open_all(cfg, &err);
	if (rc != RC_OK) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	printf("%s: ok\n", cfg->db);
	return 0;
}

/* serve_pool - our own master */
static int
serve_pool(struct config *cfg, struct listener *l, struct flags *flags)
{
	const struct master_opts opts = { cfg, l, load, flags };
	struct process_user u;
	struct error err;
	enum rc rc = RC_OK;
	int status = 1;

	if (geteuid() == 0 || cfg->user != NULL) {
		rc = process_user(cfg, &u, &err);
		if (rc == RC_OK && u.uid != geteuid())
			rc = listen_give(l, u.uid, u.gid, &err);
		if (rc == RC_OK)
			rc = process_become(&u, &err);
	}
	if (rc == RC_OK)
		rc = log_open("mcpd", cfg->log, &err);
	if (rc == RC_OK)
		status = master_run(&opts);
	else
		fprintf(stderr, "mcpd.fcgi: %s\n", err.msg);
	listen_close(l);
	return status;
}

/* serve_listen - the socket that the configuration names */
static int
serve_listen(struct config *cfg, struct flags *flags)
{
	struct listener l;
	struct error err;

	if (listen_open(cfg->listen, (mode_t)cfg->listen_mode, &l, &err) != RC_OK) {
		fprintf(stderr, "mcpd.fcgi: %s\n", err.msg);
		return 1;
	}
	return serve_pool(cfg, &l, flags);
}

/* serve_systemd - a socket that is there before us, and stays after us */
static int
serve_systemd(struct config *cfg, struct flags *flags)
{
	struct listener l = { .fd = SYSTEMD_FIRST_FD };

	fcntl(l.fd, F_SETFD, FD_CLOEXEC);
	fcntl(l.fd, F_SETFL, fcntl(l.fd, F_GETFL) | O_NONBLOCK);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	return serve_pool(cfg, &l, flags);
}

/* by_systemd - is the socket meant for us, not for a process that we were started by */
static bool
by_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	return pid != NULL && fds != NULL && strtol(pid, NULL, 10) == getpid() &&
	    strtol(fds, NULL, 10) >= 1 && listen_is(SYSTEMD_FIRST_FD);
}

/* start_log - where there is no user to become first */
static bool
start_log(const struct config *cfg)
{
	struct error err;

	if (log_open("mcpd", cfg->log, &err) == RC_OK)
		return true;
	fprintf(stderr, "mcpd.fcgi: %s\n", err.msg);
	return false;
}

/* serve_host - one worker, whose master is the web server */
static int
serve_host(const struct config *cfg)
{
	const struct worker_place alone = { .board = NULL };

	return start_log(cfg) ? worker_run(cfg, STDIN_FILENO, &alone) : 1;
}

/* serve_cgi - one request */
static int
serve_cgi(const struct config *cfg)
{
	struct server server;
	struct http *http = NULL;
	struct request r;

	if (!start_log(cfg))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	server_init(&server, cfg);
	request_init(&r, &server, &http, io_cgi_open());
	dispatch(&r, routes);
	request_release(&r);
	http_free(http);
	server_release(&server);
	return 0;
}

/* serve - whoever has started us */
static int
serve(struct config *cfg, struct flags *flags)
{
	if (cfg->listen != NULL)
		return serve_listen(cfg, flags);
	if (by_systemd())
		return serve_systemd(cfg, flags);
	if (listen_is(STDIN_FILENO))
		return serve_host(cfg);
	if (getenv("GATEWAY_INTERFACE") != NULL)
		return serve_cgi(cfg);
	return usage(stderr, rc_info(RC_USAGE)->exit);
}

/* has_words - a web server that starts us for CGI puts the words of a query without "=" behind our name:
   they are anyone's (RFC 3875 4.4). With any other query there are none, and options are a wrapper's */
static bool
has_words(void)
{
	const char *query = getenv("QUERY_STRING");

	return getenv("GATEWAY_INTERFACE") != NULL && !listen_is(STDIN_FILENO) &&
	    query != NULL && *query != '\0' && strchr(query, '=') == NULL;
}

/* main - harden before anything is read */
int
main(int argc, char **argv)
{
	struct flags flags = { 0 };
	struct config cfg;
	struct error err;
	int status;
	enum rc rc;

	process_harden();
	if (has_words())
		argc = 1;
	if ((status = parse(argc, argv, &flags)) >= 0)
		return status;
	if ((rc = load(&flags, &cfg, &err)) != RC_OK) {
		fprintf(stderr, "%s\n", err.msg);
		return rc_info(rc)->exit;
	}
	status = flags.check ? check(&cfg) : serve(&cfg, &flags);
	config_release(&cfg);
	return status;
}
