/* bodycheck.c - make the object in an empty catalogue that nobody ever sees */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "cli/bodycheck.h"
#include "cli/overlay.h"
#include "store/batch.h"

#define NO_STORE "check"		/* an id that seals nothing: no value is ever sealed here */

/* whole - the body, and below it what is there; a secret that is there has its values */
static struct json_object *
whole(const struct kind *k, struct json_object *view, struct json_object *body)
{
	struct json_object *o, *some;

	if (view == NULL)
		return json_object_get(body);
	o = overlay_plain(view);
	json_object_object_foreach(body, name, value)
		jsonx_put(o, name, json_object_get(value));
	if (k == &kind_secret && !jsonx_has(o, "data")) {
		some = json_object_new_object();
		jsonx_put_str(some, "key", "value");
		jsonx_put(o, "data", some);
	}
	return o;
}

/* is_default - a secret that names no backend goes to the default one, which an empty catalogue
   doesn't have */
static bool
is_default(const struct kind *k, const struct fault *f)
{
	return k == &kind_secret && strcmp(f->path, "backend") == 0 &&
	    strncmp(f->message, "is required", 11) == 0;
}

/* try - in a batch that is thrown away; a secret always has a fault there, so nothing is sealed */
static void
try(const struct kind *k, struct json_object *body, struct faults *faults)
{
	const struct kv_items none = { .n = 0 };
	const struct table *empty;
	const struct record *made;
	struct batch *b;

	if (table_build(&none, NO_STORE, NULL, &empty, NULL) != RC_OK)
		abort();
	b = batch_new(empty, NULL, true);
	(void)batch_create(b, k, body, NULL, NULL, faults, &made, NULL);
	batch_free(b);
	table_unref(empty);
}

/* bodycheck - see bodycheck.h */
void
bodycheck(const struct kind *k, struct json_object *view, struct json_object *body,
    struct faults *faults)
{
	struct json_object *o = whole(k, view, body);
	struct faults found = FAULTS_INIT;

	try(k, o, &found);
	for (size_t i = 0; i < found.n; i++)
		if (!is_default(k, &found.v[i]))
			faults_add(faults, found.v[i].path, "%s", found.v[i].message);
	faults_release(&found);
	json_object_put(o);
}
