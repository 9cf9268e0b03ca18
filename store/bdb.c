/* bdb.c - Berkeley DB, and nothing else */
#include <db.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/bdb.h"
#include "store/oserr.h"
#include "store/statedir.h"

#define CACHE_MIN	(256u << 10)	/* bytes; memory is taken as it is used */
#define CACHE_MAX	(512u << 20)
#define LOG_BUFFER	(32u << 10)	/* bytes */
/* bytes of a log file: recovery fills the rest of the last one with zeroes at every open */
#define LOG_SIZE	(256u << 10)
#define FILE_MODE	0600

struct bdb {
	DB_ENV	*env;
	DB	*db;
	DB_TXN	*txn;
	char	*home;			/* the directory, as Berkeley DB has it */
	bool	 panicked;
	int	 cause;			/* errno of the first write or panic, 0: none */
	char	 detail[256];		/* what Berkeley DB said first, "" nothing */
};

/* rc_from_db - fold a Berkeley DB return into ours; the only place that knows */
static enum rc
rc_from_db(struct bdb *b, int ret, const char *what, struct error *err)
{
	const char *detail = b->detail[0] != '\0' ? b->detail : db_strerror(ret);

	if (ret == DB_RUNRECOVERY)
		b->panicked = true;
	/* on a full disk recovery panics: that is no damage */
	if ((ret == DB_RUNRECOVERY || ret == EIO) && b->cause > 0)
		ret = b->cause;
	switch (ret) {
	case 0:
		return RC_OK;
	case DB_NOTFOUND:
	case ENOENT:			/* no cat.db, or one whose creation recovery undid */
		return error_set(err, RC_NOT_FOUND, "%s: not found", what);
	case DB_RUNRECOVERY:
		return error_set(err, RC_CORRUPT, "%s: %s", what, detail);
	case EINVAL:			/* our calls are right, so what it read is not */
	case DB_OLD_VERSION:
	case DB_VERSION_MISMATCH:
	case DB_PAGE_NOTFOUND:
	case DB_VERIFY_BAD:
		return error_set(err, RC_CORRUPT, "%s: %s", what, detail);
	}
	if (ret > 0) {
		errno = ret;
		return oserr(err, "%s", what);
	}
	return error_set(err, RC_IO, "%s: %s", what, detail);
}

/* say - Berkeley DB's words; the first are the cause, the rest its consequences */
static void
say(const DB_ENV *env, const char *prefix, const char *text)
{
	struct bdb *b = env->app_private;
	const char *at = strstr(text, b->home);
	size_t n = strlen(b->home);

	(void)prefix;
	if (b->detail[0] != '\0')
		return;
	/* files by their names alone: whose they are is said before, and the path is none for people */
	if (at == NULL || at[n] != '/')
		snprintf(b->detail, sizeof(b->detail), "%s", text);
	else
		snprintf(b->detail, sizeof(b->detail), "%.*s%s", (int)(at - text), text, at + n + 1);
}

/* notice - a panic hides its reason behind DB_RUNRECOVERY, a page that could not be written behind
   EIO; here it is told, once */
static void
notice(DB_ENV *env, u_int32_t event, void *info)
{
	struct bdb *b = env->app_private;

	if (event == DB_EVENT_WRITE_FAILED && b->cause == 0)
		b->cause = errno;
	if (event != DB_EVENT_PANIC)
		return;
	b->panicked = true;
	if (info != NULL && b->cause == 0)
		b->cause = *(int *)info;
}

/* hush - progress messages, of which there should be none */
static void
hush(const DB_ENV *env, const char *text)
{
	(void)env;
	(void)text;
}

/* clean_malloc - Berkeley DB writes the unused parts of its pages as malloc gave them, and in this
   process that may be what a key was in before it was freed */
static void *
clean_malloc(size_t n)
{
	return calloc(1, n);
}

/* calm_close - a close that fails is no loss: what counts was flushed before, and the descriptor is gone
   all the same. 5.3 goes on with the handle that it has freed then (fop_util.c, __fop_file_setup) */
static int
calm_close(int fd)
{
	close(fd);
	return 0;
}

/* brisk_open - by itself 5.3 waits 12 s, under our lock, for a descriptor or an inode that may never
   come; what it is given to open with it calls once (os_open.c, __os_openhandle) */
static int
brisk_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);		/* it always gives one */
	va_end(ap);
	return open(path, flags | O_CLOEXEC, (mode_t)mode);
}

