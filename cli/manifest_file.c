/* manifest_file.c - a file, a directory of files, or stdin */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/manifest.h"
#include "cli/manifest_file.h"

#define PIECE 65536			/* bytes that are read at once */

struct reading {
	size_t				 max;
	size_t				*bytes;
	const struct manifest_reader	*to;
};

/* read_all - at most what is left of the whole command's limit */
static enum rc
read_all(const struct reading *rd, int fd, struct buf *text, struct error *err)
{
	char *piece = x_malloc(PIECE);
	enum rc rc = RC_OK;
	ssize_t n;

	while (rc == RC_OK && (n = read(fd, piece, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_set(err, RC_IO, "%s", strerror(errno));
		else if (buf_add(text, piece, (size_t)n, NULL) != RC_OK)
			rc = error_set(err, RC_INVALID, "over %d bytes in a file, or %zu in all",
			    DOCUMENT_MAX, rd->max);
	}
	mem_wipe(piece, PIECE);
	free(piece);
	return rc;
}

/* miss - one that can't be read */
static void
miss(const struct reading *rd, const char *name, const char *why)
{
	struct error err;

	error_set(&err, RC_IO, "%s", why);
	rd->to->miss(rd->to->arg, name, &err, rd->to->faults);
}

/* take_fd - one text */
static void
take_fd(const struct reading *rd, int fd, const char *name)
{
	size_t left = rd->max - *rd->bytes;
	struct buf text = BUF_INIT(left < DOCUMENT_MAX ? left : DOCUMENT_MAX);
	struct error err;

	if (read_all(rd, fd, &text, &err) == RC_OK) {
		*rd->bytes += text.len;
		rd->to->take(rd->to->arg, name, text.p, text.len, rd->to->faults);
	} else {
		rd->to->miss(rd->to->arg, name, &err, rd->to->faults);
	}
	buf_wipe(&text);
}

/* take_file - pipes too: `apply -f <(...)` */
static void
take_file(const struct reading *rd, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		miss(rd, path, strerror(errno));
		return;
	}
	take_fd(rd, fd, path);
	close(fd);
}

/* is_manifest - by its name */
static int
is_manifest(const struct dirent *e)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	size_t len = strlen(e->d_name), n;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		n = strlen(endings[i]);
		if (e->d_name[0] != '.' && len > n &&
		    strcmp(e->d_name + len - n, endings[i]) == 0)
			return 1;
	}
	return 0;
}

/* by_bytes - the same order whatever the locale */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* take_directory - an empty one is a mistake: with --prune it would mean that nothing shall be */
static void
take_directory(const struct reading *rd, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, is_manifest, by_bytes);

	if (n < 0) {
		miss(rd, path, strerror(errno));
		return;
	}
	if (n == 0)
		miss(rd, path, "no *.yaml, *.yml or *.json in it");
	for (int i = 0; i < n; i++) {
		char *file = x_asprintf("%s%s%s", path,
		    path[strlen(path) - 1] == '/' ? "" : "/", names[i]->d_name);

		take_file(rd, file);
		free(file);
		free(names[i]);
	}
	free(names);
}

/* manifest_files - see manifest_file.h */
void
manifest_files(const char *path, size_t max, size_t *bytes, const struct manifest_reader *to)
{
	const struct reading rd = { max, bytes, to };
	struct stat st;

	if (strcmp(path, MANIFEST_STDIN) == 0)
		take_fd(&rd, STDIN_FILENO, "stdin");
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		take_directory(&rd, path);
	else
		take_file(&rd, path);
}
