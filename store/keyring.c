/* keyring.c - the key file, read with suspicion */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/keyring.h"
#include "store/oserr.h"

#define KEY_FILE_MAX	65536		/* bytes */
#define KEY_ID_DIGITS	10		/* of 4294967295 */

struct seal_key {
	uint32_t	id;
	unsigned char	bytes[SEAL_KEY_SIZE];
};

struct seal_keys {			/* in the order of the file; the last is the active one */
	struct seal_key	*v;
	size_t		 n;
};

struct keyring {
	char			*path;
	pthread_mutex_t		 lock;
	struct seal_keys	 keys;	/* n 0: not read yet */
};

/* keys_release - wipe and free */
static void
keys_release(struct seal_keys *keys)
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
	keys_release(keys);
	*keys = grown;
}

/* keys_find - by id, or NULL */
static const struct seal_key *
keys_find(const struct seal_keys *keys, uint32_t id)
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
		else if (keys_find(keys, key.id) != NULL)
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
		keys_release(keys);
	return rc;
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
		return error_set(err, RC_UNAVAILABLE,
		    "%s: the key file belongs to user %u, not to us, %u (chown %u %s)", path,
		    (unsigned)st->st_uid, (unsigned)us, (unsigned)us, path);
	if (st->st_size > KEY_FILE_MAX)
		return error_set(err, RC_UNAVAILABLE, "%s: the key file is larger than %d bytes",
		    path, KEY_FILE_MAX);
	return RC_OK;
}

/* open_error - why it could not be opened, with the mend */
static enum rc
open_error(const char *path, struct error *err)
{
	switch (errno) {
	case ENOENT:
		return error_set(err, RC_UNAVAILABLE, "%s: there is no key file (mcpctl init makes "
		    "it; after a restore copy the old one here)", path);
	case ELOOP:
		return error_set(err, RC_UNAVAILABLE, "%s: the key file is a symbolic link; name "
		    "the file itself", path);
	}
	return error_set(err, RC_UNAVAILABLE, "%s: the key file can't be read: %s", path,
	    strerror(errno));
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

/* read_file - open, look at what was opened, read; O_NONBLOCK: a FIFO must not hold us */
static enum rc
read_file(const char *path, struct seal_keys *keys, struct error *err)
{
	struct stat st;
	enum rc rc;
	char *room;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return open_error(path, err);
	if (fstat(fd, &st) != 0)
		rc = error_set(err, RC_UNAVAILABLE, "%s: %s", path, strerror(errno));
	else
		rc = check_file(path, &st, err);
	if (rc == RC_OK) {
		room = x_calloc(1, KEY_FILE_MAX + 1);
		rc = read_text(path, fd, room, err);
		if (rc == RC_OK)
			rc = parse_keys(path, room, keys, err);
		mem_wipe(room, KEY_FILE_MAX + 1);
		free(room);
	}
	close(fd);
	return rc;
}

/* reload - keys that were read stay when the file can't be read now; the lock is held */
static enum rc
reload(struct keyring *k, struct error *err)
{
	struct seal_keys fresh = { NULL, 0 };
	enum rc rc = read_file(k->path, &fresh, err);

	if (rc == RC_OK) {
		keys_release(&k->keys);
		k->keys = fresh;
	}
	return rc;
}

/* keyring_open - nothing is read yet */
struct keyring *
keyring_open(const char *path)
{
	struct keyring *k = x_calloc(1, sizeof(*k));

	k->path = x_strdup(path);
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

/* keyring_close - wipe and free */
void
keyring_close(struct keyring *k)
{
	if (k == NULL)
		return;
	keys_release(&k->keys);
	pthread_mutex_destroy(&k->lock);
	free(k->path);
	free(k);
}

/* keyring_check - would sealing and opening work now */
enum rc
keyring_check(struct keyring *k, struct error *err)
{
	enum rc rc;

	pthread_mutex_lock(&k->lock);
	rc = reload(k, err);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* keyring_active - the file may have got a new key since we looked */
enum rc
keyring_active(struct keyring *k, uint32_t *id, unsigned char key[SEAL_KEY_SIZE],
    struct error *err)
{
	enum rc rc;

	pthread_mutex_lock(&k->lock);
	rc = reload(k, err);
	if (rc == RC_OK) {
		const struct seal_key *active = &k->keys.v[k->keys.n - 1];

		*id = active->id;
		memcpy(key, active->bytes, SEAL_KEY_SIZE);
	}
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* keyring_find - from memory, else from the file */
enum rc
keyring_find(struct keyring *k, uint32_t id, unsigned char key[SEAL_KEY_SIZE], struct error *err)
{
	const struct seal_key *found;
	enum rc rc = RC_OK;

	pthread_mutex_lock(&k->lock);
	found = keys_find(&k->keys, id);
	if (found == NULL) {
		rc = reload(k, err);
		found = rc == RC_OK ? keys_find(&k->keys, id) : NULL;
	}
	if (found != NULL)
		memcpy(key, found->bytes, SEAL_KEY_SIZE);
	else if (rc == RC_OK)
		rc = error_set(err, RC_NOT_FOUND, "key id %" PRIu32 " is not in %s", id, k->path);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* new_line - a fresh key as a line of the file; owned by the caller, who wipes it */
static char *
new_line(void)
{
	unsigned char key[SEAL_KEY_SIZE];
	char *text, *line;

	random_bytes(key, sizeof(key));
	text = base64_encode(key, sizeof(key));
	line = x_asprintf("1 %s\n", text);
	mem_wipe(key, sizeof(key));
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

/* write_key - one new key, down to the disk; false with errno */
static bool
write_key(int fd)
{
	char *line = new_line();
	size_t len = strlen(line);
	ssize_t n;

	errno = ENOSPC;			/* what a short write to a file means */
	n = write(fd, line, len);
	mem_free_wiped(line);
	return n == (ssize_t)len && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
}

/* keyring_create - whole or not at all: written aside, then linked, which never replaces */
enum rc
keyring_create(const char *path, struct error *err)
{
	char id[ID_SIZE], *aside;
	enum rc rc = RC_OK;
	int fd;

	random_id(id);
	aside = x_asprintf("%s.%s", path, id);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		rc = oserr(err, "%s: the key file can't be made", path);
		free(aside);
		return rc;
	}
	if (!write_key(fd))
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
	return rc;
}
