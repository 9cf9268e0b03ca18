/* editor.c - a file, a shell, an editor */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/editor.h"

#define SHELL "/bin/sh"
#define DEFAULT_EDITOR "vi"

/* failed - what happened to the file */
static enum rc
failed(const struct editor *e, struct error *err)
{
	return error_set(err, RC_IO, "%s: %s", e->path, strerror(errno));
}

/* editor_begin - mkdtemp(3) makes it 0700 */
enum rc
editor_begin(struct editor *e, const char *name, struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = x_asprintf("%s/mcpctl-edit.XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	enum rc rc;

	if (mkdtemp(dir) == NULL) {
		rc = error_set(err, RC_IO, "%s: %s", dir, strerror(errno));
		free(dir);
		return rc;
	}
	*e = (struct editor){ .dir = dir, .path = x_asprintf("%s/%s", dir, name) };
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
	execl(SHELL, SHELL, "-c", command, SHELL, e->path, (char *)NULL);
	_exit(127);
}

/* edit - Ctrl-C is the editor's while it runs */
static enum rc
edit(const struct editor *e, struct error *err)
{
	const char *editor = getenv("EDITOR");
	struct sigaction ignore = { .sa_handler = SIG_IGN }, was_int, was_quit;
	char *command;
	int status = 0;
	pid_t pid;

	if (editor == NULL || *editor == '\0')
		editor = DEFAULT_EDITOR;
	command = x_asprintf("%s \"$1\"", editor);
	if ((pid = fork()) == 0)
		start(e, command);
	free(command);
	if (pid < 0)
		return error_set(err, RC_IO, "fork: %s", strerror(errno));
	sigaction(SIGINT, &ignore, &was_int);
	sigaction(SIGQUIT, &ignore, &was_quit);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &was_int, NULL);
	sigaction(SIGQUIT, &was_quit, NULL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RC_OK;
	return error_set(err, RC_IO, "the editor '%s' failed; nothing is changed", editor);
}

/* editor_run - see editor.h */
enum rc
editor_run(struct editor *e, const char *text, char **out, struct error *err)
{
	enum rc rc;

	if ((rc = put(e, text, err)) != RC_OK || (rc = edit(e, err)) != RC_OK)
		return rc;
	return take(e, out, err);
}

/* editor_end - backups and swap files too: a value may stand in them */
void
editor_end(struct editor *e)
{
	DIR *d = opendir(e->dir);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(e->dir);
	free(e->dir);
	free(e->path);
	*e = (struct editor){ NULL, NULL };
}
