/* config_file.c - mcpd.yaml, event by event, so that every error has its line */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/mem.h"

#define KEY_MAX		100		/* bytes of a key, with its group and the NUL */
#define WHERE_MAX	600		/* bytes of "FILE:LINE: KEY" */

struct reader {
	struct config	*c;
	const char	*path;
	const struct buf *yaml;		/* the whole text */
	yaml_parser_t	 parser;
	yaml_event_t	 event;		/* the one being looked at */
	bool		 seen[OPTIONS_MAX];	/* rows that the file has set */
	bool		 open[OPTIONS_MAX];	/* groups that it has, by their first row */
	struct error	*err;
};

/* line - of the event */
static size_t
line(const struct reader *r)
{
	return r->event.start_mark.line + 1;
}

/* bad - refuse the event */
static enum rc
bad(const struct reader *r, const char *what)
{
	return error_set(r->err, RC_INVALID, "%s:%zu: %s", r->path, line(r), what);
}

/* anchored - an anchor on the event: nothing may refer to it */
static bool
anchored(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:		return e->data.scalar.anchor != NULL;
	case YAML_SEQUENCE_START_EVENT:	return e->data.sequence_start.anchor != NULL;
	case YAML_MAPPING_START_EVENT:	return e->data.mapping_start.anchor != NULL;
	default:			return e->type == YAML_ALIAS_EVENT;
	}
}

/* syntax_error - libyaml's words; bytes that are no text it knows by their offset alone */
static enum rc
syntax_error(const struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	size_t number = p->problem_mark.line + 1;

	if (p->error == YAML_READER_ERROR) {
		number = 1;
		for (size_t i = 0; i < p->problem_offset && i < r->yaml->len; i++)
			number += r->yaml->p[i] == '\n';
	}
	return error_set(r->err, RC_INVALID, "%s:%zu: %s", r->path, number,
	    p->problem != NULL ? p->problem : "not YAML");
}

/* next - the next event; the one before is gone */
static enum rc
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return syntax_error(r);
	if (anchored(&r->event))
		return bad(r, "anchors and aliases are not allowed");
	return RC_OK;
}

/* text - of the scalar, NULL if it isn't one or holds a NUL; what YAML 1.1 calls null is empty */
static const char *
text(const struct reader *r)
{
	static const char *const nulls[] = { "~", "null", "Null", "NULL" };
	const char *value = (const char *)r->event.data.scalar.value;

	if (r->event.type != YAML_SCALAR_EVENT || strlen(value) != r->event.data.scalar.length)
		return NULL;
	if (r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return value;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(*nulls); i++) {
		if (strcmp(value, nulls[i]) == 0)
			return "";
	}
	return value;
}

/* read_list - [a, b] as "a,b", which is how lists are written elsewhere; owned by the caller */
static enum rc
read_list(struct reader *r, const char *where, char **list)
{
	struct buf joined = BUF_INIT(CONFIG_FILE_MAX);
	const char *item;
	enum rc rc;

	while ((rc = next(r)) == RC_OK && r->event.type != YAML_SEQUENCE_END_EVENT) {
		item = text(r);
		if (item == NULL || *item == '\0' || strchr(item, ',') != NULL)
			rc = error_set(r->err, RC_INVALID, "%s: each item must be one text", where);
		if (rc == RC_OK && joined.len > 0)
			rc = buf_addstr(&joined, ",", r->err);
		if (rc == RC_OK)
			rc = buf_addstr(&joined, item, r->err);
		if (rc != RC_OK)
			break;
	}
	if (rc == RC_OK)
		*list = buf_take(&joined);
	buf_release(&joined);
	return rc;
}

/* read_value - of one option; the event is the value's first */
static enum rc
read_value(struct reader *r, const struct option_row *row)
{
	char where[WHERE_MAX], *list;
	const char *value = text(r);
	enum rc rc;

	snprintf(where, sizeof(where), "%s:%zu: %s", r->path, line(r), row->name);
	if (row->type == OPTION_STRINGS && r->event.type == YAML_SEQUENCE_START_EVENT) {
		rc = read_list(r, where, &list);
		if (rc != RC_OK)
			return rc;
		rc = config_set(r->c, row->name, list, where, r->err);
		free(list);
		return rc;
	}
	if (value == NULL)
		return error_set(r->err, RC_INVALID, "%s: must be %s", where,
		    row->type == OPTION_STRINGS ? "a list" : "one value");
	return config_set(r->c, row->name, value, where, r->err);
}

