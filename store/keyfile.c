/* keyfile.c - the key file, read with suspicion and changed whole or not at all */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/keyfile.h"
#include "store/oserr.h"

#define KEY_FILE_MAX	65536		/* bytes */
#define KEY_ID_DIGITS	10		/* of 4294967295 */
#define FIRST_KEY_ID	1		/* of a new key file */
#define LOCK_MS		5000		/* ms that a change waits for another one */
#define LOCK_NAP_MS	5		/* between two tries */

/* seal_keys_release - wipe and free */
void
seal_keys_release(struct seal_keys *keys)
{
	mem_wipe(keys->v, keys->n * sizeof(*keys->v));
	free(keys->v);
	*keys = (struct seal_keys){ NULL, 0 };
}

/* keys_add - realloc could leave a copy behind, so the old room is wiped by hand */
static void
keys_add(struct seal_keys *keys, const struct seal_key *key)
{
	struct seal_keys grown = { x_malloc((keys->n + 1) * sizeof(*key)), keys->n + 1 };

	if (keys->n > 0)
		memcpy(grown.v, keys->v, keys->n * sizeof(*key));
	grown.v[keys->n] = *key;
	seal_keys_release(keys);
	*keys = grown;
}

/* seal_keys_find - by id, or NULL */
const struct seal_key *
seal_keys_find(const struct seal_keys *keys, uint32_t id)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].id == id)
			return &keys->v[i];
	return NULL;
}

/* parse_key - "key_id base64(32 bytes)", nothing before, between or after */
static bool
parse_key(const char *line, size_t len, struct seal_key *key)
{
	size_t digits = strspn(line, "0123456789"), n = 0;
	unsigned char *bytes;
	uint64_t id;
	bool ok;

	if (digits == 0 || digits > KEY_ID_DIGITS || digits >= len || line[digits] != ' ')
		return false;
	id = strtoull(line, NULL, 10);
	if (id == 0 || id > UINT32_MAX)
		return false;
	if (!base64_decode(line + digits + 1, len - digits - 1, &bytes, &n))
		return false;
	ok = n == SEAL_KEY_SIZE;
	if (ok) {
		key->id = (uint32_t)id;
		memcpy(key->bytes, bytes, SEAL_KEY_SIZE);
	}
	mem_wipe(bytes, n);
	free(bytes);
	return ok;
}

/* parse_keys - all lines; messages never hold what is in them */
static enum rc
parse_keys(const char *path, const char *text, struct seal_keys *keys, struct error *err)
{
	struct seal_key key;
	enum rc rc = RC_OK;
	unsigned line = 0;

	while (*text != '\0' && rc == RC_OK) {
		size_t len = strcspn(text, "\n");

		line++;
		if (len == 0 || text[0] == '#')
			;
		else if (!parse_key(text, len, &key))
			rc = error_set(err, RC_UNAVAILABLE,
			    "%s:%u: not a line 'key_id base64(32 bytes)'", path, line);
		else if (seal_keys_find(keys, key.id) != NULL)
			rc = error_set(err, RC_UNAVAILABLE,
			    "%s:%u: key id %" PRIu32 " is there twice", path, line, key.id);
		else
			keys_add(keys, &key);
		text += len + (text[len] == '\n');
	}
	mem_wipe(&key, sizeof(key));
	if (rc == RC_OK && keys->n == 0)
		rc = error_set(err, RC_UNAVAILABLE, "%s: no key in the key file", path);
	if (rc != RC_OK)
		seal_keys_release(keys);
	return rc;
}

/* owner_error - with the mend */
static enum rc
owner_error(const char *path, const struct stat *st, struct error *err)
{
	unsigned us = (unsigned)geteuid();

	return error_set(err, RC_UNAVAILABLE,
	    "%s: the key file belongs to user %u, not to us, %u (chown %u %s)", path,
	    (unsigned)st->st_uid, us, us, path);
}

