/* h_health.c - is the process alive, can it work (API.md 4) */
#include <json-c/json.h>
#include <sys/statvfs.h>

#include "base/jsonx.h"
#include "base/log.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"

#define SPACE_MIN (1024 * 1024)		/* bytes free below which changes will soon fail */

/* do_health - whoever can ask has the answer */
enum rc
do_health(struct request *r, struct error *err)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "status", "ok");
	return reply_json(r, 200, o, err);
}

/* no_space - is the store's disk (almost) full */
static bool
no_space(struct store *store, struct error *err)
{
	const char *dir = store_dir(store);
	struct statvfs fs;

	if (dir == NULL || statvfs(dir, &fs) != 0 || fs.f_bavail * fs.f_frsize >= SPACE_MIN)
		return false;
	error_set(err, RC_NO_SPACE, "%s: less than %d bytes free", dir, SPACE_MIN);
	return true;
}

/* not_ready - what is missing, in one word; NULL: nothing */
static const char *
not_ready(struct request *r, struct error *err)
{
	if (server_service(r->server, &r->svc, err) != RC_OK ||
	    server_table(r->server, &r->table, err) != RC_OK)
		return "store";
	if (keyring_check(store_keyring(r->svc->store), err) != RC_OK)
		return "key";
	return no_space(r->svc->store, err) ? "space" : NULL;
}

/* do_ready - the word is for everyone, the sentence for the log */
enum rc
do_ready(struct request *r, struct error *err)
{
	struct json_object *o = json_object_new_object();
	struct error why;
	const char *reason = not_ready(r, &why);

	jsonx_put_str(o, "status", reason == NULL ? "ok" : "unavailable");
	if (reason != NULL) {
		jsonx_put_str(o, "reason", reason);
		log_warn("not ready: %s", why.msg);
	}
	return reply_json(r, reason == NULL ? 200 : 503, o, err);
}
