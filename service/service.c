/* service.c - open what one process shares */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/secret_cache.h"
#include "service/service.h"

/* books_of - where and how the configuration wants them */
static struct ledger_opts
books_of(const struct config *cfg, bool serving)
{
	return (struct ledger_opts){
		.dir = cfg->db,
		.sink = cfg->audit_sink,
		.keep_days = cfg->audit_keep_days,
		.serving = serving,
	};
}

/* was_made - for the ledger: what a process that died had planned */
static enum rc
was_made(void *arg, const char *op_id)
{
	struct error err;

	return store_made(arg, op_id, &err);
}

/* service_open - store and books of one process; call it after fork. When tokens were used is worth no
   refusal */
enum rc
service_open(const struct config *cfg, bool serving, struct service *svc, struct error *err)
{
	const struct store_opts opts = {
		.key_file = cfg->key_file,
		.allow_network_fs = cfg->allow_network_fs,
		.private_urls = cfg->private_urls,
	};
	const struct ledger_opts books = books_of(cfg, serving);
	struct error why;
	enum rc rc;

	memset(svc, 0, sizeof(*svc));
	svc->cfg = cfg;
	svc->serving = serving;
	if ((rc = store_open(cfg->db, &opts, &svc->store, err)) != RC_OK)
		return rc;
	rc = ledger_open(&books, &svc->ledger, err);
	if (rc != RC_OK) {
		service_close(svc);
		return rc;
	}
	ledger_ask(svc->ledger, was_made, svc->store);
	svc->secrets = secret_cache_new();
	if (lastused_open(cfg->db, &svc->lastused, &why) != RC_OK)
		log_warn("lastUsedAt of tokens is not noted: %s", why.msg);
	return RC_OK;
}

/* service_close - give it all back */
void
service_close(struct service *svc)
{
	lastused_close(svc->lastused);
	ledger_close(svc->ledger);
	store_close(svc->store);
	secret_cache_free(svc->secrets);
	svc->lastused = NULL;
	svc->secrets = NULL;
	svc->ledger = NULL;
	svc->store = NULL;
}

/* service_say - see service.h */
void
service_say(const struct service *svc, char *text)
{
	char whole[ERROR_MAX];

	if (!svc->serving)
		return;
	snprintf(whole, sizeof(whole), "%s", text);
	if (config_hide_paths(svc->cfg, text))
		log_warn("%s", whole);
}

/* files_lost - of the books */
static bool
files_lost(struct service *svc)
{
	int64_t now_ms = clock_coarse_ms();

	if (now_ms - svc->looked_ms < SERVICE_LOOK_MS)
		return false;
	svc->looked_ms = now_ms;
	return ledger_lost(svc->ledger) || (svc->lastused != NULL &&
	    lastused_lost(svc->lastused, ledger_dir(svc->ledger)));
}

/* service_lost - see service.h */
bool
service_lost(struct service *svc, struct error *err)
{
	const char *dir = store_dir(svc->store);

	if (store_gone(svc->store))
		error_set(err, RC_UNAVAILABLE, "store: %s was moved, replaced or emptied", dir);
	else if (files_lost(svc))
		error_set(err, RC_UNAVAILABLE, "accounting: files in %s were deleted or replaced", dir);
	else
		return false;
	return true;
}

/* service_recover - to open the books is to recover */
void
service_recover(const struct config *cfg)
{
	const struct ledger_opts books = books_of(cfg, false);
	struct ledger *l;
	struct error err;

	if (ledger_open(&books, &l, &err) == RC_OK)
		ledger_close(l);
	else
		log_warn("audit: the calls of a worker that died wait: %s", err.msg);
}

/* service_http - a client as the configuration wants it */
struct http *
service_http(const struct service *svc)
{
	const struct http_settings s = {
		.ca_file = svc->cfg->ca_file,
		.proxy = svc->cfg->proxy,
		.max_header = (size_t)svc->cfg->max_header,
	};

	return http_new(&s);
}
