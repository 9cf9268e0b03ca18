/* keyring.c - the keys in memory */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/keyfile.h"
#include "store/keyring.h"

struct keyring {
	char			*path;
	pthread_mutex_t		 lock;
	struct seal_keys	 keys;	/* n 0: not read yet */
};

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
	seal_keys_release(&k->keys);
	pthread_mutex_destroy(&k->lock);
	free(k->path);
	free(k);
}

/* keyring_path - as it was named */
const char *
keyring_path(const struct keyring *k)
{
	return k->path;
}

/* reload - keys that were read stay when the file can't be read now; the lock is held */
static enum rc
reload(struct keyring *k, struct error *err)
{
	struct seal_keys fresh = { NULL, 0 };
	enum rc rc = keyfile_read(k->path, &fresh, err);

	if (rc == RC_OK) {
		seal_keys_release(&k->keys);
		k->keys = fresh;
	}
	return rc;
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
	found = seal_keys_find(&k->keys, id);
	if (found == NULL) {
		rc = reload(k, err);
		found = rc == RC_OK ? seal_keys_find(&k->keys, id) : NULL;
	}
	if (found != NULL)
		memcpy(key, found->bytes, SEAL_KEY_SIZE);
	else if (rc == RC_OK)
		rc = error_set(err, RC_NOT_FOUND, "key id %" PRIu32 " is not in %s", id, k->path);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

/* keyring_active_id - of the file as it is now */
enum rc
keyring_active_id(struct keyring *k, uint32_t *id, struct error *err)
{
	unsigned char key[SEAL_KEY_SIZE];
	enum rc rc = keyring_active(k, id, key, err);

	mem_wipe(key, sizeof(key));
	return rc;
}

/* keyring_create - see keyfile_create() */
enum rc
keyring_create(const char *path, struct error *err)
{
	return keyfile_create(path, err);
}

/* keyring_rotate - the next one who asks for the active key reads the file again */
enum rc
keyring_rotate(struct keyring *k, uint32_t from, uint32_t *id, struct error *err)
{
	return keyfile_rotate(k->path, from, id, err);
}
