/*
 * transport.h - the catalogue, wherever it is: commands see only this.
 *
 * Shapes  objects of API.md 2; ref is an id or a name. Two of them: local.c works on the store
 *         itself, remote.c asks a server
 * Units   version: 0 whatever is there, else the one that must be there
 * Errors  those of service/catalogue.h, whichever way was taken; RC_INVALID comes with faults.
 *         From remote.c also RC_UNAUTHENTICATED, RC_UPSTREAM and RC_TIMEOUT, which name the server
 * Owns    objects returned are the caller's (json_object_put); transport_close() frees
 * Source  CLI.md, "Both transports run the same commands and print the same"
 */
#ifndef CLI_TRANSPORT_H
#define CLI_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/rc.h"

struct apply_item;
struct json_object;
struct kind;
struct sink;
struct transport;

/* what can be asked beside objects: a row here, one in remote.c (its path), one in reports.c (the
   service's function) */
enum ask {
	ASK_WHOAMI,			/* who am I, what may I do (service/whoami.h) */
	ASK_PROBE,			/* name: an Llm. Does its key work (service/probe.h) */
	ASK_AUDIT,			/* params: those of struct report_audit */
	ASK_USAGE,			/* params: by, since */
	ASK_STATUS,			/* how the gateway is */
	ASK_MIGRATE,			/* body: from, to, names (service/migrate.h) */
	ASK__MAX
};

struct param {				/* of a query: since=1h; lists end with name NULL */
	const char	*name;
	const char	*value;		/* NULL: not given */
};

struct question {
	enum ask		 what;
	const char		*name;		/* the object that it is about; NULL: none */
	const struct param	*params;	/* NULL: none */
	struct json_object	*body;		/* NULL: none */
	struct faults		*faults;	/* of the body; NULL where there is none */
};

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
		    int64_t version, struct json_object *body, struct faults *faults,
		    struct json_object **out, struct error *err);
	/* MUST */
	enum rc	(*remove)(struct transport *t, const struct kind *k, const char *ref,
		    struct error *err);
	/* MUST. A report, or an action that is no change of one object */
	enum rc	(*ask)(struct transport *t, const struct question *q, struct json_object **out,
		    struct error *err);
	/* MUST. A chat/completions body to an Llm; a 2xx answer goes to the sink as it comes
	   (service/infer.h), a refusal never does: it is the error, in the gateway's words.
	   RC_GONE: the sink wanted no more, and the provider's call was ended */
	enum rc	(*infer)(struct transport *t, const char *llm, const char *body, size_t len,
		    struct sink *sink, struct error *err);
	/* MAY, NULL: object by object. All of them as one change (service/apply.h) */
	enum rc	(*apply)(struct transport *t, struct apply_item *items, size_t n, bool rehearse,
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
