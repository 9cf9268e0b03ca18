/*
 * probe.h - does an Llm's key work, without a token spent.
 *
 * Shapes  GET <url>/v1/models with the key; the result is {"ok", "status", "latencyMs", "modelListed",
 *         "error"}: status null when no answer came, modelListed null when the list can't be read,
 *         error null when ok
 * Units   ms
 * Errors  none: what goes wrong, before the provider is asked or after, is the result
 * Owns    the object is the caller's
 * Source  API.md 2, "POST /:id/test"
 */
#ifndef SERVICE_PROBE_H
#define SERVICE_PROBE_H

#include "service/service.h"

#define PROBE_TOTAL_MS	30000		/* ms a test may take, whatever the Llm allows its calls */
#define PROBE_LIST_MAX	(4 << 20)	/* bytes of a list of models that are looked at */

struct json_object;

struct json_object *probe_llm(struct service *svc, struct http *http, const struct table *t,
    const struct llm *llm);

#endif
