/* test_audit.c - one line an event, whatever the event and whatever the disk */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/audit.h"
#include "store/filelock.h"
#include "tests/support/tmpdir.h"

#define DAY_SECONDS 86400
#define PAGE 4096			/* bytes */
#define OTHER_USER 65534		/* uid and gid; any that is not root's */

static char *dir;
static struct audit *audit;
static time_t ahead;			/* seconds that the wall clock is put forward */
static int failing;			/* errno of the next writev, or one of: */
enum { SHORT = -1, CUT = -2 };		/* ten bytes of the line; up to the edge of a page */

/* clock_gettime - the libc's, put forward */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += ahead;
	return r;
}

/* write_to_edge - as the kernel does for a process that was killed meanwhile */
static ssize_t
write_to_edge(int fd, const struct iovec *v, int n)
{
	size_t room = PAGE - (size_t)lseek(fd, 0, SEEK_END) % PAGE, step;
	ssize_t done = 0;

	for (int i = 0; i < n; i++) {
		step = v[i].iov_len < room ? v[i].iov_len : room;
		done += syscall(SYS_write, fd, v[i].iov_base, step);
		room -= step;
	}
	return done;
}

/* writev - the libc's, or a disk that fills up in the middle of a line */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	int how = failing;

	failing = 0;
	if (how == 0)
		return syscall(SYS_writev, fd, v, n);
	if (how == SHORT)
		return write(fd, v[n - 1].iov_base, 10);
	if (how == CUT)
		return write_to_edge(fd, v, n);
	errno = how;
	return -1;
}

/* set_up - an audit log in files */
static void
set_up(void)
{
	struct error err;

	dir = tmpdir_make();
	cr_assert_eq(audit_open("file", dir, &audit, &err), RC_OK, "%s", err.msg);
}

/* tear_down - away with it */
static void
tear_down(void)
{
	audit_close(audit);
	tmpdir_remove(dir);
}

TestSuite(audit, .init = set_up, .fini = tear_down);

/* today - the path of the file of the (faked) day */
static char *
today(void)
{
	char at[CLOCK_TEXT];

	clock_format(clock_wall_ms(), at);
	return x_asprintf("%s/audit-%.4s%.2s%.2s.log", dir, at, at + 5, at + 8);
}

/* slurp - a whole file */
static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	cr_assert_not_null(f, "%s", path);
	if (getdelim(&text, &len, '\0', f) < 0)
		*text = '\0';
	fclose(f);
	return text;
}

/* logged - what today's file holds */
static char *
logged(void)
{
	char *path = today(), *text = slurp(path);

	free(path);
	return text;
}

/* event - an object of JSON text */
static struct json_object *
event(const char *text)
{
	struct json_object *o = NULL;
	struct error err;

	cr_assert_eq(jsonx_parse(text, strlen(text), JSONX_DEPTH, &o, &err), RC_OK, "%s", err.msg);
	return o;
}

/* write_event - from text; the code */
static enum rc
write_event(const char *text, struct error *err)
{
	struct json_object *o = event(text);
	enum rc rc = audit_write(audit, o, err);

	json_object_put(o);
	return rc;
}

Test(audit, an_event_is_a_line_between_its_id_and_its_time)
{
	char *text;
	struct json_object *o;
	int64_t at;

	cr_assert_eq(write_event("{\"event\":\"e\",\"at\":\"mine\",\"n\":1,\"s\":\"a/b\\n\"}", NULL),
	    RC_OK);
	text = logged();
	cr_expect_eq(strncmp(text, "{\"id\":\"c", 8), 0, "%s", text);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
	o = event(text);
	cr_expect(random_is_id(jsonx_str(o, "id", "")));
	cr_expect(clock_parse(jsonx_str(o, "at", ""), &at));
	cr_expect_not_null(strstr(text, "\",\"event\":\"e\",\"n\":1,\"s\":\"a/b\\n\",\"at\":\""));
	json_object_put(o);
	free(text);
}

Test(audit, the_callers_event_stays_as_it_was)
{
	struct json_object *o = event("{\"event\":\"e\",\"long\":\"\"}");
	char *before, *big = x_malloc(9001);

	memset(big, 'x', 9000);
	big[9000] = '\0';
	jsonx_put_str(o, "long", big);
	before = x_strdup(jsonx_text(o));
	cr_assert_eq(audit_write(audit, o, NULL), RC_OK);
	cr_expect_str_eq(jsonx_text(o), before);
	json_object_put(o);
	free(before);
	free(big);
}

