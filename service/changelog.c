/* changelog.c - what a change is going to do, in slots that outlive us */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "service/account.h"
#include "service/changelog.h"

/* changelog_begin - the store remembers the names of its last changes only: none must be made before those
   of the dead were asked for */
void
changelog_begin(struct changelog *c, struct service *svc, const struct caller *caller)
{
	*c = (struct changelog){ .svc = svc, .caller = caller };
	(void)ledger_recover(svc->ledger);
}

/* changelog_forget - what was planned will not be done */
void
changelog_forget(struct changelog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		ledger_let_go(c->svc->ledger, c->v[i].slot);
		free(c->v[i].name);
	}
	free(c->v);
	c->v = NULL;
	c->n = 0;
}

/* line_of - as it will stand in the log */
static struct auditline
line_of(const struct changelog *c, const struct changelog_line *of, const char *op_id)
{
	const struct caller *who = c->caller;
	struct auditline l = { .change = true, .begun_ms = clock_wall_ms() };

	random_id(l.id);
	auditline_text(l.op_id, sizeof(l.op_id), op_id);
	auditline_text(l.action, sizeof(l.action), of->action);
	auditline_text(l.resource, sizeof(l.resource), of->resource);
	auditline_text(l.name, sizeof(l.name), of->name);
	auditline_text(l.user, sizeof(l.user), who->user != NULL ? who->user->r.id : NULL);
	auditline_text(l.token, sizeof(l.token), who->token != NULL ? who->token->sha : NULL);
	return l;
}

/* commits - slots from here on */
static void
commits(void *arg, const char *op_id)
{
	struct changelog *c = arg;

	for (size_t i = 0; i < c->n && i < CHANGELOG_SLOTS; i++) {
		const struct auditline l = line_of(c, &c->v[i], op_id);

		ledger_let_go(c->svc->ledger, c->v[i].slot);
		c->v[i].slot = ledger_plan(c->svc->ledger, &l);
	}
}

/* changelog_plan - what an earlier run of it has said is void */
void
changelog_plan(struct changelog *c, struct batch *b)
{
	changelog_forget(c);
	batch_at_commit(b, commits, c);
}

/* changelog_will - one more line */
void
changelog_will(struct changelog *c, const char *action, const char *resource, const char *name)
{
	if ((c->n & (c->n - 1)) == 0)
		c->v = x_realloc(c->v, (c->n > 0 ? 2 * c->n : 1) * sizeof(*c->v));
	c->v[c->n++] = (struct changelog_line){ action, resource, x_strdup(name), NULL };
}

/* changelog_end - of one whose end nobody knows a line too many is better than none */
bool
changelog_end(struct changelog *c, enum rc rc)
{
	bool stands = (rc == RC_OK || rc == RC_UNKNOWN) && c->n > 0;

	for (size_t i = 0; stands && i < c->n; i++) {
		const struct auditline l = line_of(c, &c->v[i], "");

		if (c->v[i].slot != NULL)
			ledger_end(c->svc->ledger, c->v[i].slot);
		else
			ledger_note(c->svc->ledger, &l);
		c->v[i].slot = NULL;
	}
	changelog_forget(c);
	if (stands)
		account_recoveries(c->svc);
	return stands;
}
