/* audit.c - the audit log */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/audit.h"
#include "store/auditline.h"
#include "store/filelock.h"
#include "store/oserr.h"
#include "store/statedir.h"

#define DAY_MS		INT64_C(86400000)
#define PAGE		4096		/* bytes; the page of every machine is this or a multiple */
#define PLACE_END	0		/* of the lock on a file's end */
#define END_WAIT_MS	50
#define LOOK_MS		1000		/* between two looks at a file's name */

static_assert(AUDIT_LINE_MAX <= PAGE, "every line fits in a page");

struct audit {
	const struct sink	*sink;
	struct statedir		 dir;	/* of the file sink */
	pthread_mutex_t		 mutex;	/* over what is below */
	int			 fd;	/* -1: not open */
	int64_t			 day;	/* of the open file */
	int64_t			 looked_ms;
	char			 blanks[PAGE];
	bool			 waits;	/* for the lock: whoever had it last time let go of it in time */
};

struct sink {
	const char	*name;
	/* MUST. One line with its newline, of the event's day */
	enum rc		(*write)(struct audit *a, int64_t day, const char *line, size_t len,
			    struct error *err);
};

/* audit_file - "audit-20261122.log" */
void
audit_file(int64_t day, char out[AUDIT_NAME])
{
	char at[CLOCK_TEXT];

	clock_format(day * DAY_MS, at);
	snprintf(out, AUDIT_NAME, "audit-%.4s%.2s%.2s.log", at, at + 5, at + 8);
}

/* audit_day - only what audit_file() would have written */
int64_t
audit_day(const char *name)
{
	char again[AUDIT_NAME], at[CLOCK_TEXT];
	int64_t ms;

	if (strlen(name) != strlen("audit-20261122.log"))
		return -1;
	snprintf(at, sizeof(at), "%.4s-%.2s-%.2sT00:00:00.000Z", name + 6, name + 10, name + 12);
	if (!clock_parse(at, &ms))
		return -1;
	audit_file(ms / DAY_MS, again);
	return strcmp(name, again) == 0 ? ms / DAY_MS : -1;
}

/* is_torn - the file ends inside a line: a disk was full, or someone else wrote it. Blanks at its end are
   not: they were put there for a line */
static bool
is_torn(int fd, off_t size)
{
	char tail[PAGE];
	ssize_t n = 1;

	if (size <= 0 || pread(fd, tail, 1, size - 1) != 1 || *tail == '\n')
		return false;
	if (*tail == ' ')
		n = pread(fd, tail, PAGE, size > PAGE ? size - PAGE : 0);
	while (n > 0 && tail[n - 1] == ' ')
		n--;
	return n > 0 && tail[n - 1] != '\n';
}

/* is_open - the file of that day, unless someone has renamed or deleted it since */
static bool
is_open(struct audit *a, int64_t day)
{
	int64_t now_ms = clock_coarse_ms();
	char name[AUDIT_NAME];

	if (a->fd < 0 || a->day != day)
		return false;
	if (now_ms - a->looked_ms < LOOK_MS)
		return true;
	a->looked_ms = now_ms;
	audit_file(day, name);
	return statedir_is(&a->dir, name, a->fd);
}

/* open_day - the file of that day, if it is not the open one */
static enum rc
open_day(struct audit *a, int64_t day, struct error *err)
{
	char name[AUDIT_NAME];
	enum rc rc;
	int fd;

	if (is_open(a, day))
		return RC_OK;
	audit_file(day, name);
	rc = statedir_file(&a->dir, name, O_RDWR | O_APPEND | O_CREAT, &fd, err);
	if (rc != RC_OK)
		return rc;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = fd;
	a->day = day;
	return RC_OK;
}

/* append - one write, so that lines of several processes don't mix. The kernel copies it page by page and
   looks between two of them whether the process was killed: a line that would cross the edge begins
   behind it, after blanks, so that no kill can cut it. After a short write, of a full disk, the line is
   ended, so that the next one stands alone; where even that fails, the next begins with it */
