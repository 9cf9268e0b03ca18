/* cmd_backup.c - mcpctl backup */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/local.h"
#include "service/service.h"
#include "store/restore.h"

/* file_open - before root becomes the store's owner: the file may be where only root can write. What
   is in it stays until the new backup is known */
static enum rc
file_open(const char *path, int *out, struct error *err)
{
	/* O_NONBLOCK: a FIFO that nobody reads must not hold us */
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0)
		return error_set(err, RC_IO, "%s: %s", path, errno == ELOOP ?
		    "a symbolic link: name the file itself" : errno == ENXIO ?
		    "no regular file of ours" : strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0600) != 0) {
		close(fd);
		return error_set(err, RC_IO, "%s: no regular file of ours", path);
	}
	*out = fd;
	return RC_OK;
}

/* write_at - all of it; false with errno */
static bool
write_at(int fd, const char *text, size_t len, off_t at)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n, at += n) {
		n = pwrite(fd, text, len, at);
		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
	}
	return true;
}

/* file_write - room first: a full disk leaves the backup of before as it was. Then its head goes, and the
   new one comes last: half of this backup and half of that one must never pass for a backup */
static enum rc
file_write(const char *path, int fd, const char *text, size_t len, struct error *err)
{
	bool room = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)len) == 0 || errno == EOPNOTSUPP;

	if (room && write_at(fd, "\n", 1, 0) && fsync(fd) == 0 &&
	    write_at(fd, text + 1, len - 1, 1) && ftruncate(fd, (off_t)len) == 0 &&
	    fsync(fd) == 0 && write_at(fd, text, 1, 0) && fsync(fd) == 0)
		return RC_OK;
	return error_set(err, errno == ENOSPC ? RC_NO_SPACE : RC_IO, "%s: %s", path,
	    strerror(errno));
}

/* warn_clear - a backup keeps sealed values sealed; those of a plaintext backend never were */
static void
warn_clear(const struct program *p, const struct table *t)
{
	for (size_t i = 0; i < table_count(t, &kind_secret); i++) {
		const struct secret *s = (const void *)table_at(t, &kind_secret, i);
		const struct record *b = table_by_id(t, &kind_secretbackend, s->backend_id);

		if (s->kept == KEPT_PLAINTEXT && s->nvalues > 0)
			program_note(p, "in clear: secret '%s' (backend %s)", s->r.name,
			    b != NULL ? b->name : "?");
	}
}

/* warn_outside - a restore brings their records back, and finds the values where they are then */
static void
warn_outside(const struct program *p, const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < table_count(t, &kind_secret); i++)
		n += ((const struct secret *)table_at(t, &kind_secret, i))->kept == KEPT_OPENBAO;
	if (n > 0)
		program_note(p, "Not in it: the values of %zu secret%s in openbao backends.", n,
		    n == 1 ? "" : "s");
}

/* tell - what else a restore will need */
static void
tell(const struct program *p, const struct table *t, struct keyring *keyring)
{
	struct key_ids ids;

	warn_clear(p, t);
	warn_outside(p, t);
	verify_keys(t, NULL, &ids);
	if (ids.n > 0)
		program_note(p, "The key file is not in it; keep a copy of %s elsewhere.",
		    keyring_path(keyring));
	key_ids_release(&ids);
}

/* dump - all of the store as text; owned by the caller, who wipes it */
static enum rc
dump(struct store *s, char **text, size_t *len, struct error *err)
{
	FILE *f = open_memstream(text, len);
	enum rc rc;

	if (f == NULL)
		abort();
	rc = kv_dump(store_kv(s), f, err);
	if (fclose(f) != 0)
		abort();
	return rc;
}

/* back_up - to the file, or to stdout (fd -1) */
static enum rc
back_up(struct program *p, const char *path, int fd, struct error *err)
{
	const struct caller *caller;
	const struct table *t;
	struct transport *tr;
	struct service *svc;
	char *text = NULL;
	size_t len = 0;
	enum rc rc;

	if ((rc = program_transport(p, &tr, err)) != RC_OK ||
	    (rc = local_service(tr, &svc, &caller, err)) != RC_OK ||
	    (rc = store_table(svc->store, &t, err)) != RC_OK)
		return rc;
	rc = dump(svc->store, &text, &len, err);
	if (rc == RC_OK && fd >= 0)
		rc = file_write(path, fd, text, len, err);
	else if (rc == RC_OK && fwrite(text, 1, len, stdout) != len)
		rc = error_set(err, RC_IO, "stdout: %s", strerror(errno));
	if (rc == RC_OK)
		tell(p, t, store_keyring(svc->store));
	mem_wipe(text, len);
	free(text);
	table_unref(t);
	return rc;
}

static const struct opt backup_options[] = {
	{ "file", 'f', "FILE", 0, "where to, mode 0600 (default: stdout)" },
	OPT_END
};

/* do_backup - mcpctl backup [-f FILE] */
static enum rc
do_backup(struct program *p, const struct args *a, struct error *err)
{
	const char *path = args_text(a, "file");
	enum rc rc;
	int fd = -1;

	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	if (path != NULL && (rc = file_open(path, &fd, err)) != RC_OK)
		return rc;
	rc = back_up(p, path, fd, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

const struct command command_backup = {
	.name = "backup", .group = "Store", .words = "",
	.help = "the whole store as text; sealed values stay sealed",
	.store_only = "keys and tokens of all users are in a backup",
	.options = backup_options, .run = do_backup,
	.examples =
	    "mcpctl backup -f mcpd-backup.txt\n"
	    "mcpctl backup | gzip >mcpd-backup.gz\n",
};