Test(audit, the_file_is_private_and_each_day_has_its_own)
{
	char *first = today(), *second, *text;
	struct stat st;

	umask(0);
	cr_assert_eq(write_event("{\"event\":\"one\"}", NULL), RC_OK);
	cr_assert_eq(stat(first, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	ahead = DAY_SECONDS;
	second = today();
	cr_expect_str_neq(first, second);
	cr_assert_eq(write_event("{\"event\":\"two\"}", NULL), RC_OK);
	text = slurp(second);
	cr_expect_not_null(strstr(text, "two"));
	cr_expect_null(strstr(text, "one"));
	free(text);
	text = slurp(first);
	cr_expect_null(strstr(text, "two"));
	free(text);
	free(first);
	free(second);
}

Test(audit, the_file_is_the_directory_owners_even_when_root_writes)
{
	char *path = today();
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("only root can");
	cr_assert_eq(chown(dir, OTHER_USER, OTHER_USER), 0);
	audit_close(audit);
	cr_assert_eq(audit_open("file", dir, &audit, NULL), RC_OK);
	cr_assert_eq(write_event("{\"event\":\"e\"}", NULL), RC_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, OTHER_USER);
	cr_expect_eq(st.st_gid, OTHER_USER);
	free(path);
}

/* long_event - n members, each a text of len times the pattern */
static struct json_object *
long_event(size_t n, const char *pattern, size_t len)
{
	struct json_object *o = event("{\"event\":\"llm_inference_call\"}");
	char name[32], *text = x_calloc(len, strlen(pattern) + 1);

	for (size_t i = 0; i < len; i++)
		memcpy(text + i * strlen(pattern), pattern, strlen(pattern));
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "m%zu", i);
		jsonx_put_str(o, name, text);
	}
	jsonx_put_str(o, "last", "here");
	free(text);
	return o;
}

static const struct { size_t n; const char *pattern; size_t len; } longs[] = {
	{ 1, "x", 4000 }, { 1, "x", 4096 }, { 1, "x", 100000 }, { 3, "x", 3000 }, { 1, "\1", 3000 },
	{ 1, "\303\244", 3000 }, { 1, "\360\237\230\200", 1500 }, { 400, "short", 1 },
	{ 300, "x", 40 }, { 1, "\"", 4000 },
};

Test(audit, a_line_too_long_loses_its_longest_texts_and_stays_json)
{
	char *path = today(), *text;
	struct json_object *o;

	for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++) {
		unlink(path);
		audit_close(audit);
		cr_assert_eq(audit_open("file", dir, &audit, NULL), RC_OK);
		o = long_event(longs[i].n, longs[i].pattern, longs[i].len);
		cr_assert_eq(audit_write(audit, o, NULL), RC_OK, "row %zu", i);
		json_object_put(o);
		text = slurp(path);
		cr_expect_leq(strlen(text), AUDIT_LINE_MAX, "row %zu: %zu", i, strlen(text));
		cr_expect_gt(strlen(text), AUDIT_LINE_MAX / 3, "row %zu: %zu", i, strlen(text));
		o = event(text);
		cr_expect_str_eq(jsonx_str(o, "event", ""), "llm_inference_call");
		if (longs[i].n == 1)
			cr_expect_str_eq(jsonx_str(o, "last", ""), "here", "row %zu", i);
		json_object_put(o);
		free(text);
	}
	free(path);
}

Test(audit, a_large_object_goes_as_a_whole)
{
	struct json_object *o = event("{\"event\":\"e\",\"keep\":\"me\"}");
	char *text;

	jsonx_put(o, "nested", long_event(1, "x", 9000));
	cr_assert_eq(audit_write(audit, o, NULL), RC_OK);
	json_object_put(o);
	text = logged();
	o = event(text);
	cr_expect_str_eq(jsonx_str(o, "keep", ""), "me");
	cr_expect(!jsonx_has(o, "nested"));
	json_object_put(o);
	free(text);
}

Test(audit, a_line_that_was_cut_is_ended_so_that_the_next_stands_alone)
{
	struct error err;
	char *text, *second;

	failing = SHORT;
	cr_expect_eq(write_event("{\"event\":\"one\"}", &err), RC_NO_SPACE, "%s", err.msg);
	cr_expect_eq(write_event("{\"event\":\"two\"}", NULL), RC_OK);
	text = logged();
	second = strchr(text, '\n') + 1;
	cr_expect_eq(second - text, 11, "ten bytes and the end of the line");
	json_object_put(event(second));
	cr_expect_not_null(strstr(second, "two"));
	free(text);
}

Test(audit, a_line_that_a_dead_process_left_torn_is_ended_by_the_next)
{
	char *path = today(), *text, *second;
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs("{\"id\":\"cabc\",\"event\":\"torn", f);
	fclose(f);
	cr_assert_eq(write_event("{\"event\":\"whole\"}", NULL), RC_OK);
	text = logged();
	second = strchr(text, '\n') + 1;
	json_object_put(event(second));
	cr_expect_not_null(strstr(second, "whole"));
	free(text);
	free(path);
}

