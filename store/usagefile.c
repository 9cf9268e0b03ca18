/* usagefile.c - usage-YYYYMM: a month of sums */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "store/oserr.h"
#include "store/usage.h"

#define DAY_MS		INT64_C(86400000)
#define FILE_MAX	(256 * 1024 * 1024)	/* bytes of a month's file */
#define NAME_SIZE	24		/* bytes of "usage-202611" with the NUL */
#define TMP_NAME	"usage.tmp"	/* one process at a time keeps books */

/* day_text - "2026-11-22" */
static void
day_text(int64_t day, char out[CLOCK_TEXT])
{
	clock_format(day * DAY_MS, out);
	out[10] = '\0';
}

/* day_of - the other way; -1: no day */
static int64_t
day_of(const char *text)
{
	char at[CLOCK_TEXT];
	int64_t ms;

	snprintf(at, sizeof(at), "%.10sT00:00:00.000Z", text);
	return strlen(text) == 10 && clock_parse(at, &ms) ? ms / DAY_MS : -1;
}

/* file_name - of a day's month */
static void
file_name(int64_t day, char out[NAME_SIZE])
{
	char at[CLOCK_TEXT];

	day_text(day, at);
	snprintf(out, NAME_SIZE, "usage-%.4s%.2s", at, at + 5);
}

/* read_whole - a file's bytes */
static enum rc
read_whole(const struct statedir *d, const char *name, struct buf *out, struct error *err)
{
	char piece[16384];
	ssize_t n;
	int fd;
	enum rc rc = statedir_file(d, name, O_RDONLY, &fd, err);

	if (rc != RC_OK)
		return rc;
	while ((n = read(fd, piece, sizeof(piece))) > 0 && rc == RC_OK)
		rc = buf_add(out, piece, (size_t)n, err);
	if (n < 0)
		rc = oserr(err, "read %s/%s", d->path, name);
	close(fd);
	return rc;
}

/* read_row - one line; false: it is none */
static bool
read_row(const char *p, size_t len, struct usage_sum *s, int64_t from, int64_t to)
{
	struct json_object *o;
	int64_t day;

	if (len == 0 || jsonx_parse(p, len, JSONX_DEPTH, &o, NULL) != RC_OK)
		return false;
	day = day_of(jsonx_str(o, "day", ""));
	if (day >= 0 && day >= from && day <= to) {
		const struct usage_key key = {
			jsonx_str(o, "llm", ""), jsonx_str(o, "userId", ""),
			jsonx_str(o, "tokenSha", "")
		};
		const struct usage_counts n = {
			(uint64_t)jsonx_int(o, "requests", 0), (uint64_t)jsonx_int(o, "errors", 0),
			(uint64_t)jsonx_int(o, "promptTokens", 0),
			(uint64_t)jsonx_int(o, "completionTokens", 0),
			(uint64_t)jsonx_int(o, "cachedTokens", 0),
		};

		usage_add(s, day, &key, &n);
	}
	json_object_put(o);
	return day >= 0;
}

/* read_file - its rows of these days; a file that is not there has none. *whole: each line is a row */
static enum rc
read_file(const struct statedir *d, const char *name, int64_t from, int64_t to,
    struct usage_sum *s, bool *whole, struct error *err)
{
	struct buf b = BUF_INIT(FILE_MAX);
	enum rc rc = read_whole(d, name, &b, err);
	const char *end;

	*whole = true;
	for (size_t at = 0; rc == RC_OK && at < b.len; at = (size_t)(end - b.p) + 1) {
		end = memchr(b.p + at, '\n', b.len - at);
		if (end == NULL)
			end = b.p + b.len;
		if (!read_row(b.p + at, (size_t)(end - b.p) - at, s, from, to))
			*whole = false;
	}
	buf_release(&b);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* usage_read_files - in whatever order the directory has them */
enum rc
usage_read_files(const struct statedir *d, int64_t from, int64_t to, struct usage_sum *s,
    struct error *err)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char oldest[NAME_SIZE];
	enum rc rc = RC_OK;
	struct dirent *e;
	bool whole;

