/* server.c - the service of this process, opened when there is something to open */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
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

/* unref - one user less; the last one closes it. With the lock held; true: the caller frees it */
static bool
unref(struct serving *v)
{
	return v != NULL && --v->refs == 0;
}

/* discard - without the lock: closing takes its time */
static void
discard(struct serving *v)
{
	service_close(&v->svc);
	free(v);
}

/* server_release - after the last request */
void
server_release(struct server *s)
{
	if (unref(s->now))
		discard(s->now);
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
	struct serving *v;
	struct error err;
	int64_t now = clock_mono_ms();

	if (s->now != NULL || now < s->retry_ms)
		return;
	s->retry_ms = now + RETRY_MS;
	v = x_calloc(1, sizeof(*v));
	if (service_open(s->cfg, true, &v->svc, &err) == RC_OK) {
		v->refs = 1;
		s->now = v;
		s->why.msg[0] = '\0';
		return;
	}
	free(v);
	log_once(s, &err);
}

/* let_go - of a store that is no longer where it was opened: whoever works with it goes on, and the last
   one closes it. With the lock held; what the caller has to discard, or NULL */
static struct serving *
let_go(struct server *s)
{
	struct serving *old = s->now;
	struct error why;

	if (old == NULL || !service_lost(&old->svc, &why))
		return NULL;
	log_warn("%s: opened anew", why.msg);
	s->now = NULL;
	s->retry_ms = 0;		/* the clock of the look may run ahead of it */
	return unref(old) ? old : NULL;
}

/* server_service - the trouble is in the log; a client gets one sentence */
enum rc
server_service(struct server *s, struct service **out, struct error *err)
{
	struct serving *old, *v;

	pthread_mutex_lock(&s->lock);
	old = let_go(s);
	try_open(s);
	if ((v = s->now) != NULL)
		v->refs++;
	pthread_mutex_unlock(&s->lock);
	if (old != NULL)
		discard(old);
	if (v == NULL)
		return error_set(err, RC_UNAVAILABLE, "the store is not available");
	*out = &v->svc;
	return RC_OK;
}

/* server_done - svc is the first member of what is counted */
void
server_done(struct server *s, struct service *svc)
{
	struct serving *v = (struct serving *)svc;
	bool last;

	if (v == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	last = unref(v);
	pthread_mutex_unlock(&s->lock);
	if (last)
		discard(v);
}

/* server_table - one revision for one request */
enum rc
server_table(struct server *s, struct service *svc, const struct table **out, struct error *err)
{
	struct error why;

	if (store_table(svc->store, out, &why) == RC_OK)
		return RC_OK;
	pthread_mutex_lock(&s->lock);
	log_once(s, &why);
	pthread_mutex_unlock(&s->lock);
	return error_set(err, RC_UNAVAILABLE, "the store is not available");
}