/* open_env - private: its regions are our heap, no other process can be hurt by our death */
static int
open_env(struct bdb *b, const char *dir, size_t room)
{
	u_int32_t cache = room < CACHE_MAX - CACHE_MIN ? CACHE_MIN + (u_int32_t)room : CACHE_MAX;
	DB_ENV *env;
	int ret;

	if ((ret = db_env_set_func_malloc(clean_malloc)) != 0 ||
	    (ret = db_env_set_func_open(brisk_open)) != 0 ||
	    (ret = db_env_set_func_close(calm_close)) != 0 ||
	    (ret = db_env_create(&env, 0)) != 0)
		return ret;
	b->env = env;
	env->app_private = b;
	env->set_errcall(env, say);
	env->set_msgcall(env, hush);
	if ((ret = env->set_event_notify(env, notice)) != 0 ||
	    (ret = env->set_cachesize(env, 0, cache, 1)) != 0 ||
	    (ret = env->set_lg_bsize(env, LOG_BUFFER)) != 0 ||
	    (ret = env->set_lg_max(env, LOG_SIZE)) != 0 ||
	    (ret = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		return ret;
	return env->open(env, dir, DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL |
	    DB_PRIVATE | DB_RECOVER, FILE_MODE);
}

/* open_db - the one database */
static int
open_db(struct bdb *b, bool create)
{
	int ret = db_create(&b->db, b->env, 0);

	if (ret != 0) {
		b->db = NULL;
		return ret;
	}
	return b->db->open(b->db, NULL, STATEDIR_DATABASE, NULL, DB_BTREE,
	    (create ? DB_CREATE : 0u) | DB_AUTO_COMMIT, FILE_MODE);
}

/* bdb_open - recover and open */
enum rc
bdb_open(const char *dir, bool create, size_t room, struct bdb **out, struct error *err)
{
	struct bdb *b;
	enum rc rc;

	/* once more after a panic: what upset recovery may be gone with the environment */
	for (int tries = 0;; tries++) {
		b = x_calloc(1, sizeof(*b));
		b->home = x_strdup(dir);
		rc = rc_from_db(b, open_env(b, dir, room), "open the database", err);
		if (rc == RC_OK)
			rc = rc_from_db(b, open_db(b, create), "open " STATEDIR_DATABASE, err);
		if (rc == RC_OK)
			break;
		if (!b->panicked || tries == 1) {
			bdb_close(b);
			return rc;
		}
		bdb_close(b);
	}
	*out = b;
	return RC_OK;
}

/* bdb_close - a failure here costs nothing: what was committed is in the log */
void
bdb_close(struct bdb *b)
{
	if (b == NULL)
		return;
	bdb_abort(b);
	if (b->db != NULL)
		b->db->close(b->db, 0);
	if (b->env != NULL)
		b->env->close(b->env, 0);
	free(b->home);
	free(b);
}

/* bdb_verify - without an environment: what is on the disk, as the last close left it */
enum rc
bdb_verify(const char *dir, struct error *err)
{
	char *path = x_asprintf("%s/" STATEDIR_DATABASE, dir);
	struct error why = { RC_CORRUPT, "" };
	DB *db;
	int ret = db_create(&db, NULL, 0);

	if (ret == 0) {
		db->set_errcall(db, NULL);
		db->set_errfile(db, NULL);
		ret = db->verify(db, path, NULL, NULL, 0);	/* it closes the handle, too */
	}
	if (ret != 0)
		error_set(&why, RC_CORRUPT, "%s: the pages are damaged: %s", path, db_strerror(ret));
	free(path);
	return ret == 0 ? RC_OK : error_set(err, why.rc, "%s", why.msg);
}

/* bdb_panicked - the environment is dead */
bool
bdb_panicked(const struct bdb *b)
{
	return b->panicked;
}

/* key_dbt - a key as Berkeley DB wants it */
static DBT
key_dbt(const char *key)
{
	return (DBT){ .data = (void *)(uintptr_t)key, .size = (u_int32_t)strlen(key) };
}

/* open_value - stored values begin with the revision that put them, big-endian */
static enum rc
open_value(const DBT *data, struct kv_item *item, struct error *err)
{
	uint64_t rev;

	if (data->size < sizeof(rev) || data->size - sizeof(rev) > KV_VALUE_MAX)
		return error_set(err, RC_CORRUPT, "%s: the value of %s is misshapen",
		    STATEDIR_DATABASE, item->key);
	memcpy(&rev, data->data, sizeof(rev));
	item->mod_rev = be64toh(rev);
	item->val = (const char *)data->data + sizeof(rev);
	item->len = data->size - sizeof(rev);
	return RC_OK;
}

/* bdb_get - one item */
enum rc
bdb_get(struct bdb *b, const char *key, struct kv_item *out, struct error *err)
{
	struct kv_item item = { .key = key };
	DBT k = key_dbt(key), data = { .size = 0 };
	enum rc rc;

	rc = rc_from_db(b, b->db->get(b->db, b->txn, &k, &data, 0), "read the database",
	    err);
	if (rc == RC_OK)
		rc = open_value(&data, &item, err);
	if (rc == RC_OK)
		*out = item;
	return rc;
}

/* show - one record at a cursor, to the visitor */
static enum rc
show(const DBT *k, const DBT *data, bdb_visit *visit, void *arg, struct error *err)
{
	char key[KV_KEY_MAX + 1];
	struct kv_item item = { .key = key };
	enum rc rc;

	if (k->size > KV_KEY_MAX)
		return error_set(err, RC_CORRUPT, STATEDIR_DATABASE ": a key is misshapen");
	memcpy(key, k->data, k->size);
	key[k->size] = '\0';
	rc = open_value(data, &item, err);
	return rc == RC_OK ? visit(arg, &item, err) : rc;
}

/* bdb_each - walk it all */
enum rc
bdb_each(struct bdb *b, bdb_visit *visit, void *arg, struct error *err)
{
	DBT k = { .size = 0 }, data = { .size = 0 };
	DBC *cursor;
	enum rc rc;
	int ret;

	rc = rc_from_db(b, b->db->cursor(b->db, b->txn, &cursor, 0), "read the database", err);
	if (rc != RC_OK)
		return rc;
	while (rc == RC_OK && (ret = cursor->get(cursor, &k, &data, DB_NEXT)) != DB_NOTFOUND) {
		rc = rc_from_db(b, ret, "read the database", err);
		if (rc == RC_OK)
			rc = show(&k, &data, visit, arg, err);
	}
	ret = cursor->close(cursor);
	return rc == RC_OK ? rc_from_db(b, ret, "read the database", err) : rc;
}

/* bdb_begin - one transaction at a time */
enum rc
bdb_begin(struct bdb *b, struct error *err)
{
	return rc_from_db(b, b->env->txn_begin(b->env, NULL, &b->txn, 0), "begin", err);
}

/* bdb_put - in the open transaction */
enum rc
bdb_put(struct bdb *b, const struct kv_item *item, struct error *err)
{
	uint64_t rev = htobe64(item->mod_rev);
	DBT k = key_dbt(item->key), data = { .size = (u_int32_t)(sizeof(rev) + item->len) };
	int ret;

	data.data = x_malloc(data.size);
	memcpy(data.data, &rev, sizeof(rev));
	if (item->len > 0)
		memcpy((char *)data.data + sizeof(rev), item->val, item->len);
	ret = b->db->put(b->db, b->txn, &k, &data, 0);
	mem_wipe(data.data, data.size);
	free(data.data);
	return rc_from_db(b, ret, "write the database", err);
}

/* bdb_delete - in the open transaction; nothing to delete is fine */
enum rc
bdb_delete(struct bdb *b, const char *key, bool *was, struct error *err)
{
	DBT k = key_dbt(key);
	int ret = b->db->del(b->db, b->txn, &k, 0);

	*was = ret == 0;
	return ret == DB_NOTFOUND ? RC_OK : rc_from_db(b, ret, "write the database", err);
}

/*
 * bdb_commit - to the disk, really: a commit that could not be flushed Berkeley DB turns into an
 * abort, or it panics; but where the log went on to a new file since the last flush, 5.3 takes the
 * failure for success (log_put.c, __log_flush_commit: it compares the files of two LSNs by !=). So
 * ask once more for what must be true by then. If it is not, the commit still sits in a buffer and
 * may yet reach the disk: only a new open can tell.
 */
enum rc
bdb_commit(struct bdb *b, struct error *err)
{
	DB_TXN *txn = b->txn;
	int ret;

	b->txn = NULL;
	ret = txn->commit(txn, 0);
	if (ret == 0 && (ret = b->env->log_flush(b->env, NULL)) != 0)
		b->panicked = true;
	return rc_from_db(b, ret, "commit", err);
}

/* bdb_abort - forget the open transaction */
void
bdb_abort(struct bdb *b)
{
	DB_TXN *txn = b->txn;

	b->txn = NULL;
	if (txn != NULL && txn->abort(txn) == DB_RUNRECOVERY)
		b->panicked = true;
}
