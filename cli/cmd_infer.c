/* cmd_infer.c - mcpctl infer */
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "cli/chat.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/transport.h"
#include "store/record.h"

#define PROMPT_MAX	(32 << 20)	/* bytes; max_body of a gateway by default */
#define READ_SIZE	65536		/* bytes of one read */

/* read_stdin - the whole prompt, without the newline at its end */
static enum rc
read_stdin(struct buf *prompt, struct error *err)
{
	char piece[READ_SIZE];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		if (buf_add(prompt, piece, n, NULL) != RC_OK)
			return error_set(err, RC_TOO_LARGE, "the prompt is over %d bytes", PROMPT_MAX);
	if (ferror(stdin))
		return error_set(err, RC_IO, "stdin: %s", strerror(errno));
	while (prompt->len > 0 && prompt->p[prompt->len - 1] == '\n')
		prompt->p[--prompt->len] = '\0';
	return RC_OK;
}

/* get_prompt - the argument, else what is piped in */
static enum rc
get_prompt(const struct program *p, const struct args *a, struct buf *prompt, struct error *err)
{
	const char *word = a->nwords > 1 ? a->words[1] : NULL;
	enum rc rc;

	if (word != NULL && strcmp(word, "-") != 0)
		return buf_addstr(prompt, word, err);
	if (word == NULL && isatty(STDIN_FILENO))
		return error_set(err, RC_USAGE, "expected: %s NAME PROMPT (or - for stdin)", p->path);
	if ((rc = read_stdin(prompt, err)) != RC_OK)
		return rc;
	if (prompt->len == 0)
		return error_set(err, RC_USAGE, "the prompt is empty");
	if (!text_is_utf8(prompt->p, prompt->len) || strlen(prompt->p) != prompt->len)
		return error_set(err, RC_INVALID, "the prompt is not UTF-8 text");
	return RC_OK;
}

/* add_message - {"role", "content"} */
static void
add_message(struct json_object *list, const char *role, const char *content)
{
	struct json_object *m = json_object_new_object();

	jsonx_put_str(m, "role", role);
	jsonx_put_str(m, "content", content);
	json_object_array_add(list, m);
}

/* make_body - a chat/completions request; the gateway puts the model in */
static struct json_object *
make_body(const struct args *a, const char *prompt)
{
	struct json_object *body = json_object_new_object(), *messages = json_object_new_array();
	const char *system = args_text(a, "system");

	if (system != NULL)
		add_message(messages, "system", system);
	add_message(messages, "user", prompt);
	jsonx_put(body, "messages", messages);
	if (!args_has(a, "no-stream"))
		jsonx_put_bool(body, "stream", true);
	return body;
}

/* tell_end - an answer that is not all that the model had to say */
static void
tell_end(const struct program *p, const struct chat *c)
{
	if (strcmp(c->finish, "length") == 0)
		program_note(p, "(cut at the limit of tokens)");
	else if (strcmp(c->finish, "content_filter") == 0)
		program_note(p, "(the provider's filter ended it)");
}

/* run - one call, printed */
static enum rc
run(struct program *p, const struct args *a, const char *prompt, struct error *err)
{
	struct json_object *body;
	struct transport *t;
	struct chat chat;
	const char *text;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK ||
	    (rc = chat_init(&chat, args_has(a, "json") || p->format == FORMAT_JSON, err)) != RC_OK)
		return rc;
	body = make_body(a, prompt);
	text = jsonx_text(body);
	rc = t->ops->infer(t, a->words[0], text, strlen(text), &chat.sink, err);
	rc = chat_end(&chat, rc, err);
	if (rc == RC_OK)
		tell_end(p, &chat);
	chat_release(&chat);
	json_object_put(body);
	if (chat.closed)
		raise(SIGPIPE);			/* as any program whose reader has left */
	return rc;
}

static const struct opt infer_options[] = {
	{ "system", 0, "S", 0, "a system message before the prompt" },
	{ "no-stream", 0, NULL, 0, "ask for the answer in one piece" },
	{ "json", 0, NULL, 0, "print the events, or the answer, as they come" },
	OPT_END
};

/* do_infer - mcpctl infer NAME [PROMPT|-] */
static enum rc
do_infer(struct program *p, const struct args *a, struct error *err)
{
	struct buf prompt = BUF_INIT(PROMPT_MAX);
	enum rc rc = get_prompt(p, a, &prompt, err);

	if (rc == RC_OK)
		rc = run(p, a, prompt.p, err);
	buf_release(&prompt);
	return rc == RC_NOT_FOUND ? program_name_error(&kind_llm, a->words[0], rc, err) : rc;
}

const struct command command_infer = {
	.name = "infer", .group = "Use", .words = "NAME [PROMPT|-]",
	.least = 1, .most = 2, .objects = &kind_llm,
	.help = "send one prompt, and print the answer as it comes",
	.options = infer_options, .run = do_infer,
	.examples =
	    "mcpctl infer claude 'Say hello.'\n"
	    "mcpctl infer claude --system 'Answer in one word.' 'Capital of France?'\n"
	    "git diff | mcpctl infer claude --system 'Review this change.'\n"
	    "mcpctl infer claude hello --json\n",
};
