/* usage.c - sums by (day, llm, user, token) */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/names.h"
#include "store/usage.h"

/* usage_release - and it may be used again */
void
usage_release(struct usage_sum *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->rows[i].llm);
		free(s->rows[i].user);
		free(s->rows[i].token);
	}
	free(s->rows);
	free(s->index);
	*s = (struct usage_sum)USAGE_SUM_INIT;
}

/* hash_key - of all four */
static uint64_t
hash_key(int64_t day, const struct usage_key *key)
{
	return names_hash(&day, sizeof(day)) ^ 3 * names_hash(key->llm, strlen(key->llm)) ^
	    5 * names_hash(key->user, strlen(key->user)) ^
	    7 * names_hash(key->token, strlen(key->token));
}

/* key_of - a row's */
static struct usage_key
key_of(const struct usage_row *row)
{
	return (struct usage_key){ row->llm, row->user, row->token };
}

/* same - is it the row of a key */
static bool
same(const struct usage_row *row, int64_t day, const struct usage_key *key)
{
	return row->day == day && strcmp(row->llm, key->llm) == 0 &&
	    strcmp(row->user, key->user) == 0 && strcmp(row->token, key->token) == 0;
}

/* place - where the key's row is noted, or would be */
static uint32_t *
place(struct usage_sum *s, int64_t day, const struct usage_key *key)
{
	size_t at = (size_t)hash_key(day, key) & (s->nindex - 1);

	while (s->index[at] != 0 && !same(&s->rows[s->index[at] - 1], day, key))
		at = (at + 1) & (s->nindex - 1);
	return &s->index[at];
}

/* grow - the table is at most half full */
static void
grow(struct usage_sum *s)
{
	s->room = s->room > 0 ? 2 * s->room : 64;
	s->rows = x_realloc(s->rows, s->room * sizeof(*s->rows));
	free(s->index);
	s->nindex = 2 * s->room;
	s->index = x_calloc(s->nindex, sizeof(*s->index));
	for (size_t i = 0; i < s->n; i++) {
		const struct usage_key key = key_of(&s->rows[i]);

		*place(s, s->rows[i].day, &key) = (uint32_t)i + 1;
	}
}

/* usage_add - find or make the row */
void
usage_add(struct usage_sum *s, int64_t day, const struct usage_key *key,
    const struct usage_counts *n)
{
	struct usage_row *row;
	uint32_t *at;

	if (s->n == s->room)
		grow(s);
	at = place(s, day, key);
	if (*at == 0) {
		s->rows[s->n++] = (struct usage_row){
			.day = day, .llm = x_strdup(key->llm), .user = x_strdup(key->user),
			.token = x_strdup(key->token),
		};
		*at = (uint32_t)s->n;
	}
	row = &s->rows[*at - 1];
	row->n.requests += n->requests;
	row->n.errors += n->errors;
	row->n.prompt += n->prompt;
	row->n.completion += n->completion;
	row->n.cached += n->cached;
}

/* by_key - for qsort(3) */
static int
by_key(const void *a, const void *b)
{
	const struct usage_row *x = a, *y = b;
	int order = (x->day > y->day) - (x->day < y->day);

	if (order == 0)
		order = strcmp(x->llm, y->llm);
	if (order == 0)
		order = strcmp(x->user, y->user);
	return order != 0 ? order : strcmp(x->token, y->token);
}

/* usage_sort - the index does not count after it */
void
usage_sort(struct usage_sum *s)
{
	if (s->n == 0)
		return;
	qsort(s->rows, s->n, sizeof(*s->rows), by_key);
	s->room = s->n;			/* so that the next row makes a new one */
}

/* text_of - "" for what is none; owned by the caller */
static char *
text_of(struct span value)
{
	char *text = value.p != NULL ? jscan_text(value, NULL) : NULL;

	return text != NULL ? text : x_strdup("");
}

/* tokens - 0 where nobody knows */
static uint64_t
tokens(struct span value)
{
	long long n = value.p != NULL && jscan_type(value) == 'n' ? jscan_int(value) : 0;

	return n > 0 ? (uint64_t)n : 0;
}

/* usage_count_event - as the ledger counts the call when it ends */
bool
usage_count_event(const struct auditevent *e, struct usage_key *key, struct usage_counts *n)
{
	if (!jscan_is(e->event, "llm_inference_call"))
		return false;
	*key = (struct usage_key){ text_of(e->llm), text_of(e->user), text_of(e->token) };
	*n = (struct usage_counts){
		1, e->error.p != NULL, tokens(e->prompt), tokens(e->completion), tokens(e->cached)
	};
	return true;
}

/* usage_key_release - the texts were made for it */
void
usage_key_release(struct usage_key *key)
{
	free((char *)key->llm);
	free((char *)key->user);
	free((char *)key->token);
}

/* usage_read_log - in whatever order */
enum rc
usage_read_log(const struct statedir *d, int64_t day, struct usage_sum *s, struct error *err)
{
	struct auditread *r;
	struct auditevent e;
	struct usage_counts n;
	struct usage_key key;
	enum rc rc = auditread_open(d, day, true, &r, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = auditread_next(r, &e, err)) == RC_OK) {
		if (!usage_count_event(&e, &key, &n))
			continue;
		usage_add(s, day, &key, &n);
		usage_key_release(&key);
	}
	auditread_close(r);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}
