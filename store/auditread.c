/* auditread.c - backwards through the days */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/audit.h"
#include "store/auditread.h"
#include "store/oserr.h"

#define PIECE	65536			/* bytes of one read */
#define KEPT	(2 * AUDIT_LINE_MAX)	/* bytes of an unfinished line, with the blanks before it */
#define BEGIN	"{\"id\":\"c"		/* of every line of ours */

struct auditread {
	const struct statedir	*dir;
	int64_t			*days;		/* still to be read, ascending */
	size_t			 ndays;
	int64_t			 day;		/* of the open file */
	int			 fd;		/* -1: none */
	off_t			 at;		/* what is before it is still to be read */
	char			*room;		/* PIECE + KEPT bytes */
	size_t			 len;		/* of them in use, from the beginning */
	bool			 overlong;	/* the line that ends here has lost its end already */
	uint64_t		 skipped;
	uint64_t		 may;		/* bytes may still be read */
};

/* by_number - for qsort(3) */
static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* auditread_days - by their files' names */
enum rc
auditread_days(const struct statedir *d, int64_t **out, size_t *n, struct error *err)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int64_t day;

	if (dir == NULL) {
		enum rc rc = oserr(err, "read %s", d->path);

		if (fd >= 0)
			close(fd);
		return rc;
	}
	*out = NULL;
	*n = 0;
	while ((e = readdir(dir)) != NULL) {
		if ((day = audit_day(e->d_name)) < 0)
			continue;
		*out = x_realloc(*out, (*n + 1) * sizeof(**out));
		(*out)[(*n)++] = day;
	}
	closedir(dir);
	if (*n > 0)
		qsort(*out, *n, sizeof(**out), by_number);
	return RC_OK;
}

/* auditread_open - nothing is read yet */
enum rc
auditread_open(const struct statedir *d, int64_t from, bool only, struct auditread **out,
    struct error *err)
{
	struct auditread *r = x_calloc(1, sizeof(*r));
	size_t kept = 0;
	enum rc rc = auditread_days(d, &r->days, &r->ndays, err);

	if (rc != RC_OK) {
		free(r);
		return rc;
	}
	for (size_t i = 0; i < r->ndays; i++)
		if (r->days[i] == from || (!only && r->days[i] > from))
			r->days[kept++] = r->days[i];
	r->ndays = kept;
	r->dir = d;
	r->fd = -1;
	r->may = UINT64_MAX;
	r->room = x_malloc(PIECE + KEPT);
	*out = r;
	return RC_OK;
}

/* auditread_close - away with it */
void
auditread_close(struct auditread *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->days);
	free(r->room);
	free(r);
}

/* auditread_skipped - lines */
uint64_t
auditread_skipped(const struct auditread *r)
{
	return r->skipped;
}

/* auditread_limit - in whole pieces: the last one may go past it */
void
auditread_limit(struct auditread *r, uint64_t bytes)
{
	r->may = bytes;
}

/* next_file - the day before; RC_NOT_FOUND: there is none */
static enum rc
next_file(struct auditread *r, struct error *err)
{
	char name[AUDIT_NAME];
	enum rc rc = RC_NOT_FOUND;

	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	while (rc == RC_NOT_FOUND && r->ndays > 0) {
		r->day = r->days[--r->ndays];
		audit_file(r->day, name);
		rc = statedir_file(r->dir, name, O_RDONLY, &r->fd, err);
	}
	if (rc != RC_OK) {
		r->fd = -1;
		return rc;
	}
	r->at = lseek(r->fd, 0, SEEK_END);
	r->len = 0;
	r->overlong = false;
	return r->at < 0 ? oserr(err, "read %s", name) : RC_OK;
}

/* read_piece - the bytes before those that are here; of a line without a beginning in sight only its
   first part is kept: it is none of ours */
