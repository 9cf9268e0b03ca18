/* books.c - a ledger to test */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/books.h"

#define DAY_MS INT64_C(86400000)

atomic_long books_ahead;
atomic_int books_failing;
bool books_no_room;

/* clock_gettime - the libc's, put forward */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += atomic_load(&books_ahead);
	return r;
}

/* writev - the libc's, or a disk that is full */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	int how = atomic_load(&books_failing);

	if (how == 0)
		return syscall(SYS_writev, fd, v, n);
	if (how < 0) {
		atomic_store(&books_failing, 0);
		return write(fd, v[n - 1].iov_base, 10);
	}
	errno = how;
	return -1;
}

/* posix_fallocate - the libc's, or a disk without room */
int
posix_fallocate(int fd, off_t offset, off_t len)
{
	return books_no_room ? ENOSPC : (int)syscall(SYS_fallocate, fd, 0, offset, len);
}

/* open_ledger - as a process of the web side does */
static void
open_ledger(struct books *b)
{
	const struct ledger_opts opts = {
		.dir = b->dir, .sink = "file", .keep_days = 30, .serving = true
	};
	struct error err;

	cr_assert_eq(ledger_open(&opts, &b->l, &err), RC_OK, "%s", err.msg);
}

/* books_open - blank ones */
void
books_open(struct books *b)
{
	b->dir = tmpdir_make();
	open_ledger(b);
}

/* books_close - away with them */
void
books_close(struct books *b)
{
	ledger_close(b->l);
	tmpdir_remove(b->dir);
}

/* books_again - the next start */
void
books_again(struct books *b)
{
	ledger_close(b->l);
	open_ledger(b);
}

/* books_call - five and seven tokens */
struct auditline
books_call(const char *llm, const char *user)
{
	struct auditline c = {
		.begun_ms = clock_wall_ms(), .duration_ms = 12, .first_byte_ms = 3, .prompt = 5,
		.completion = 7, .cached = -1, .status = 200, .attempts = 1,
	};

	random_id(c.id);
	random_request_id(c.request_id);
	auditline_text(c.llm, sizeof(c.llm), llm);
	auditline_text(c.model, sizeof(c.model), "m");
	auditline_text(c.type, sizeof(c.type), "openai");
	auditline_text(c.user, sizeof(c.user), user);
	auditline_text(c.token, sizeof(c.token), "t");
	auditline_text(c.via, sizeof(c.via), "token");
	return c;
}

/* books_note - one after the other */
void
books_note(struct books *b, const char *llm, size_t n)
{
	while (n-- > 0) {
		struct auditline c = books_call(llm, "u");

		ledger_note(b->l, &c);
	}
}

/* books_file - in the directory */
char *
books_file(const struct books *b, const char *name)
{
	return x_asprintf("%s/%s", b->dir, name);
}

/* books_day_file - of the audit log */
char *
books_day_file(const struct books *b, int64_t day)
{
	char name[AUDIT_NAME];

	audit_file(day, name);
	return books_file(b, name);
}

/* books_slurp - a whole file */
char *
books_slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	if (f == NULL)
		return x_strdup("");
	if (getdelim(&text, &len, '\0', f) < 0)
		*text = '\0';
	fclose(f);
	return text;
}

/* books_write - a whole file */
void
books_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	fclose(f);
}

/* books_today - UTC, by the faked clock */
int64_t
books_today(void)
{
	return clock_wall_ms() / DAY_MS;
}

/* total - of the rows of some days and one llm */
static struct usage_counts
total(const struct usage_sum *s, int64_t from, int64_t to, const char *llm)
{
	struct usage_counts n = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		const struct usage_row *row = &s->rows[i];

		if (row->day < from || row->day > to || (*llm && strcmp(row->llm, llm) != 0))
			continue;
		n.requests += row->n.requests;
		n.errors += row->n.errors;
		n.prompt += row->n.prompt;
		n.completion += row->n.completion;
		n.cached += row->n.cached;
	}
	return n;
}

/* books_logged - line by line */
struct usage_counts
books_logged(const struct books *b, int64_t day)
{
	struct usage_sum s = USAGE_SUM_INIT;
	struct usage_counts n;
	struct error err;

	cr_assert_eq(usage_read_log(ledger_dir(b->l), day, &s, &err), RC_OK, "%s", err.msg);
	n = total(&s, day, day, "");
	usage_release(&s);
	return n;
}

/* books_used - as a report has it */
struct usage_counts
books_used(const struct books *b, int64_t from, int64_t to, const char *llm)
{
	struct usage_sum s = USAGE_SUM_INIT;
	struct usage_counts n;
	struct error err;

	cr_assert_eq(ledger_usage(b->l, from, &s, &err), RC_OK, "%s", err.msg);
	n = total(&s, from, to, llm);
	usage_release(&s);
	return n;
}

/* books_equal - all five numbers */
void
books_equal(const struct books *b, int64_t day)
{
	const struct usage_counts log = books_logged(b, day), used = books_used(b, day, day, "");

	cr_expect_eq(log.requests, used.requests, "%zu, %zu", log.requests, used.requests);
	cr_expect_eq(log.errors, used.errors);
	cr_expect_eq(log.prompt, used.prompt);
	cr_expect_eq(log.completion, used.completion);
	cr_expect_eq(log.cached, used.cached);
}