	if (dir == NULL) {
		rc = oserr(err, "read %s", d->path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	file_name(from > 0 ? from : 0, oldest);
	while (rc == RC_OK && (e = readdir(dir)) != NULL)
		if (strlen(e->d_name) == strlen(oldest) && strncmp(e->d_name, "usage-", 6) == 0 &&
		    strspn(e->d_name + 6, "0123456789") == 6 && strcmp(e->d_name, oldest) >= 0)
			rc = read_file(d, e->d_name, from, to, s, &whole, err);
	closedir(dir);
	return rc;
}

/* put_row - a line */
static enum rc
put_row(struct buf *b, const struct usage_row *row, struct error *err)
{
	struct json_object *o = json_object_new_object();
	char day[CLOCK_TEXT];
	enum rc rc;

	day_text(row->day, day);
	jsonx_put_str(o, "day", day);
	jsonx_put_str(o, "llm", *row->llm != '\0' ? row->llm : NULL);
	jsonx_put_str(o, "userId", *row->user != '\0' ? row->user : NULL);
	jsonx_put_str(o, "tokenSha", *row->token != '\0' ? row->token : NULL);
	jsonx_put_int(o, "requests", (int64_t)row->n.requests);
	jsonx_put_int(o, "errors", (int64_t)row->n.errors);
	jsonx_put_int(o, "promptTokens", (int64_t)row->n.prompt);
	jsonx_put_int(o, "completionTokens", (int64_t)row->n.completion);
	jsonx_put_int(o, "cachedTokens", (int64_t)row->n.cached);
	rc = buf_addf(b, err, "%s\n", jsonx_text(o));
	json_object_put(o);
	return rc;
}

/* write_whole - to its end, and onto the disk */
static bool
write_whole(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->p + done, b->len - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0;
}

/* replace - in one step, so that nobody ever reads half a month */
static enum rc
replace(const struct statedir *d, const char *name, const struct buf *b, struct error *err)
{
	int fd;
	enum rc rc = statedir_file(d, TMP_NAME, O_WRONLY | O_CREAT | O_TRUNC, &fd, err);

	if (rc != RC_OK)
		return rc;
	if (!write_whole(fd, b))
		rc = oserr(err, "write %s/%s", d->path, TMP_NAME);
	close(fd);
	if (rc == RC_OK && (renameat(d->fd, TMP_NAME, d->fd, name) != 0 || fsync(d->fd) != 0))
		rc = oserr(err, "rename to %s/%s", d->path, name);
	if (rc != RC_OK)
		unlinkat(d->fd, TMP_NAME, 0);
	return rc;
}

/* join - the month as it was, without the day, and the day; one without calls has a row of zeros. s NULL:
   without it */
static void
join(struct usage_sum *month, int64_t day, const struct usage_sum *before,
    const struct usage_sum *s)
{
	static const struct usage_key nobody = { "", "", "" };
	static const struct usage_counts nothing;

	for (size_t i = 0; i < before->n; i++) {
		const struct usage_row *row = &before->rows[i];

		if (row->day != day)
			usage_add(month, row->day, &(struct usage_key){ row->llm, row->user,
			    row->token }, &row->n);
	}
	if (s != NULL)
		usage_add(month, day, &nobody, &nothing);
	for (size_t i = 0; s != NULL && i < s->n; i++) {
		const struct usage_row *row = &s->rows[i];

		if (row->day == day)
			usage_add(month, day, &(struct usage_key){ row->llm, row->user, row->token },
			    &row->n);
	}
	usage_sort(month);
}

/* usage_keep - the month anew */
enum rc
usage_keep(const struct statedir *d, int64_t day, const struct usage_sum *s, struct error *err)
{
	struct usage_sum before = USAGE_SUM_INIT, month = USAGE_SUM_INIT;
	struct buf b = BUF_INIT(FILE_MAX);
	char name[NAME_SIZE];
	bool whole;
	enum rc rc;

	file_name(day, name);
	rc = read_file(d, name, 0, INT64_MAX, &before, &whole, err);
	if (rc == RC_OK)
		join(&month, day, &before, s);
	for (size_t i = 0; rc == RC_OK && i < month.n; i++)
		rc = put_row(&b, &month.rows[i], err);
	if (rc == RC_OK)
		rc = replace(d, name, &b, err);
	buf_release(&b);
	usage_release(&before);
	usage_release(&month);
	return rc;
}

/* has_day - every kept day has a row */
static bool
has_day(const struct usage_sum *month, int64_t day)
{
	for (size_t i = 0; i < month->n; i++)
		if (month->rows[i].day == day)
			return true;
	return false;
}

/* usage_kept - each month is read once. Whose a row is that can't be read, nobody knows */
void
usage_kept(const struct statedir *d, const int64_t *days, size_t n, bool *kept)
{
	char name[NAME_SIZE], last[NAME_SIZE] = "";
	struct usage_sum month = USAGE_SUM_INIT;
	bool whole = false;

	for (size_t i = 0; i < n; i++) {
		file_name(days[i], name);
		if (strcmp(name, last) != 0) {
			usage_release(&month);
			if (read_file(d, name, 0, INT64_MAX, &month, &whole, NULL) != RC_OK)
				whole = false;
			memcpy(last, name, sizeof(last));
		}
		kept[i] = whole && has_day(&month, days[i]);
	}
	usage_release(&month);
}
