/* complete.c - candidates, from the table of commands and from the catalogue */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/text.h"
#include "cli/transport.h"
#include "store/records.h"

enum wanted { WANT_NOTHING, WANT_FILE, WANT_WORDS, WANT_OBJECT, WANT_SECRET_KEY, WANT_BINDING, WANT_SUBJECT };

static const char *const formats[] = { "table", "wide", "json", "yaml", "name", NULL };
static const char *const tiers[] = { "fast", "heavy", NULL };
static const char *const bys[] = { "llm", "user", "token", "day", NULL };
static const char *const backends[] = { "sealed", "plaintext", "openbao", NULL };
static const char *const actions[] = { "migrate-secrets", NULL };

/* what the value of each option is; of --type it depends on the command */
static const struct value {
	const char		*option;
	enum wanted		 wanted;
	const char *const	*words;		/* WANT_WORDS */
	const struct kind	*kind;		/* WANT_OBJECT */
} values[] = {
	{ "alias",		WANT_NOTHING, NULL, NULL },
	{ "api-key-ref",	WANT_SECRET_KEY, NULL, NULL },
	{ "backend",		WANT_OBJECT, NULL, &kind_secretbackend },
	{ "by",			WANT_WORDS, bys, NULL },
	{ "config",		WANT_NOTHING, NULL, NULL },
	{ "daemon-url",		WANT_NOTHING, NULL, NULL },
	{ "data",		WANT_NOTHING, NULL, NULL },
	{ "db",			WANT_FILE, NULL, NULL },
	{ "description",	WANT_NOTHING, NULL, NULL },
	{ "expires",		WANT_NOTHING, NULL, NULL },
	{ "extra",		WANT_NOTHING, NULL, NULL },
	{ "file",		WANT_FILE, NULL, NULL },
	{ "from",		WANT_OBJECT, NULL, &kind_secretbackend },
	{ "from-env-file",	WANT_FILE, NULL, NULL },
	{ "from-file",		WANT_FILE, NULL, NULL },
	{ "key-file",		WANT_FILE, NULL, NULL },
	{ "limit",		WANT_NOTHING, NULL, NULL },
	{ "llm",		WANT_OBJECT, NULL, &kind_llm },
	{ "member",		WANT_OBJECT, NULL, &kind_user },
	{ "model",		WANT_NOTHING, NULL, NULL },
	{ "mount",		WANT_NOTHING, NULL, NULL },
	{ "namespace",		WANT_NOTHING, NULL, NULL },
	{ "operation",		WANT_WORDS, actions, NULL },
	{ "output",		WANT_WORDS, formats, NULL },
	{ "path-prefix",	WANT_NOTHING, NULL, NULL },
	{ "role",		WANT_BINDING, NULL, NULL },
	{ "scope",		WANT_BINDING, NULL, NULL },
	{ "since",		WANT_NOTHING, NULL, NULL },
	{ "subject",		WANT_SUBJECT, NULL, NULL },
	{ "system",		WANT_NOTHING, NULL, NULL },
	{ "tier",		WANT_WORDS, tiers, NULL },
	{ "to",			WANT_OBJECT, NULL, &kind_secretbackend },
	{ "token-file",		WANT_FILE, NULL, NULL },
	{ "token-secret",	WANT_SECRET_KEY, NULL, NULL },
	{ "type",		WANT_WORDS, NULL, NULL },
	{ "url",		WANT_NOTHING, NULL, NULL },
	{ "user",		WANT_OBJECT, NULL, &kind_user },
};

struct line {				/* where the reading of the words stands */
	struct program		*p;
	FILE			*out;
	const struct command	*command;
	bool			 lost;		/* a word that is no command: nothing can follow */
	const char		*object;	/* the first word behind the command, NULL: none yet */
	size_t			 nwords;	/* words behind the command */
	const char		*last;		/* the unfinished one */
	struct json_object	*taken;		/* words that stand there already */
};

/* find_value - the row of an option, or NULL */
static const struct value *
find_value(const char *option)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].option, option) == 0)
			return &values[i];
	return NULL;
}

/* complete_option - see complete.h */
bool
complete_option(const char *name)
{
	return find_value(name) != NULL;
}

/* offer - one candidate, where it begins as the word does; prefix is what stands before it in the word */
static void
offer(const struct line *l, const char *prefix, const char *text, const char *suffix,
    const char *help)
{
	char *word = x_asprintf("%s%s%s", prefix, text, suffix), *clean;

	if (strncmp(word, l->last, strlen(l->last)) == 0) {
		clean = text_clean(help != NULL ? help : "");
		fprintf(l->out, "%s%s%s\n", word, *clean != '\0' ? "\t" : "", clean);
		free(clean);
	}
	free(word);
}

/* offer_words - of a fixed list */
static void
offer_words(const struct line *l, const char *prefix, const char *const *words, const char *suffix)
{
	for (; *words != NULL; words++)
		offer(l, prefix, *words, suffix, NULL);
}