static enum rc
read_piece(struct auditread *r, struct error *err)
{
	size_t want = r->at < PIECE ? (size_t)r->at : PIECE, got = 0;
	ssize_t n = 1;

	if (r->len > KEPT) {
		r->len = KEPT;
		r->overlong = true;
	}
	memmove(r->room + want, r->room, r->len);
	r->at -= (off_t)want;
	while (got < want && n > 0) {
		n = pread(r->fd, r->room + got, want - got, r->at + (off_t)got);
		if (n < 0 && errno != EINTR)
			return oserr(err, "read the audit log");
		got += n > 0 ? (size_t)n : 0;
	}
	if (got < want)
		return error_set(err, RC_IO, "the audit log got shorter while it was read");
	r->len += want;
	r->may -= want < r->may ? want : r->may;
	return RC_OK;
}

/* cut_line - the last line of what is here; false: its beginning is not here yet */
static bool
cut_line(struct auditread *r, struct span *line, bool *overlong)
{
	size_t end = r->len, begin;

	while (end > 0 && r->room[end - 1] == '\n') {
		end--;
		r->overlong = false;
	}
	for (begin = end; begin > 0 && r->room[begin - 1] != '\n'; begin--)
		;
	if (begin == 0 && r->at > 0) {
		r->len = end;
		return false;
	}
	*line = (struct span){ r->room + begin, end - begin };
	*overlong = r->overlong;
	r->overlong = false;
	r->len = begin;
	return true;
}

/* take - the members of an event; false: it is none */
static bool
take(struct span line, struct auditevent *e)
{
	enum { ID, EVENT, AT, LLM, USER, TOKEN, ERROR, PROMPT, COMPLETION, CACHED, WANTS };
	struct jscan_want want[WANTS] = {
		{ .name = "id" }, { .name = "event" }, { .name = "at" }, { .name = "llm" },
		{ .name = "userId" }, { .name = "tokenSha" }, { .name = "error" },
		{ .name = "promptTokens" }, { .name = "completionTokens" },
		{ .name = "cachedTokens" },
	};
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };

	if (jscan_object(line.p, line.len, &opts, want, WANTS, NULL, NULL) != RC_OK)
		return false;
	for (size_t i = 0; i < WANTS; i++)
		if (jscan_type(want[i].value) == '0')
			want[i].value = (struct span){ NULL, 0 };
	e->text = line;
	e->id = want[ID].value;
	e->event = want[EVENT].value;
	e->at = want[AT].value;
	e->llm = want[LLM].value;
	e->user = want[USER].value;
	e->token = want[TOKEN].value;
	e->error = want[ERROR].value;
	e->prompt = want[PROMPT].value;
	e->completion = want[COMPLETION].value;
	e->cached = want[CACHED].value;
	return jscan_type(e->id) == 's' && jscan_type(e->event) == 's' && jscan_type(e->at) == 's';
}

/* last_begin - where the last event of a line may begin; NULL: nowhere but at its beginning */
static const char *
last_begin(struct span line)
{
	size_t n = strlen(BEGIN);

	for (const char *p = line.p + line.len; p > line.p + n; )
		if (memcmp(--p - n, BEGIN, n) == 0 && p - n > line.p)
			return p - n;
	return NULL;
}

/* read_line - an event, alone or behind the rest of another; what is none is counted */
static bool
read_line(struct auditread *r, struct span line, bool overlong, struct auditevent *e)
{
	const char *begin;

	while (line.len > 0 && *line.p == ' ') {
		line.p++;
		line.len--;
	}
	e->day = r->day;
	if (line.len == 0)
		return false;
	if (!overlong && take(line, e))
		return true;
	r->skipped++;
	begin = overlong ? NULL : last_begin(line);
	return begin != NULL &&
	    take((struct span){ begin, line.len - (size_t)(begin - line.p) }, e);
}

/* auditread_next - file after file, piece after piece, line after line */
enum rc
auditread_next(struct auditread *r, struct auditevent *out, struct error *err)
{
	struct span line;
	bool overlong;
	enum rc rc;

	for (;;) {
		while (r->fd >= 0 && (r->len > 0 || r->at > 0)) {
			if (cut_line(r, &line, &overlong)) {
				if (read_line(r, line, overlong, out))
					return RC_OK;
			} else if (r->may == 0) {
				return RC_NOT_FOUND;
			} else if ((rc = read_piece(r, err)) != RC_OK) {
				return rc;
			}
		}
		if ((rc = next_file(r, err)) != RC_OK)
			return rc;
	}
}
