/*
 * whoami.h - who a caller is, and what they may do.
 *
 * Shapes  {user, token, groups, permissions, llms}: names, and role bindings as rbac has them. What a
 *         scope cuts off is not in permissions; llms are the enabled ones that the caller may run.
 *         The administrator at the store itself has no user (null) and all permissions
 * Units   none
 * Errors  none
 * Owns    the object is the caller's
 * Source  API.md 2
 */
#ifndef SERVICE_WHOAMI_H
#define SERVICE_WHOAMI_H

#include "service/rbac.h"

struct json_object;

struct json_object *whoami_json(const struct table *t, const struct caller *c);

#endif