/* offer_objects - the names that the catalogue has; a table that is read takes no lock */
static void
offer_objects(const struct line *l, const char *prefix, const struct kind *k, const char *suffix)
{
	struct json_object *list;
	struct transport *t;
	struct error ignored;

	if (program_transport(l->p, &t, &ignored) != RC_OK ||
	    t->ops->list(t, k, &list, &ignored) != RC_OK)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *name = jsonx_str(o, "name", "");

		if (*prefix != '\0' || !json_object_object_get_ex(l->taken, name, NULL))
			offer(l, prefix, name, suffix, jsonx_str(o, "description", NULL));
	}
	json_object_put(list);
}

/* offer_secret_keys - NAME/ first, then the keys of that secret */
static void
offer_secret_keys(const struct line *l)
{
	const char *slash = strchr(l->last, '/');
	struct json_object *o, *keys;
	struct transport *t;
	struct error ignored;
	char *name, *prefix;

	if (slash == NULL) {
		offer_objects(l, "", &kind_secret, "/");
		return;
	}
	name = x_strndup(l->last, (size_t)(slash - l->last));
	prefix = x_asprintf("%s/", name);
	if (program_transport(l->p, &t, &ignored) == RC_OK &&
	    t->ops->get(t, &kind_secret, name, &o, &ignored) == RC_OK) {
		keys = jsonx_get(o, "keys");
		for (size_t i = 0; keys != NULL && i < json_object_array_length(keys); i++)
			offer(l, prefix, json_object_get_string(json_object_array_get_idx(keys, i)),
			    "", NULL);
		json_object_put(o);
	}
	free(prefix);
	free(name);
}

/* offer_binding - ROLE:RESOURCE[:NAME], a part after the other */
static void
offer_binding(const struct line *l)
{
	const char *colon = strchr(l->last, ':'), *second;
	char *prefix, *word;
	int resource;

	if (colon == NULL) {
		for (size_t i = 0; i < ROLE__MAX; i++)
			offer(l, "", role_names[i], ":", NULL);
		return;
	}
	second = strchr(colon + 1, ':');
	prefix = x_strndup(l->last, (size_t)((second != NULL ? second : colon) + 1 - l->last));
	if (second == NULL) {
		for (int i = 0; i < RESOURCE__MAX; i++)
			offer(l, prefix, resource_name((enum resource)i), "", NULL);
		offer(l, prefix, "*", "", NULL);
	} else {
		word = x_strndup(colon + 1, (size_t)(second - colon - 1));
		resource = resource_find(word);
		if (resource >= 0 && resource < RESOURCE__STORED && kinds[resource] != NULL)
			offer_objects(l, prefix, kinds[resource], "");
		free(word);
	}
	free(prefix);
}

/* offer_subject - KIND:NAME */
static void
offer_subject(const struct line *l)
{
	static const struct { const char *name; const struct kind *kind; } subjects[] = {
		{ "User:", &kind_user }, { "Group:", &kind_group }, { "McpToken:", &kind_mcptoken },
	};

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (strncmp(l->last, subjects[i].name, strlen(subjects[i].name)) == 0)
			offer_objects(l, subjects[i].name, subjects[i].kind, "");
		else
			offer(l, subjects[i].name, "", "", NULL);
	}
}

/* offer_types - of llms, or of backends */
static void
offer_types(const struct line *l, const char *prefix)
{
	if (strcmp(l->command->name, kind_secretbackend.singular) == 0)
		offer_words(l, prefix, backends, "");
	else
		for (const struct llm_type *t = llm_types; t->name != NULL; t++)
			offer(l, prefix, t->name, "", NULL);
}

/* offer_value - what may be given to an option */
static void
offer_value(const struct line *l, const struct value *v)
{
	switch (v->wanted) {
	case WANT_NOTHING:
		return;
	case WANT_FILE:
		fputs(":files\n", l->out);
		return;
	case WANT_WORDS:
		if (v->words != NULL)
			offer_words(l, "", v->words, "");
		else
			offer_types(l, "");
		return;
	case WANT_OBJECT:
		offer_objects(l, "", v->kind, "");
		return;
	case WANT_SECRET_KEY:
		offer_secret_keys(l);
		return;
	case WANT_BINDING:
		offer_binding(l);
		return;
	case WANT_SUBJECT:
		offer_subject(l);
		return;
	}
}

/* find_option - by its long name or its letter ("--output", "-o"); NULL: no such option here */
static const struct opt *
find_option(const struct command *c, const char *word)
{
	const struct opt *const tables[] = { c->options, command_top.options };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct opt *o = tables[i]; o != NULL && o->name != NULL; o++)
			if ((word[1] == '-' && strcmp(word + 2, o->name) == 0) ||
			    (word[1] == o->letter && word[1] != '\0' && word[2] == '\0'))
				return o;
	return NULL;
}

