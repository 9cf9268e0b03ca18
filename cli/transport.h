/*
 * transport.h - the catalogue, wherever it is: commands see only this.
 *
 * Shapes  objects of API.md 2; ref is an id or a name
 * Units   none
 * Errors  those of service/catalogue.h, whichever way was taken; RC_INVALID comes with faults
 * Owns    objects returned are the caller's (json_object_put); transport_close() frees
 * Source  CLI.md, "Both transports run the same commands and print the same"
 */
#ifndef CLI_TRANSPORT_H
#define CLI_TRANSPORT_H

#include "base/fault.h"
#include "base/rc.h"

struct json_object;
struct kind;
struct transport;

struct transport_ops {
	/* MUST. An array, ordered by name */
	enum rc	(*list)(struct transport *t, const struct kind *k, struct json_object **out,
		    struct error *err);
	/* MUST */
	enum rc	(*get)(struct transport *t, const struct kind *k, const char *ref,
		    struct json_object **out, struct error *err);
	/* MUST. The new object; of an mcptoken with its "token" */
	enum rc	(*create)(struct transport *t, const struct kind *k, struct json_object *body,
		    struct faults *faults, struct json_object **out, struct error *err);
	/* MUST. Members that the body doesn't have stay */
	enum rc	(*update)(struct transport *t, const struct kind *k, const char *ref,
		    struct json_object *body, struct faults *faults, struct json_object **out,
		    struct error *err);
	/* MUST */
	enum rc	(*remove)(struct transport *t, const struct kind *k, const char *ref,
		    struct error *err);
	/* MAY, NULL: not this way. A secret's values in clear, {key: value}; wipe them */
	enum rc	(*reveal)(struct transport *t, const char *secret, struct json_object **out,
		    struct error *err);
	/* MUST */
	void	(*close)(struct transport *t);
};

struct transport {			/* an implementation's struct begins with it */
	const struct transport_ops	*ops;
};

/* transport_close - NULL is fine */
static inline void
transport_close(struct transport *t)
{
	if (t != NULL)
		t->ops->close(t);
}

#endif