/* check_file - what anybody else could read or replace is no secret */
static enum rc
check_file(const char *path, const struct stat *st, struct error *err)
{
	mode_t mode = st->st_mode & 07777;
	uid_t us = geteuid();

	if (!S_ISREG(st->st_mode))
		return error_set(err, RC_UNAVAILABLE, "%s: the key file is no regular file", path);
	if (mode != 0600 && mode != 0400)
		return error_set(err, RC_UNAVAILABLE,
		    "%s: the key file has mode %04o, must be 0600 (chmod 600 %s)", path,
		    (unsigned)mode, path);
	if (us != 0 && st->st_uid != us && st->st_uid != 0)
		return owner_error(path, st, err);
	if (st->st_size > KEY_FILE_MAX)
		return error_set(err, RC_UNAVAILABLE, "%s: the key file is larger than %d bytes",
		    path, KEY_FILE_MAX);
	return RC_OK;
}

/* open_error - why it could not be opened, with the mend */
static enum rc
open_error(const char *path, struct error *err)
{
	int saved = errno;
	struct stat st;

	switch (saved) {
	case EACCES:
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid != geteuid())
			return owner_error(path, &st, err);
		break;
	case ENOENT:
		return error_set(err, RC_UNAVAILABLE, "%s: there is no key file (mcpctl init makes "
		    "it; after a restore copy the old one here)", path);
	case ELOOP:
		return error_set(err, RC_UNAVAILABLE, "%s: the key file is a symbolic link; name "
		    "the file itself", path);
	}
	return error_set(err, RC_UNAVAILABLE, "%s: the key file can't be read: %s", path,
	    strerror(saved));
}

/* read_text - the whole file into room, NUL-terminated */
static enum rc
read_text(const char *path, int fd, char room[KEY_FILE_MAX + 1], struct error *err)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, room + len, KEY_FILE_MAX - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, RC_UNAVAILABLE, "%s: %s", path, strerror(errno));
		len += (size_t)n;
	}
	room[len] = '\0';
	if (strlen(room) != len)
		return error_set(err, RC_UNAVAILABLE, "%s: a NUL in the key file", path);
	return RC_OK;
}

/* open_file - open, and look at what was opened; O_NONBLOCK: a FIFO must not hold us */
static enum rc
open_file(const char *path, int *out, struct stat *st, struct error *err)
{
	enum rc rc;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return open_error(path, err);
	if (fstat(fd, st) != 0)
		rc = error_set(err, RC_UNAVAILABLE, "%s: %s", path, strerror(errno));
	else
		rc = check_file(path, st, err);
	if (rc == RC_OK)
		*out = fd;
	else
		close(fd);
	return rc;
}

/* read_keys - of an open file */
static enum rc
read_keys(const char *path, int fd, struct seal_keys *keys, struct error *err)
{
	char *room = x_calloc(1, KEY_FILE_MAX + 1);
	enum rc rc = read_text(path, fd, room, err);

	if (rc == RC_OK)
		rc = parse_keys(path, room, keys, err);
	mem_wipe(room, KEY_FILE_MAX + 1);
	free(room);
	return rc;
}

/* keyfile_read - all keys of the file as it is now */
enum rc
keyfile_read(const char *path, struct seal_keys *keys, struct error *err)
{
	struct stat st;
	int fd;
	enum rc rc = open_file(path, &fd, &st, err);

	if (rc != RC_OK)
		return rc;
	rc = read_keys(path, fd, keys, err);
	close(fd);
	return rc;
}

/* line_of - a key as a line of the file; owned by the caller, who wipes it */
static char *
line_of(const struct seal_key *key)
{
	char *text = base64_encode(key->bytes, sizeof(key->bytes));
	char *line = x_asprintf("%" PRIu32 " %s\n", key->id, text);

	mem_free_wiped(text);
	return line;
}

/* sync_parent - so that a new name lasts */
static void
sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? x_strdup(".") :
	    x_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

/* write_keys - down to the disk; false with errno */
static bool
write_keys(int fd, const struct seal_keys *keys, mode_t mode)
{
	bool ok = true;

	for (size_t i = 0; ok && i < keys->n; i++) {
		char *line = line_of(&keys->v[i]);
		size_t len = strlen(line);

		errno = ENOSPC;		/* what a short write to a file means */
		ok = write(fd, line, len) == (ssize_t)len;
		mem_free_wiped(line);
	}
	return ok && fchmod(fd, mode) == 0 && fsync(fd) == 0;
}