/* offer_options - a command's own, then the global ones */
static void
offer_options(const struct line *l)
{
	const struct opt *own = l->command != &command_top ? l->command->options : NULL;

	for (const struct opt *o = own; o != NULL && o->name != NULL; o++)
		offer(l, "--", o->name, "", o->help);
	for (const struct opt *o = command_top.options; o->name != NULL; o++)
		offer(l, "--", o->name, "", o->help);
}

/* offer_resources - by their plural names */
static void
offer_resources(const struct line *l)
{
	for (size_t i = 0; i < RESOURCE__STORED; i++)
		if (kinds[i] != NULL)
			offer(l, "", kinds[i]->plural, "", NULL);
	if (strcmp(l->command->name, "get") == 0)
		offer(l, "", "all", "", NULL);
}

/* offer_members - KEY=, of the object's kind */
static void
offer_members(const struct line *l)
{
	const struct kind *k = kind_find(l->object);

	for (size_t i = 0; k != NULL && k->fields[i] != NULL; i++)
		offer(l, "", k->fields[i], "=", NULL);
}

/* offer_word - what a command takes at this place, as its row says ("RESOURCE NAME KEY=VALUE...") */
static void
offer_word(const struct line *l)
{
	const struct command *c = l->command;
	bool resource = strncmp(c->words, "RESOURCE", 8) == 0;
	const struct kind *k = resource && l->object != NULL ? kind_find(l->object) : NULL;

	if (c->sub != NULL) {
		for (const struct command *const *s = c->sub; *s != NULL; s++)
			if ((*s)->group != NULL)
				offer(l, "", (*s)->name, "", (*s)->help);
	} else if (l->nwords >= c->most) {
		return;
	} else if (resource && l->nwords == 0) {
		offer_resources(l);
	} else if (l->nwords >= 2 && strstr(c->words, "KEY=VALUE") != NULL) {
		offer_members(l);
	} else if (k != NULL) {
		offer_objects(l, "", k, "");
	} else if (c->objects != NULL && (l->nwords == 0 || strstr(c->words, "NAME...") != NULL)) {
		offer_objects(l, "", c->objects, "");
	} else if (strncmp(c->words, "bash", 4) == 0) {
		static const char *const shells[] = { "bash", "fish", "zsh", NULL };

		offer_words(l, "", shells, "");
	}
}

/* take_word - one that is finished: a command deeper, or one of its words */
static void
take_word(struct line *l, const char *word)
{
	const struct command *c;
	struct error ignored;

	if (l->command->sub != NULL) {
		l->lost |= command_find(l->command, word, &c, &ignored) != RC_OK;
		l->command = l->lost ? l->command : c;
		return;
	}
	if (l->nwords++ == 0)
		l->object = word;
	jsonx_put_bool(l->taken, word, true);
}

/* walk - all finished words; the option that waits for its value, or NULL */
static const struct opt *
walk(struct line *l, char **words)
{
	const struct opt *waits = NULL;
	bool options = true;

	for (; words[1] != NULL; words++) {
		if (waits != NULL) {
			waits = NULL;
		} else if (options && strcmp(*words, "--") == 0) {
			options = false;
		} else if (options && **words == '-' && (*words)[1] != '\0') {
			waits = find_option(l->command, *words);
			if (waits != NULL && waits->value == NULL)
				waits = NULL;
		} else {
			take_word(l, *words);
		}
	}
	l->last = *words;
	return waits;
}

/* settle - the global options that were typed say whose names are wanted */
static void
settle(struct program *p, const struct command *c, char **words, struct args *a)
{
	struct error ignored;

	while (*words != NULL && words[1] != NULL) {
		char *pair[] = { words[0], words[1], NULL }, **at = pair;
		const struct opt *o = **words == '-' ? find_option(c, *words) : NULL;

		if (o != NULL && o->value != NULL && find_option(&command_top, *words) == o) {
			(void)args_parse(a, NULL, command_top.options, &at, false, &ignored);
			words++;
		} else if (strncmp(*words, "--", 2) == 0 && strchr(*words, '=') != NULL) {
			pair[1] = NULL;
			(void)args_parse(a, NULL, command_top.options, &at, false, &ignored);
		}
		words++;
	}
	p->flags = a;
}

/* complete - see complete.h */
void
complete(struct program *p, char **words, FILE *out)
{
	struct line l = { .p = p, .out = out, .command = &command_top };
	const struct args *flags = p->flags;
	struct args typed = ARGS_INIT;
	const struct opt *waits;
	const struct value *v;

	if (*words == NULL)
		return;
	l.taken = json_object_new_object();
	waits = walk(&l, words);
	settle(p, l.command, words, &typed);
	if (l.lost) {
		;
	} else if (waits != NULL) {
		if ((v = find_value(waits->name)) != NULL)
			offer_value(&l, v);
	} else if (l.last[0] == '-') {
		offer_options(&l);
	} else {
		offer_word(&l);
	}
	p->flags = flags;
	args_release(&typed);
	json_object_put(l.taken);
}
