/* udiff.c - the longest common lines, and what is not among them */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/text.h"
#include "cli/udiff.h"

struct lines {
	char	**v;		/* copies, without their newline */
	size_t	 n;
};

struct edit {				/* one line of the diff */
	char		 sign;		/* ' ', '-', '+' */
	const char	*text;
};

struct script {
	struct edit	*v;
	size_t		 n;
};

/* split - into lines */
static struct lines
split(const char *text)
{
	struct lines l = { NULL, 0 };
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		l.v = x_realloc(l.v, (l.n + 1) * sizeof(*l.v));
		l.v[l.n++] = x_strndup(text, len);
	}
	return l;
}

/* lines_release - free the copies */
static void
lines_release(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

/* add - one line to the script, which has room for all */
static void
add(struct script *s, char sign, const char *text)
{
	s->v[s->n++] = (struct edit){ sign, text };
}

/* lengths - of the longest common part of a[i..] and b[j..], in a table of (na + 1) * (nb + 1) */
static uint32_t *
lengths(char *const *a, size_t na, char *const *b, size_t nb)
{
	size_t w = nb + 1;
	uint32_t *t = x_calloc((na + 1) * w, sizeof(*t));

	for (size_t i = na; i-- > 0; )
		for (size_t j = nb; j-- > 0; ) {
			uint32_t down = t[(i + 1) * w + j], right = t[i * w + j + 1];

			if (strcmp(a[i], b[j]) == 0)
				t[i * w + j] = t[(i + 1) * w + j + 1] + 1;
			else
				t[i * w + j] = down > right ? down : right;
		}
	return t;
}

/* middle - the part in which the two sides may differ; removals stand before additions */
static void
middle(struct script *s, char *const *a, size_t na, char *const *b, size_t nb)
{
	uint32_t *t = (na + 1) * (nb + 1) <= UDIFF_CELLS ? lengths(a, na, b, nb) : NULL;
	size_t i = 0, j = 0, w = nb + 1;

	while (t != NULL && i < na && j < nb) {
		if (strcmp(a[i], b[j]) == 0) {
			add(s, ' ', a[i++]);
			j++;
		} else if (t[(i + 1) * w + j] >= t[i * w + j + 1]) {
			add(s, '-', a[i++]);
		} else {
			add(s, '+', b[j++]);
		}
	}
	while (i < na)
		add(s, '-', a[i++]);
	while (j < nb)
		add(s, '+', b[j++]);
	free(t);
}

/* compare - what is equal at both ends needs no table */
static struct script
compare(const struct lines *a, const struct lines *b)
{
	struct script s = { x_calloc(a->n + b->n + 1, sizeof(*s.v)), 0 };
	size_t head = 0, tail = 0;

	while (head < a->n && head < b->n && strcmp(a->v[head], b->v[head]) == 0)
		add(&s, ' ', a->v[head++]);
	while (tail < a->n - head && tail < b->n - head &&
	    strcmp(a->v[a->n - 1 - tail], b->v[b->n - 1 - tail]) == 0)
		tail++;
	middle(&s, a->v + head, a->n - head - tail, b->v + head, b->n - head - tail);
	for (size_t i = a->n - tail; i < a->n; i++)
		add(&s, ' ', a->v[i]);
	return s;
}

/* next_change - the first changed line at or after i; n: none */
static size_t
next_change(const struct script *s, size_t i)
{
	while (i < s->n && s->v[i].sign == ' ')
		i++;
	return i;
}

/* hunk_end - behind the context of the last change that belongs to the hunk which has one at i */
static size_t
hunk_end(const struct script *s, size_t i)
{
	size_t last = i, next;

	while ((next = next_change(s, last + 1)) < s->n && next - last <= 2 * UDIFF_CONTEXT + 1)
		last = next;
	last += 1 + UDIFF_CONTEXT;
	return last < s->n ? last : s->n;
}

/* count - lines of a side in a part of the script */
static size_t
count(const struct script *s, size_t from, size_t to, char sign)
{
	size_t n = 0;

	for (; from < to; from++)
		n += s->v[from].sign == ' ' || s->v[from].sign == sign;
	return n;
}

/* range - "@@ -1,4 +1,5 @@"; an empty side counts from the line before */
static void
range(const struct script *s, size_t from, size_t to, bool colour, FILE *out)
{
	size_t a = count(s, 0, from, '-'), na = count(s, from, to, '-');
	size_t b = count(s, 0, from, '+'), nb = count(s, from, to, '+');

	fprintf(out, "%s@@ -%zu,%zu +%zu,%zu @@%s\n", colour ? "\033[36m" : "", a + (na > 0), na,
	    b + (nb > 0), nb, colour ? "\033[0m" : "");
}

/* print_line - safe for a terminal */
static void
print_line(const struct edit *e, bool colour, FILE *out)
{
	char *text = text_clean(e->text);

	if (colour && e->sign != ' ')
		fprintf(out, "\033[3%dm%c%s\033[0m\n", e->sign == '-' ? 1 : 2, e->sign, text);
	else
		fprintf(out, "%c%s\n", e->sign, text);
	free(text);
}

/* udiff_print - see udiff.h */
bool
udiff_print(const char *from, const char *a, const char *to, const char *b, bool colour, FILE *out)
{
	struct lines left = split(a), right = split(b);
	struct script s = compare(&left, &right);
	size_t i = next_change(&s, 0), begin, end;
	bool differ = i < s.n;

	if (differ)
		fprintf(out, "%s--- %s\n+++ %s%s\n", colour ? "\033[1m" : "", from, to,
		    colour ? "\033[0m" : "");
	for (; i < s.n; i = next_change(&s, end)) {
		begin = i > UDIFF_CONTEXT ? i - UDIFF_CONTEXT : 0;
		end = hunk_end(&s, i);
		range(&s, begin, end, colour, out);
		for (; begin < end; begin++)
			print_line(&s.v[begin], colour, out);
	}
	free(s.v);
	lines_release(&left);
	lines_release(&right);
	return differ;
}
