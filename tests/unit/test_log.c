/* test_log.c - log lines, as a file and stderr get them */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static char dir[] = "/tmp/test_log.XXXXXX";
static char path[64], other[64];

/* setup - a directory of this test's own */
static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
}

/* teardown - without what the test has left in it */
static void
teardown(void)
{
	unlink(path);
	unlink(other);
	rmdir(dir);
}

TestSuite(log, .init = setup, .fini = teardown);

/* slurp - a whole file, owned by the caller */
static char *
slurp(const char *file)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = fopen(file, "r");

	cr_assert_not_null(f);
	if (getdelim(&text, &len, '\0', f) < 0) {
		free(text);
		text = x_strdup("");
	}
	fclose(f);
	return text;
}

/* text_of - what is behind time, level and pid of a line */
static const char *
text_of(const char *line)
{
	for (int blanks = 0; blanks < 3; blanks++)
		line = strchr(line, ' ') + 1;
	return line;
}

Test(log, writes_time_level_pid_and_text)
{
	char level[10], stamp[CLOCK_TEXT + 1], *text;
	int64_t ms;
	long pid;

	cr_assert(log_open("test", path, NULL) == RC_OK);
	log_warn("disk %s is %d%% full", "a", 97);
	text = slurp(path);
	cr_assert(sscanf(text, "%25s %9s %ld ", stamp, level, &pid) == 3);
	cr_expect(clock_parse(stamp, &ms));
	cr_expect_str_eq(level, "warn");
	cr_expect_eq(pid, (long)getpid());
	cr_expect_str_eq(text_of(text), "disk a is 97% full\n");
	free(text);
}

Test(log, keeps_an_event_on_one_line_whatever_it_holds)
{
	static const struct {
		const char	*text, *line;
	} rows[] = {
		{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c\n" },
		{ "\x1b[31mred\x7f", "\\x1b[31mred\\x7f\n" },
		{ "caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80\n" },
		{ "\xff\xc3 \xed\xa0\x80", "\\xff\\xc3 \\xed\\xa0\\x80\n" },
		{ "\xc2\x9b" "31m\xc2\xa0", "\\xc2\\x9b31m\xc2\xa0\n" },
		{ "", "\n" },
	};
	char *text;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unlink(path);
		cr_assert(log_open("test", path, NULL) == RC_OK);
		log_error("%s", rows[i].text);
		text = slurp(path);
		cr_expect_str_eq(text_of(text), rows[i].line);
		free(text);
	}
}

Test(log, cuts_a_long_line_between_characters)
{
	char text[3 * LOG_LINE_MAX], *line;
	size_t n;

	for (size_t pad = 0; pad < 4; pad++) {
		memset(text, 'x', pad);
		text[pad] = '\0';
		while (strlen(text) < sizeof(text) - 5)
			memcpy(text + strlen(text), "\xe2\x82\xac\n", 5);
		unlink(path);
		cr_assert(log_open("test", path, NULL) == RC_OK);
		log_info("%s", text);
		line = slurp(path);
		n = strlen(line);
		cr_expect(n <= LOG_LINE_MAX && n > LOG_LINE_MAX - 10, "%zu", n);
		cr_expect(strchr(line, '\n') == line + n - 1);
		cr_expect(strcmp(line + n - 4, "\xe2\x82\xac\n") == 0 ||
		    strcmp(line + n - 5, "\\x0a\n") == 0);
		free(line);
	}
}

Test(log, leaves_out_what_is_less_important_than_the_level)
{
	char *text;

	cr_assert(log_open("test", path, NULL) == RC_OK);
	log_debug("hidden");
	log_info("one");
	log_level(LOG_LEVEL_DEBUG);
	log_debug("two");
	log_level(LOG_LEVEL_ERROR);
	log_warn("hidden");
	log_error("three");
	text = slurp(path);
	cr_expect(strstr(text, "hidden") == NULL);
	cr_expect(strstr(text, " info ") && strstr(text, " debug ") && strstr(text, " error "));
	free(text);
}

Test(log, makes_its_file_private_and_appends)
{
	struct stat st;
	char *text;

	umask(0);
	cr_assert(log_open("test", path, NULL) == RC_OK);
	log_info("first");
	cr_assert(log_open("test", path, NULL) == RC_OK);
	log_info("second");
	cr_assert(stat(path, &st) == 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	text = slurp(path);
	cr_expect(strstr(text, "first\n") && strstr(text, "second\n"));
	free(text);
}

Test(log, follows_a_change_of_file)
{
	char *text;

	cr_assert(log_open("test", path, NULL) == RC_OK);
	log_info("old place");
	cr_assert(log_open("test", other, NULL) == RC_OK);
	log_info("new place");
	text = slurp(path);
	cr_expect(strstr(text, "old place") && !strstr(text, "new place"));
	free(text);
	text = slurp(other);
	cr_expect(strstr(text, "new place") != NULL);
	free(text);
}

Test(log, refuses_a_symbolic_link_and_stays_where_it_was)
{
	struct error err;
	char *text;

	cr_assert(log_open("test", other, NULL) == RC_OK);
	cr_assert(symlink("/dev/null", path) == 0);
	cr_expect(log_open("test", path, &err) == RC_IO);
	cr_expect(strstr(err.msg, path) != NULL, "%s", err.msg);
	log_info("still here");
	text = slurp(other);
	cr_expect(strstr(text, "still here") != NULL);
	free(text);
}

Test(log, writes_to_stderr_at_first_and_keeps_errno)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), unwritable;
	char *text;

	cr_assert(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	log_info("to stderr");
	unwritable = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(unwritable >= 0 && dup2(unwritable, STDERR_FILENO) >= 0);
	errno = ENOSPC;
	log_info("lost");
	cr_expect_eq(errno, ENOSPC);
	text = slurp(path);
	cr_expect_str_eq(text_of(text), "to stderr\n");
	free(text);
	close(unwritable);
	close(fd);
}

/* chatter - a thread that logs */
static void *
chatter(void *arg)
{
	for (int i = 0; i < 500; i++)
		log_info("%s-%d-%0200d", (const char *)arg, i, i);
	return NULL;
}

Test(log, never_mixes_the_lines_of_threads)
{
	static char names[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	char *text, *rest, *line;
	int lines = 0;

	cr_assert(log_open("test", path, NULL) == RC_OK);
	for (int i = 0; i < 4; i++)
		cr_assert(pthread_create(&threads[i], NULL, chatter, names[i]) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	text = slurp(path);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; ) {
		cr_assert(strspn(text_of(line), "abcd-0123456789") == strlen(text_of(line)));
		cr_assert(strlen(text_of(line)) >= 204 && strlen(text_of(line)) <= 206, "%s", line);
		lines++;
	}
	cr_expect_eq(lines, 2000);
	free(text);
}
