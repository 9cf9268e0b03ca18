/* batch_unused.c - who names a record that is to be deleted */
#include "base/buf.h"
#include "store/batch.h"

#define USERS_SHOWN	8		/* names of a kind in a message */

/* add_users - "; McpToken a, b" for one kind of users, "; 2 McpToken" where none may be named; how many
   there are */
static size_t
add_users(const struct batch *b, const struct use *use, const char *id, struct buf *text)
{
	const char *comma = text->len > 0 ? "; " : "";
	const struct table *t = batch_table(b);
	size_t found = 0, shown = 0;

	for (size_t i = 0; i < table_count(t, use->kind); i++) {
		const struct record *r = table_at(t, use->kind, i);

		if (!use->names(r, id))
			continue;
		found++;
		if (shown >= USERS_SHOWN || !batch_shows(b, r))
			continue;
		if (shown++ == 0)
			buf_addf(text, NULL, "%s%s ", comma, use->kind->label);
		buf_addf(text, NULL, "%s%s", shown > 1 ? ", " : "", r->name);
	}
	if (shown == 0 && found > 0)
		buf_addf(text, NULL, "%s%zu %s", comma, found, use->kind->label);
	else if (found > shown)
		buf_addf(text, NULL, " and %zu more", found - shown);
	return found;
}

/* batch_unused - "User in use: alice (McpToken ci, laptop; Rbac admins)" */
enum rc
batch_unused(const struct batch *b, const struct record *r, const struct use *uses,
    struct error *err)
{
	struct buf text = BUF_INIT(ERROR_MAX * 4);
	enum rc rc = RC_OK;
	size_t found = 0;

	for (; uses->kind != NULL; uses++)
		found += add_users(b, uses, r->id, &text);
	if (found > 0)
		rc = error_set(err, RC_CONFLICT, "%s in use: %s (%s)", r->kind->label, r->name,
		    text.p);
	buf_release(&text);
	return rc;
}