/* group_find - the first of the options that stand below this key ("audit"); NULL */
static const struct option_row *
group_find(const char *key)
{
	size_t len = strlen(key);

	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (strncmp(row->name, key, len) == 0 && row->name[len] == '.')
			return row;
	}
	return NULL;
}

static enum rc read_mapping(struct reader *r, const char *group);

/* read_group - the value of a key below which options stand */
static enum rc
read_group(struct reader *r, const char *key)
{
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return error_set(r->err, RC_INVALID, "%s:%zu: %s: must be a mapping", r->path,
		    line(r), key);
	return read_mapping(r, key);
}

/* read_member - a key and its value; the event is the key */
static enum rc
read_member(struct reader *r, const char *group)
{
	const struct option_row *row, *first;
	char key[KEY_MAX], where[WHERE_MAX];
	const char *name = text(r);
	bool *seen;
	enum rc rc;

	if (name == NULL || *name == '\0')
		return bad(r, "a key must be one word");
	snprintf(key, sizeof(key), "%s%s%s", group, *group != '\0' ? "." : "", name);
	snprintf(where, sizeof(where), "%s:%zu", r->path, line(r));
	row = option_find(key);
	first = group_find(key);
	if (row == NULL && first == NULL)
		return config_unknown(key, where, r->err);
	seen = row != NULL ? &r->seen[row - option_rows] : &r->open[first - option_rows];
	if (*seen)
		return error_set(r->err, RC_INVALID, "%s: %s is here twice", where, key);
	*seen = true;
	rc = next(r);
	if (rc != RC_OK)
		return rc;
	return row != NULL ? read_value(r, row) : read_group(r, key);
}

/* read_mapping - behind its start, up to its end; groups have no groups in them, so two deep */
static enum rc
read_mapping(struct reader *r, const char *group)
{
	enum rc rc;

	while ((rc = next(r)) == RC_OK && r->event.type != YAML_MAPPING_END_EVENT) {
		rc = read_member(r, group);
		if (rc != RC_OK)
			break;
	}
	return rc;
}

/* read_document - a mapping, or nothing */
static enum rc
read_document(struct reader *r)
{
	const char *value;
	enum rc rc = next(r);

	if (rc != RC_OK)
		return rc;
	value = text(r);
	if (r->event.type == YAML_MAPPING_START_EVENT)
		rc = read_mapping(r, "");
	else if (value == NULL || *value != '\0')
		rc = bad(r, "a mapping of keys to values is expected");
	return rc == RC_OK ? next(r) : rc;
}

/* read_stream - at most one document */
static enum rc
read_stream(struct reader *r)
{
	enum rc rc = next(r);

	if (rc == RC_OK)
		rc = next(r);
	if (rc != RC_OK || r->event.type == YAML_STREAM_END_EVENT)
		return rc;
	rc = read_document(r);
	if (rc == RC_OK)
		rc = next(r);
	if (rc == RC_OK && r->event.type != YAML_STREAM_END_EVENT)
		rc = bad(r, "a second document is not allowed");
	return rc;
}

/* read_all - up to one byte more than is allowed */
static enum rc
read_all(int fd, const char *path, struct buf *text, struct error *err)
{
	char chunk[4096];
	ssize_t n;
	enum rc rc;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, RC_IO, "%s: %s", path, strerror(errno));
		rc = buf_add(text, chunk, (size_t)n, err);
		if (rc != RC_OK)
			return error_set(err, RC_INVALID, "%s: larger than %d bytes", path,
			    CONFIG_FILE_MAX);
	}
	return RC_OK;
}

/* read_file - a regular one: O_NONBLOCK, or a FIFO would hold the start up */
static enum rc
read_file(const char *path, struct buf *text, struct error *err)
{
	struct stat st;
	enum rc rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_set(err, errno == ENOENT ? RC_NOT_FOUND : RC_IO, "%s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = error_set(err, RC_INVALID, "%s: not a regular file", path);
	else
		rc = read_all(fd, path, text, err);
	close(fd);
	return rc;
}

/* config_file - one file */
enum rc
config_file(struct config *c, const char *path, struct error *err)
{
	struct buf all = BUF_INIT(CONFIG_FILE_MAX);
	struct reader r = { .c = c, .path = path, .yaml = &all, .err = err };
	enum rc rc = read_file(path, &all, err);

	if (rc != RC_OK || !yaml_parser_initialize(&r.parser)) {
		buf_release(&all);
		return rc != RC_OK ? rc : error_set(err, RC_IO, "%s: out of memory", path);
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)all.p, all.len);
	rc = read_stream(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	buf_release(&all);
	return rc;
}
