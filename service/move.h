/*
 * move.h - one secret to another backend: the steps behind migrate.h.
 *
 * Shapes  none
 * Units   none
 * Errors  RC_UNAUTHENTICATED, RC_FORBIDDEN, RC_NOT_FOUND, RC_CONFLICT (it is in neither backend, other values lie at the
 *         target, the old copy was changed); what secrets_change() gives
 * Owns    nothing
 * Source  migrate.h
 */
#ifndef SERVICE_MOVE_H
#define SERVICE_MOVE_H

#include "service/rbac.h"
#include "service/service.h"

#define MOVE_ACTION "migrate-secrets"	/* the operation that it takes, beside edit on the secret */

struct move {
	struct service		*svc;
	const struct caller	*caller;	/* as the request began; judged anew at each step */
	char			 from_id[ID_SIZE], to_id[ID_SIZE];
	bool			 outside;	/* one of the two is an openbao backend */
};

enum rc move_secret(const struct move *m, const char *name, struct error *err);

#endif
