/* options.c - parse a command line by its tables */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "cli/options.h"

struct parse {
	struct args		*args;
	const struct opt	*tables[2];
	char			**argv;		/* what is not read yet */
};

/* find_long - the row of "--name", whose name is len bytes long */
static const struct opt *
find_long(const struct parse *p, const char *name, size_t len)
{
	for (size_t i = 0; i < 2; i++)
		for (const struct opt *o = p->tables[i]; o != NULL && o->name != NULL; o++)
			if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
				return o;
	return NULL;
}

/* find_letter - the row of "-x" */
static const struct opt *
find_letter(const struct parse *p, char letter)
{
	for (size_t i = 0; i < 2; i++)
		for (const struct opt *o = p->tables[i]; o != NULL && o->name != NULL; o++)
			if (o->letter == letter)
				return o;
	return NULL;
}

/* keep - one option more */
static void
keep(struct args *a, const struct opt *opt, char *value)
{
	a->v = x_realloc(a->v, (a->n + 1) * sizeof(*a->v));
	a->v[a->n++] = (struct arg){ opt, value };
}

/* unknown_long - with the name that was meant, where one is near */
static enum rc
unknown_long(const struct parse *p, const char *name, size_t len, struct error *err)
{
	struct suggestion s;
	char *word = x_strndup(name, len);

	suggestion_init(&s, word);
	for (size_t i = 0; i < 2; i++)
		for (const struct opt *o = p->tables[i]; o != NULL && o->name != NULL; o++)
			suggestion_offer(&s, o->name);
	if (s.best != NULL)
		error_set(err, RC_USAGE, "unknown option '--%s' (did you mean '--%s'?)", word,
		    s.best);
	else
		error_set(err, RC_USAGE, "unknown option '--%s'", word);
	free(word);
	return RC_USAGE;
}

/* parse_long - what follows the two dashes */
static enum rc
parse_long(struct parse *p, char *text, struct error *err)
{
	size_t len = strcspn(text, "=");
	char *value = text[len] == '=' ? text + len + 1 : NULL;
	const struct opt *o = find_long(p, text, len);

	if (o == NULL)
		return unknown_long(p, text, len, err);
	if (o->value == NULL && value != NULL)
		return error_set(err, RC_USAGE, "--%s takes no value", o->name);
	if (o->value != NULL && value == NULL && (value = *p->argv) == NULL)
		return error_set(err, RC_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
		    o->value);
	if (o->value != NULL && text[len] != '=')
		p->argv++;
	keep(p->args, o, value);
	return RC_OK;
}

/* parse_letters - what follows one dash: flags, the last of which may have a value */
static enum rc
parse_letters(struct parse *p, char *text, struct error *err)
{
	const struct opt *o;

	for (; *text != '\0'; text++) {
		if ((o = find_letter(p, *text)) == NULL)
			return error_set(err, RC_USAGE, "unknown option '-%c'", *text);
		if (o->value == NULL) {
			keep(p->args, o, NULL);
			continue;
		}
		text += text[1] == '=' ? 2 : 1;
		if (*text == '\0' && (text = *p->argv++) == NULL)
			return error_set(err, RC_USAGE, "-%c needs a value: -%c %s", o->letter,
			    o->letter, o->value);
		keep(p->args, o, text);
		break;
	}
	return RC_OK;
}

/* add_word - something that is no option */
static void
add_word(struct args *a, char *word)
{
	a->words = x_realloc(a->words, (a->nwords + 1) * sizeof(*a->words));
	a->words[a->nwords++] = word;
}

/* args_parse - options and words, in any order */
enum rc
args_parse(struct args *a, const struct opt *own, const struct opt *common, char ***argv,
    bool to_word, struct error *err)
{
	struct parse p = { .args = a, .tables = { own, common }, .argv = *argv };
	bool words_only = false;
	enum rc rc = RC_OK;
	char *s;

	while (rc == RC_OK && (s = *p.argv) != NULL) {
		bool word = words_only || s[0] != '-' || s[1] == '\0';

		if (word && to_word)
			break;
		p.argv++;
		if (word)
			add_word(a, s);
		else if (s[1] != '-')
			rc = parse_letters(&p, s + 1, err);
		else if (s[2] != '\0')
			rc = parse_long(&p, s + 2, err);
		else
			words_only = true;
	}
	*argv = p.argv;
	return rc;
}

/* args_require - the first one that is missing is named */
enum rc
args_require(const struct args *a, const struct opt *own, struct error *err)
{
	const struct opt *o;

	for (o = own; o != NULL && o->name != NULL; o++)
		if ((o->flags & OPT_WAIVES) && args_has(a, o->name))
			return RC_OK;
	for (o = own; o != NULL && o->name != NULL; o++)
		if ((o->flags & OPT_REQUIRED) && !args_has(a, o->name))
			return error_set(err, RC_USAGE, "--%s %s is required", o->name, o->value);
	return RC_OK;
}

/* args_has - be it a flag or not */
bool
args_has(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].opt->name, name) == 0)
			return true;
	return false;
}

/* args_text - the last one wins */
const char *
args_text(const struct args *a, const char *name)
{
	for (size_t i = a->n; i-- > 0; )
		if (strcmp(a->v[i].opt->name, name) == 0)
			return a->v[i].value;
	return NULL;
}

/* args_next - every one counts */
char *
args_next(const struct args *a, const char *name, size_t *at)
{
	while (*at < a->n) {
		const struct arg *v = &a->v[(*at)++];

		if (strcmp(v->opt->name, name) == 0)
			return v->value;
	}
	return NULL;
}

/* args_release - forget the command line */
void
args_release(struct args *a)
{
	free(a->v);
	free(a->words);
	*a = (struct args)ARGS_INIT;
}
