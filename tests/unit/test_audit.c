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
#include "store/auditline.h"
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

/* change_of - an object of that name, now */
static struct auditline
change_of(const char *name)
{
	struct auditline l = { .change = true, .at_ms = clock_wall_ms() };

	random_id(l.id);
	auditline_text(l.action, sizeof(l.action), "update");
	auditline_text(l.resource, sizeof(l.resource), "llms");
	auditline_text(l.name, sizeof(l.name), name);
	return l;
}

/* write_event - a change of an object; the code */
static enum rc
write_event(const char *name, struct error *err)
{
	const struct auditline l = change_of(name);

	return audit_write(audit, &l, err);
}

Test(audit, a_change_is_a_line_in_the_order_of_the_contract)
{
	static const char *const order[] = {
		"id", "event", "action", "resource", "name", "userId", "tokenSha", "at"
	};
	char *text;
	struct json_object *o;
	int64_t at;
	size_t n = 0;

	cr_assert_eq(write_event("a\"b", NULL), RC_OK);
	text = logged();
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
	o = event(text);
	json_object_object_foreach(o, name, value) {
		cr_assert_lt(n, 8);
		cr_expect_str_eq(name, order[n++]);
		(void)value;
	}
	cr_expect_eq(n, 8);
	cr_expect(random_is_id(jsonx_str(o, "id", "")));
	cr_expect(clock_parse(jsonx_str(o, "at", ""), &at));
	cr_expect_str_eq(jsonx_str(o, "event", ""), "resource_changed");
	cr_expect_str_eq(jsonx_str(o, "action", ""), "update");
	cr_expect_str_eq(jsonx_str(o, "resource", ""), "llms");
	cr_expect_str_eq(jsonx_str(o, "name", ""), "a\"b");
	cr_expect_null(jsonx_get(o, "userId"));
	cr_expect_null(jsonx_get(o, "tokenSha"));
	json_object_put(o);
	free(text);
}

Test(audit, the_file_is_private_and_each_day_has_its_own)
{
	char *first = today(), *second, *text;
	struct stat st;

	umask(0);
	cr_assert_eq(write_event("one", NULL), RC_OK);
	cr_assert_eq(stat(first, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	ahead = DAY_SECONDS;
	second = today();
	cr_expect_str_neq(first, second);
	cr_assert_eq(write_event("two", NULL), RC_OK);
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
	cr_assert_eq(write_event("e", NULL), RC_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, OTHER_USER);
	cr_expect_eq(st.st_gid, OTHER_USER);
	free(path);
}

/* call_of - a line that is longer for each n, from some 480 to 2 400 bytes: a control character takes six */
static struct auditline
call_of(size_t n)
{
	struct auditline l = { .at_ms = clock_wall_ms() };
	struct { char *p; size_t size; } texts[] = {
		{ l.model, sizeof(l.model) }, { l.llm, sizeof(l.llm) }, { l.type, sizeof(l.type) },
		{ l.via, sizeof(l.via) }, { l.error, sizeof(l.error) },
	};

	random_id(l.id);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = n < texts[i].size - 1 ? n : texts[i].size - 1;

		memset(texts[i].p, '\1', len);
		n -= len;
	}
	return l;
}

Test(audit, a_line_that_was_cut_is_ended_so_that_the_next_stands_alone)
{
	struct error err;
	char *text, *second;

	failing = SHORT;
	cr_expect_eq(write_event("one", &err), RC_NO_SPACE, "%s", err.msg);
	cr_expect_eq(write_event("two", NULL), RC_OK);
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
	cr_assert_eq(write_event("whole", NULL), RC_OK);
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
		cr_expect_eq(write_event("e", &err), failures[i].rc, "%s", err.msg);
	}
	cr_expect_eq(write_event("e", NULL), RC_OK);
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
	const struct auditline l = change_of("e");

	cr_assert_eq(audit_open("stderr", dir, &other, NULL), RC_OK);
	dup2(fd, STDERR_FILENO);
	cr_expect_eq(audit_write(other, &l, NULL), RC_OK);
	dup2(saved, STDERR_FILENO);
	text = slurp(path);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1);
	json_object_put(event(text));
	audit_close(other);
	close(fd);
	close(saved);
	free(text);
	free(path);
}

#define PROCESSES	4
#define LINES		500		/* of each process */
#define LONGEST		322		/* characters of call_of() */

/* write_many - in a process of its own, with texts of all lengths */
static void
write_many(void)
{
	for (size_t i = 0; i < LINES; i++) {
		const struct auditline l = call_of(i % LONGEST);

		if (audit_write(audit, &l, NULL) != RC_OK)
			_exit(1);
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
	char *text, *line, *rest;
	int cut = 0, n = 0;

	for (size_t i = 0; i < LINES; i++) {
		const struct auditline l = call_of(i % LONGEST);

		failing = CUT;
		cut += audit_write(audit, &l, NULL) != RC_OK;
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

	cr_assert_eq(write_event("e", NULL), RC_OK);
	fd = open(path, O_RDWR);
	cr_assert(filelock(fd, 0, FILELOCK_ALONE));
	begun = clock_mono_ms();
	for (int i = 0; i < LINES; i++)
		cr_assert_eq(write_event("e", NULL), RC_OK);
	cr_expect_lt(clock_mono_ms() - begun, LINES * 10, "one wait, not one a line");
	close(fd);
	text = logged();
	cr_expect_gt(strlen(text), LINES * 10);
	free(text);
	free(path);
}
