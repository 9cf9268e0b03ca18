/* editor.c - a file, a shell, an editor */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/editor.h"

#define SHELL "/bin/sh"
#define DEFAULT_EDITOR "vi"

struct editor {
	char		*dir, *path;
	sigset_t	 before;		/* signals that were held back already */
};

/* hold - a process that dies here would leave values behind: what ends it waits till they are gone */
static void
hold(struct editor *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &e->before);
}

/* failed - what happened to the file */
static enum rc
failed(const struct editor *e, struct error *err)
{
	return error_set(err, RC_IO, "%s: %s", e->path, strerror(errno));
}

/* begin - mkdtemp(3) makes it 0700 */
static enum rc
begin(struct editor *e, const char *name, struct error *err)
{
	const char *tmp = getenv("TMPDIR");

	e->dir = x_asprintf("%s/mcpctl-edit.XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (mkdtemp(e->dir) == NULL)
		return error_set(err, RC_IO, "%s: %s", e->dir, strerror(errno));
	e->path = x_asprintf("%s/%s", e->dir, name);
	return RC_OK;
}

/* put - the file as the editor finds it */
static enum rc
put(const struct editor *e, const char *text, struct error *err)
{
	int fd = open(e->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	ssize_t n = 0;

	if (fd < 0)
		return failed(e, err);
	for (; len > 0 && ((n = write(fd, text, len)) > 0 || errno == EINTR); len -= (size_t)n) {
		n = n < 0 ? 0 : n;
		text += n;
	}
	if (close(fd) != 0 || len > 0)
		return failed(e, err);
	return RC_OK;
}

/* take - the file as the editor leaves it, which may be another one of the same name */
static enum rc
take(const struct editor *e, char **out, struct error *err)
{
	int fd = open(e->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct buf text = BUF_INIT(EDITOR_TEXT_MAX);
	char piece[4096];
	enum rc rc = RC_OK;
	ssize_t n;

	if (fd < 0)
		return failed(e, err);
	while (rc == RC_OK && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? failed(e, err) : buf_add(&text, piece, (size_t)n, err);
	}
	close(fd);
	mem_wipe(piece, sizeof(piece));
	if (rc == RC_OK && strlen(text.p) != text.len)
		rc = error_set(err, RC_INVALID, "%s: has a NUL byte", e->path);
	if (rc == RC_OK)
		*out = x_strdup(text.p);
	buf_wipe(&text);
	return rc;
}

/* start - the child: the shell sees the path as $1, whatever is in it */
static _Noreturn void
start(const struct editor *e, const char *command)
{
	sigprocmask(SIG_SETMASK, &e->before, NULL);
	execl(SHELL, SHELL, "-c", command, SHELL, e->path, (char *)NULL);
	_exit(127);
}

/* forget_keys - Ctrl-C was the editor's */
static void
forget_keys(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t keys;

	sigemptyset(&keys);
	sigaddset(&keys, SIGINT);
	sigaddset(&keys, SIGQUIT);
	while (sigtimedwait(&keys, NULL, &now) > 0)
		;
}

/* wait_for - the editor's end, by itself or by what would have ended us; its status */
static int
wait_for(pid_t pid, int *ended_by)
{
	int status = 0, signo;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		signo = sigwaitinfo(&set, NULL);
		if (signo != SIGTERM && signo != SIGHUP)
			continue;
		*ended_by = signo;
		kill(pid, signo);
	}
	return status;
}

/* edit - run it, and wait */
static enum rc
edit(const struct editor *e, struct error *err)
{
	const char *editor = getenv("EDITOR");
	int status, ended_by = 0;
	char *command;
	pid_t pid;

	if (editor == NULL || *editor == '\0')
		editor = DEFAULT_EDITOR;
	command = x_asprintf("%s \"$1\"", editor);
	if ((pid = fork()) == 0)
		start(e, command);
	free(command);
	if (pid < 0)
		return error_set(err, RC_IO, "fork: %s", strerror(errno));
	status = wait_for(pid, &ended_by);
	forget_keys();
	if (ended_by != 0)
		return error_set(err, RC_GONE, "interrupted; nothing is changed");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RC_OK;
	return error_set(err, RC_IO, "the editor '%s' failed; nothing is changed", editor);
}

/* end - backups and swap files too: a value may stand in them */
static void
end(struct editor *e)
{
	DIR *d = opendir(e->dir);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(e->dir);
}

/* editor_run - see editor.h */
enum rc
editor_run(const char *name, const char *text, char **out, struct error *err)
{
	struct editor e = { .dir = NULL };
	enum rc rc;

	hold(&e);
	if ((rc = begin(&e, name, err)) == RC_OK) {
		if ((rc = put(&e, text, err)) == RC_OK && (rc = edit(&e, err)) == RC_OK)
			rc = take(&e, out, err);
		end(&e);
	}
	free(e.dir);
	free(e.path);
	sigprocmask(SIG_SETMASK, &e.before, NULL);
	return rc;
}