Test(audit, a_day_has_one_name_and_no_other_name_a_day)
{
	static const char *const others[] = {
		"audit-20261122.log~", "audit-2026112.log", "audit-20261322.log", "xudit-20261122.log",
		"audit-20261122.lob", "audit-2026112 .log", "audit-20260230.log", ""
	};
	char name[AUDIT_NAME];

	for (int64_t day = 20000; day < 21000; day++) {
		audit_file(day, name);
		cr_assert_eq(audit_day(name), day, "%s", name);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(audit_day(others[i]), -1, "%s", others[i]);
}

static const struct { int number; enum rc rc; } failures[] = {
	{ ENOSPC, RC_NO_SPACE }, { EDQUOT, RC_NO_SPACE }, { EIO, RC_IO }, { EFBIG, RC_IO },
};

Test(audit, a_write_that_fails_says_why)
{
	struct error err;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		failing = failures[i].number;
		cr_expect_eq(write_event("{\"event\":\"e\"}", &err), failures[i].rc, "%s", err.msg);
	}
	cr_expect_eq(write_event("{\"event\":\"e\"}", NULL), RC_OK);
}

Test(audit, an_unknown_sink_is_refused)
{
	struct audit *other;
	struct error err;

	cr_expect_eq(audit_open("pigeon", dir, &other, &err), RC_INVALID);
	cr_expect_not_null(strstr(err.msg, "pigeon"));
	cr_expect_eq(audit_open("file", "/nowhere", &other, &err), RC_UNAVAILABLE);
	audit_close(NULL);
}

Test(audit, stderr_gets_the_same_line)
{
	char *path = x_asprintf("%s/stderr", dir), *text;
	int saved = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct audit *other;
	struct json_object *o = event("{\"event\":\"e\"}");

	cr_assert_eq(audit_open("stderr", dir, &other, NULL), RC_OK);
	dup2(fd, STDERR_FILENO);
	cr_expect_eq(audit_write(other, o, NULL), RC_OK);
	dup2(saved, STDERR_FILENO);
	text = slurp(path);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1);
	json_object_put(event(text));
	audit_close(other);
	json_object_put(o);
	close(fd);
	close(saved);
	free(text);
	free(path);
}

#define PROCESSES	4
#define LINES		500		/* of each process */

/* write_many - in a process of its own, with texts of all lengths */
static void
write_many(void)
{
	struct json_object *o;

	for (size_t i = 0; i < LINES; i++) {
		o = long_event(1, "x", i * 7 + 1);
		if (audit_write(audit, o, NULL) != RC_OK)
			_exit(1);
		json_object_put(o);
	}
	_exit(0);
}

Test(audit, lines_of_several_processes_do_not_mix_and_none_crosses_a_page)
{
	pid_t pids[PROCESSES];
	char *text, *line, *rest;
	int status, n = 0;

	for (int i = 0; i < PROCESSES; i++)
		if ((pids[i] = fork()) == 0)
			write_many();
	for (int i = 0; i < PROCESSES; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	rest = text = logged();
	for (; (line = strsep(&rest, "\n")) != NULL && rest != NULL; n++) {
		json_object_put(event(line));
		line += strspn(line, " ");
		cr_expect_eq((line - text) / PAGE, (rest - 1 - text) / PAGE,
		    "a line from %td to %td", line - text, rest - text);
	}
	cr_expect_eq(n, PROCESSES * LINES);
	free(text);
}

Test(audit, no_kill_between_two_pages_cuts_a_line)
{
	struct json_object *o;
	char *text, *line, *rest;
	int cut = 0, n = 0;

	for (size_t i = 0; i < LINES; i++) {
		o = long_event(1, "x", i * 7 + 1);
		failing = CUT;
		cut += audit_write(audit, o, NULL) != RC_OK;
		json_object_put(o);
	}
	cr_expect_gt(cut, LINES / 8);
	for (rest = text = logged(); (line = strsep(&rest, "\n")) != NULL && rest != NULL; n++)
		json_object_put(event(line));
	cr_expect_eq(n + cut, LINES, "%d whole, %d not there, of %d", n, cut, LINES);
	cr_expect_eq(strspn(line, " "), strlen(line), "what is left at the end: %s", line);
	free(text);
}

Test(audit, a_process_stopped_at_the_end_of_the_file_holds_up_one_line)
{
	char *path = today(), *text;
	int64_t begun;
	int fd;

	cr_assert_eq(write_event("{\"event\":\"e\"}", NULL), RC_OK);
	fd = open(path, O_RDWR);
	cr_assert(filelock(fd, 0, FILELOCK_ALONE));
	begun = clock_mono_ms();
	for (int i = 0; i < LINES; i++)
		cr_assert_eq(write_event("{\"event\":\"e\"}", NULL), RC_OK);
	cr_expect_lt(clock_mono_ms() - begun, LINES * 10, "one wait, not one a line");
	close(fd);
	text = logged();
	cr_expect_gt(strlen(text), LINES * 10);
	free(text);
	free(path);
}
