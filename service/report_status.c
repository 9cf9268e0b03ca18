/* report_status.c - how we are */
#include "config.h"

#include <json-c/json.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "service/account.h"
#include "service/report.h"

#define SPACE_MIN (1024 * 1024)		/* bytes free below which changes will soon fail */

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

/* report_unready - in the order in which one would mend it */
const char *
report_unready(struct service *svc, struct error *err)
{
	const struct table *t = NULL;

	if (store_table(svc->store, &t, err) != RC_OK)
		return "store";
	table_unref(t);
	if (keyring_check(store_keyring(svc->store), err) != RC_OK)
		return "key";
	return no_space(svc->store, err) ? "space" : NULL;
}

/* store_health - and the revision that requests see */
static struct json_object *
store_health(struct service *svc, const struct table *t)
{
	struct json_object *o = json_object_new_object();
	struct error why;
	const char *reason = report_unready(svc, &why);

	jsonx_put_str(o, "status", reason == NULL ? "ok" : "unavailable");
	if (reason != NULL)
		jsonx_put_str(o, "reason", reason);
	jsonx_put_int(o, "revision", (int64_t)table_rev(t));
	jsonx_put_int(o, "plaintextSecrets", (int64_t)secret_plaintext_count(t));
	return o;
}

/* audit_health - lines that were lost or wait */
static struct json_object *
audit_health(struct service *svc, const struct inflight_sum *sum)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "status", ledger_down(svc->ledger) || sum->unwritten > 0 ? "failing" : "ok");
	jsonx_put_str(o, "sink", svc->cfg->audit_sink);
	jsonx_put_int(o, "failures", (int64_t)metrics_counted(ledger_metrics(svc->ledger),
	    METRICS_AUDIT_FAILURES));
	jsonx_put_int(o, "waiting", sum->unwritten);
	return o;
}

/* report_status - of all processes of the store */
struct json_object *
report_status(struct service *svc, const struct table *t)
{
	struct json_object *o = json_object_new_object();
	struct inflight_sum sum;
	char since[CLOCK_TEXT];

	(void)ledger_recover(svc->ledger);
	inflight_sum(ledger_inflight(svc->ledger), &sum);
	clock_format(sum.since_ms, since);
	jsonx_put_str(o, "version", PACKAGE_VERSION);
	jsonx_put_str(o, "startedAt", sum.since_ms > 0 ? since : NULL);
	jsonx_put_int(o, "uptimeSeconds",
	    sum.since_ms > 0 ? (clock_wall_ms() - sum.since_ms) / 1000 : 0);
	jsonx_put_int(o, "workers", sum.processes);
	jsonx_put_int(o, "threadsBusy", sum.busy);
	jsonx_put_int(o, "calls", sum.calls);
	jsonx_put_int(o, "streams", sum.streams);
	jsonx_put(o, "store", store_health(svc, t));
	jsonx_put(o, "audit", audit_health(svc, &sum));
	return o;
}