/* fresh_key - one that nobody had before */
static struct seal_key
fresh_key(uint32_t id)
{
	struct seal_key key = { .id = id };

	random_bytes(key.bytes, sizeof(key.bytes));
	return key;
}

/* keyfile_create - whole or not at all: written aside, then linked, which never replaces */
enum rc
keyfile_create(const char *path, struct error *err)
{
	struct seal_key key = fresh_key(FIRST_KEY_ID);
	const struct seal_keys keys = { &key, 1 };
	char id[ID_SIZE], *aside;
	enum rc rc = RC_OK;
	int fd;

	random_id(id);
	aside = x_asprintf("%s.%s", path, id);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		rc = oserr(err, "%s: the key file can't be made", path);
		mem_wipe(&key, sizeof(key));
		free(aside);
		return rc;
	}
	if (!write_keys(fd, &keys, 0600))
		rc = oserr(err, "%s: the key file can't be written", path);
	else if (link(aside, path) == 0)
		sync_parent(path);
	else if (errno == EEXIST)
		rc = error_set(err, RC_CONFLICT, "%s: a key file is there already", path);
	else
		rc = oserr(err, "%s: the key file can't be made", path);
	close(fd);
	unlink(aside);
	free(aside);
	mem_wipe(&key, sizeof(key));
	return rc;
}

/* lock_file - the one who changes it: the file that the name stands for, until close(*fd) */
static enum rc
lock_file(const char *path, int *fd, struct stat *st, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + LOCK_MS;
	struct stat named;
	enum rc rc;

	while ((rc = open_file(path, fd, st, err)) == RC_OK) {
		bool mine = flock(*fd, LOCK_EX | LOCK_NB) == 0;

		if (mine && stat(path, &named) == 0 && named.st_dev == st->st_dev &&
		    named.st_ino == st->st_ino)
			return RC_OK;
		close(*fd);
		if (clock_mono_ms() >= deadline_ms)
			return error_set(err, RC_BUSY, "%s: another process is changing it", path);
		if (!mine)
			clock_nap(LOCK_NAP_MS);
	}
	return rc;
}

/* replace_file - by another with these keys, of the same owner and mode; whole or not at all */
static enum rc
replace_file(const char *path, const struct stat *st, const struct seal_keys *keys,
    struct error *err)
{
	char *aside = x_asprintf("%s.new", path);	/* we are alone: one of a dead process goes */
	enum rc rc = RC_OK;
	int fd;

	unlink(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchown(fd, st->st_uid, st->st_gid) != 0 ||
	    !write_keys(fd, keys, st->st_mode & 07777) || rename(aside, path) != 0)
		rc = oserr(err, "%s: the key file can't be changed", path);
	if (fd >= 0)
		close(fd);
	if (rc == RC_OK)
		sync_parent(path);
	else
		unlink(aside);
	free(aside);
	return rc;
}

/* add_key - a new one at the end, under the lock */
static enum rc
add_key(const char *path, const struct stat *st, struct seal_keys *keys, struct error *err)
{
	struct seal_key key = fresh_key(FIRST_KEY_ID);

	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].id >= key.id)
			key.id = keys->v[i].id + 1;
	if (key.id == 0)
		return error_set(err, RC_UNAVAILABLE, "%s: no key id is left", path);
	keys_add(keys, &key);
	mem_wipe(&key, sizeof(key));
	return replace_file(path, st, keys, err);
}

/* keyfile_rotate - see keyfile.h */
enum rc
keyfile_rotate(const char *path, uint32_t from, uint32_t *id, struct error *err)
{
	struct seal_keys keys = { NULL, 0 };
	struct stat st;
	int fd;
	enum rc rc = lock_file(path, &fd, &st, err);

	if (rc != RC_OK)
		return rc;
	rc = read_keys(path, fd, &keys, err);
	if (rc == RC_OK && keys.v[keys.n - 1].id == from)
		rc = add_key(path, &st, &keys, err);
	if (rc == RC_OK)
		*id = keys.v[keys.n - 1].id;
	seal_keys_release(&keys);
	close(fd);
	return rc;
}
