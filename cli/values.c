/* values.c - values of secrets: from options, files, stdin, the keyboard */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/text.h"
#include "cli/values.h"

struct collect {
	struct json_object	*data;
	bool			 stdin_used;
};

/* set_value - keep one value; where names its origin in errors */
static enum rc
set_value(struct collect *c, const char *key, const char *value, size_t len, const char *where,
    struct error *err)
{
	if (*key == '\0')
		return error_set(err, RC_USAGE, "%s: the key's name is missing", where);
	if (jsonx_has(c->data, key))
		return error_set(err, RC_USAGE, "%s: %s is given twice", where, key);
	if (memchr(value, '\0', len) != NULL || !text_is_utf8(value, len))
		return error_set(err, RC_INVALID, "%s: the value of %s is not text", where, key);
	if (len > VALUE_MAX)
		return error_set(err, RC_INVALID, "%s: the value of %s is over %d bytes", where,
		    key, VALUE_MAX);
	jsonx_put(c->data, key, json_object_new_string_len(value, (int)len));
	return RC_OK;
}

/* read_all - a whole file into memory that never moves (moving leaves copies); *out is the
   caller's, size + 1 bytes, to be wiped */
static enum rc
read_all(int fd, size_t size, const char *where, char **out, size_t *len, struct error *err)
{
	char *p = x_malloc(size + 1);
	size_t n = 0;
	ssize_t got;

	while (n <= size && (got = read(fd, p + n, size + 1 - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		n += (size_t)got;
	}
	if (n <= size && got == 0) {
		*out = p;
		*len = n;
		return RC_OK;
	}
	if (n > size)
		error_set(err, RC_INVALID, "%s: over %zu bytes", where, size);
	else
		error_set(err, RC_IO, "%s: %s", where, strerror(errno));
	mem_wipe(p, size + 1);
	free(p);
	return n > size ? RC_INVALID : RC_IO;
}

/* read_path - read_all() of a file by its name */
static enum rc
read_path(const char *path, size_t size, char **out, size_t *len, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum rc rc;

	if (fd < 0)
		return error_set(err, RC_IO, "%s: %s", path, strerror(errno));
	rc = read_all(fd, size, path, out, len, err);
	close(fd);
	return rc;
}

/* from_stdin - all of it, without one newline at its end */
static enum rc
from_stdin(struct collect *c, const char *key, struct error *err)
{
	size_t len;
	char *p;
	enum rc rc;

	if (c->stdin_used)
		return error_set(err, RC_USAGE, "--data %s=-: stdin can be read only once", key);
	c->stdin_used = true;
	if ((rc = read_all(STDIN_FILENO, VALUE_MAX, "stdin", &p, &len, err)) != RC_OK)
		return rc;
	rc = set_value(c, key, p, len - (len > 0 && p[len - 1] == '\n'), "--data", err);
	mem_wipe(p, VALUE_MAX + 1);
	free(p);
	return rc;
}

/* from_keyboard - asked for, without echo */
static enum rc
from_keyboard(struct collect *c, const char *key, struct error *err)
{
	char line[ASK_LINE_MAX];
	enum rc rc;

	if (!isatty(STDIN_FILENO))
		return error_set(err, RC_USAGE, "--data %s: stdin is no terminal to ask on; use "
		    "--data %s=- or --from-file", key, key);
	if ((rc = ask_silently(key, line, sizeof(line), err)) == RC_OK)
		rc = set_value(c, key, line, strlen(line), "--data", err);
	mem_wipe(line, sizeof(line));
	return rc;
}

/* from_data - one --data */
static enum rc
from_data(struct collect *c, char *text, struct error *err)
{
	size_t n = strcspn(text, "=");
	char *key = x_strndup(text, n), *value = text[n] == '=' ? text + n + 1 : NULL;
	enum rc rc;

	if (value == NULL)
		rc = from_keyboard(c, key, err);
	else if (strcmp(value, "-") == 0)
		rc = from_stdin(c, key, err);
	else {
		rc = set_value(c, key, value, strlen(value), "--data", err);
		mem_wipe(value, strlen(value));	/* /proc/PID/cmdline shows it to all users */
	}
	free(key);
	return rc;
}

/* from_file - one --from-file; the bytes as they are */
static enum rc
from_file(struct collect *c, const char *text, struct error *err)
{
	const char *eq = strchr(text, '=');
	char *key, *p;
	size_t len;
	enum rc rc;

	if (eq == NULL)
		return error_set(err, RC_USAGE, "--from-file %s: expected KEY=FILE", text);
	if ((rc = read_path(eq + 1, VALUE_MAX, &p, &len, err)) != RC_OK)
		return rc;
	key = x_strndup(text, (size_t)(eq - text));
	rc = set_value(c, key, p, len, eq + 1, err);
	free(key);
	mem_wipe(p, VALUE_MAX + 1);
	free(p);
	return rc;
}

/* unquote - in place: the value in quotes that begins at s, its length, or -1 when they don't end
   or something follows. In double quotes \n, \" and \\ are what they are in a shell's printf */
static ssize_t
unquote(char *s)
{
	char quote = *s, *from = s + 1, *to = s;

	for (; *from != quote; *to++ = *from++) {
		if (*from == '\0')
			return -1;
		if (quote == '"' && *from == '\\' && from[1] != '\0' &&
		    strchr("n\"\\", from[1]) != NULL && *++from == 'n')
			*from = '\n';
	}
	from++;
	from += strspn(from, " \t\r");
	return *from == '\0' || *from == '#' ? to - s : -1;
}

/* env_line - "KEY=VALUE", "export KEY='VALUE'", a comment, or nothing; where is FILE:LINE */
static enum rc
env_line(struct collect *c, char *line, const char *where, struct error *err)
{
	char *key = line + strspn(line, " \t\r"), *value, *end;
	ssize_t len;

	if (*key == '\0' || *key == '#')
		return RC_OK;
	if (strncmp(key, "export", 6) == 0 && isblank((unsigned char)key[6]))
		key += 6 + strspn(key + 6, " \t");
	if ((value = strchr(key, '=')) == NULL)
		return error_set(err, RC_INVALID, "%s: expected KEY=VALUE", where);
	for (end = value; end > key && isblank((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	value++;
	value += strspn(value, " \t");
	if (*value == '"' || *value == '\'') {
		if ((len = unquote(value)) < 0)
			return error_set(err, RC_INVALID, "%s: the quotes of %s don't match", where,
			    key);
	} else {
		for (len = (ssize_t)strlen(value); len > 0; len--)
			if (!isspace((unsigned char)value[len - 1]))
				break;
	}
	return set_value(c, key, value, (size_t)len, where, err);
}

/* from_env_file - one --from-env-file, line by line */
static enum rc
from_env_file(struct collect *c, const char *path, struct error *err)
{
	char *p, *line, *next, *where;
	unsigned n = 0;
	size_t len;
	enum rc rc;

	if ((rc = read_path(path, ENV_FILE_MAX, &p, &len, err)) != RC_OK)
		return rc;
	p[len] = '\0';
	if (strlen(p) != len)
		rc = error_set(err, RC_INVALID, "%s: has a NUL byte", path);
	for (line = p; rc == RC_OK && line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		where = x_asprintf("%s:%u", path, ++n);
		rc = env_line(c, line, where, err);
		free(where);
	}
	mem_wipe(p, ENV_FILE_MAX + 1);
	free(p);
	return rc;
}

/* values_collect - the keyboard last: nobody types a key to learn then that a file is missing */
enum rc
values_collect(const struct args *a, struct json_object **out, struct error *err)
{
	struct collect c = { .data = json_object_new_object() };
	enum rc rc = RC_OK;
	size_t at;
	char *text;

	for (at = 0; rc == RC_OK && (text = args_next(a, "from-file", &at)) != NULL; )
		rc = from_file(&c, text, err);
	for (at = 0; rc == RC_OK && (text = args_next(a, "from-env-file", &at)) != NULL; )
		rc = from_env_file(&c, text, err);
	for (at = 0; rc == RC_OK && (text = args_next(a, "data", &at)) != NULL; )
		rc = from_data(&c, text, err);
	if (rc == RC_OK && json_object_object_length(c.data) > 0) {
		*out = c.data;
		return RC_OK;
	}
	jsonx_wipe(c.data);
	json_object_put(c.data);
	if (rc == RC_OK)
		*out = NULL;
	return rc;
}
