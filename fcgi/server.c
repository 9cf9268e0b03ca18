/* server.c - the service of this process, opened when there is something to open */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/server.h"

#define RETRY_MS 1000			/* ms between two tries to open the store */

/* server_init - nothing is opened yet */
void
server_init(struct server *s, const struct config *cfg)
{
	memset(s, 0, sizeof(*s));
	s->cfg = cfg;
	pthread_mutex_init(&s->lock, NULL);
	http_global();
}

/* server_release - after the last request */
void
server_release(struct server *s)
{
	if (atomic_load(&s->open))
		service_close(&s->svc);
	pthread_mutex_destroy(&s->lock);
}

/* log_once - the same trouble is told once, not with every request */
static void
log_once(struct server *s, const struct error *err)
{
	if (strcmp(s->why.msg, err->msg) == 0)
		return;
	s->why = *err;
	log_error("store: %s", err->msg);
}

/* try_open - with the lock held */
static void
try_open(struct server *s)
{
	struct error err;
	int64_t now = clock_mono_ms();

	if (atomic_load(&s->open) || now < s->retry_ms)
		return;
	s->retry_ms = now + RETRY_MS;
	if (service_open(s->cfg, true, &s->svc, &err) == RC_OK)
		atomic_store(&s->open, true);
	else
		log_once(s, &err);
}

/* server_service - the trouble is in the log; a client gets one sentence */
enum rc
server_service(struct server *s, struct service **out, struct error *err)
{
	if (!atomic_load(&s->open)) {
		pthread_mutex_lock(&s->lock);
		try_open(s);
		pthread_mutex_unlock(&s->lock);
	}
	if (!atomic_load(&s->open))
		return error_set(err, RC_UNAVAILABLE, "the store is not available");
	*out = &s->svc;
	return RC_OK;
}

/* server_table - one revision for one request */
enum rc
server_table(struct server *s, const struct table **out, struct error *err)
{
	struct service *svc;
	struct error why;
	enum rc rc;

	if ((rc = server_service(s, &svc, err)) != RC_OK)
		return rc;
	if (store_table(svc->store, out, &why) == RC_OK)
		return RC_OK;
	pthread_mutex_lock(&s->lock);
	log_once(s, &why);
	pthread_mutex_unlock(&s->lock);
	return error_set(err, RC_UNAVAILABLE, "the store is not available");
}
