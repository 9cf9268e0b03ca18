/* service.c - open what one process shares */
#include <json-c/json.h>
#include <string.h>

#include "base/log.h"
#include "service/service.h"

/* service_open - what one process shares; call it after fork. When tokens were used is worth no refusal */
enum rc
service_open(const struct config *cfg, struct service *svc, struct error *err)
{
	const struct store_opts opts = {
		.key_file = cfg->key_file,
		.allow_network_fs = cfg->allow_network_fs,
		.private_urls = cfg->private_urls,
	};
	struct error why;
	enum rc rc;

	memset(svc, 0, sizeof(*svc));
	svc->cfg = cfg;
	if ((rc = store_open(cfg->db, &opts, &svc->store, err)) != RC_OK)
		return rc;
	rc = audit_open(cfg->audit_sink, cfg->db, &svc->audit, err);
	if (rc != RC_OK) {
		service_close(svc);
		return rc;
	}
	if (lastused_open(cfg->db, &svc->lastused, &why) != RC_OK)
		log_warn("lastUsedAt of tokens is not noted: %s", why.msg);
	return RC_OK;
}

/* service_close - give it all back */
void
service_close(struct service *svc)
{
	lastused_close(svc->lastused);
	audit_close(svc->audit);
	store_close(svc->store);
	svc->lastused = NULL;
	svc->audit = NULL;
	svc->store = NULL;
}

/* service_audit - one line of who did what */
void
service_audit(struct service *svc, struct json_object *event)
{
	struct error err;
	bool down = audit_write(svc->audit, event, &err) != RC_OK;

	json_object_put(event);
	atomic_store(&svc->audit_down, down);
	if (!down)
		return;
	atomic_fetch_add(&svc->audit_failures, 1);
	log_error("audit: %s", err.msg);
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