static enum rc
append(struct audit *a, const char *line, size_t len, struct error *err)
{
	off_t size = lseek(a->fd, 0, SEEK_END);
	size_t torn = is_torn(a->fd, size), used = ((size_t)size + torn) % PAGE;
	size_t blanks = used + len > PAGE ? PAGE - used : 0, before = torn + blanks;
	struct iovec v[3] = {
		{ .iov_base = (void *)(uintptr_t)"\n", .iov_len = torn },
		{ .iov_base = a->blanks, .iov_len = blanks },
		{ .iov_base = (void *)(uintptr_t)line, .iov_len = len },
	};
	ssize_t n = writev(a->fd, v, 3);
	char name[AUDIT_NAME];

	if (n >= 0 && (size_t)n == before + len)
		return RC_OK;
	audit_file(a->day, name);
	if (n < 0)
		return oserr(err, "write %s", name);
	n = (size_t)n > before ? n - (ssize_t)before : 0;
	if (n > 0)
		(void)!write(a->fd, "\n", 1);
	return error_set(err, RC_NO_SPACE, "write %s: only %zd of %zu bytes", name, n, len);
}

/* append_alone - nobody moves the file's end meanwhile. A process that was stopped at it is waited for
   once, not for each line: without the lock a line may cross a page */
static enum rc
append_alone(struct audit *a, const char *line, size_t len, struct error *err)
{
	enum rc rc;

	a->waits = filelock_wait(a->fd, PLACE_END, FILELOCK_ALONE,
	    clock_mono_ms() + (a->waits ? END_WAIT_MS : 0));
	rc = append(a, line, len, err);
	(void)filelock(a->fd, PLACE_END, FILELOCK_NONE);
	return rc;
}

/* write_file - the file of the day */
static enum rc
write_file(struct audit *a, int64_t day, const char *line, size_t len, struct error *err)
{
	enum rc rc;

	pthread_mutex_lock(&a->mutex);
	rc = open_day(a, day, err);
	if (rc == RC_OK)
		rc = append_alone(a, line, len, err);
	pthread_mutex_unlock(&a->mutex);
	return rc;
}

/* write_syslog - without the newline; syslog tells nobody whether it arrived */
static enum rc
write_syslog(struct audit *a, int64_t day, const char *line, size_t len, struct error *err)
{
	(void)a, (void)day, (void)err;
	syslog(LOG_NOTICE | LOG_DAEMON, "%.*s", (int)len - 1, line);
	return RC_OK;
}

/* write_stderr - where the web server or systemd collects it */
static enum rc
write_stderr(struct audit *a, int64_t day, const char *line, size_t len, struct error *err)
{
	ssize_t n = write(STDERR_FILENO, line, len);

	(void)a, (void)day;
	if (n < 0)
		return oserr(err, "write the audit line to stderr");
	if ((size_t)n < len)
		return error_set(err, RC_NO_SPACE, "the audit line to stderr was cut");
	return RC_OK;
}

static const struct sink sinks[] = {
	{ "file",	write_file },
	{ "syslog",	write_syslog },
	{ "stderr",	write_stderr },
	{ NULL,		NULL }
};

/* audit_open - choose the sink; the first file is opened by the first line */
enum rc
audit_open(const char *sink, const char *dir, struct audit **out, struct error *err)
{
	const struct sink *s = sinks;
	struct audit *a;
	enum rc rc;

	while (s->name != NULL && strcmp(s->name, sink) != 0)
		s++;
	if (s->name == NULL)
		return error_set(err, RC_INVALID,
		    "audit.sink: '%s' is none of file, syslog, stderr", sink);
	a = x_calloc(1, sizeof(*a));
	a->sink = s;
	a->dir = (struct statedir)STATEDIR_INIT;
	a->fd = -1;
	a->waits = true;
	memset(a->blanks, ' ', sizeof(a->blanks));
	pthread_mutex_init(&a->mutex, NULL);
	if (s->write == write_file) {
		/* whether the file system may be used was decided when the store was opened */
		rc = statedir_open(&a->dir, dir, true, err);
		if (rc != RC_OK) {
			audit_close(a);
			return rc;
		}
	}
	*out = a;
	return RC_OK;
}

/* audit_close - let go */
void
audit_close(struct audit *a)
{
	if (a == NULL)
		return;
	if (a->fd >= 0)
		close(a->fd);
	statedir_close(&a->dir);
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

/* audit_write - one event, one line */
enum rc
audit_write(struct audit *a, const struct auditline *line, struct error *err)
{
	char text[AUDIT_LINE_MAX];
	size_t len = auditline_format(line, text);

	return a->sink->write(a, line->at_ms / DAY_MS, text, len, err);
}
