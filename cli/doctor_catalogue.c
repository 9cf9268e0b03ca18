/* doctor_catalogue.c - checks of what is in the store: the engine's files, records, secrets, the books */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/doctor.h"
#include "store/audit.h"
#include "store/keyfile.h"
#include "store/snapshot.h"
#include "store/verify.h"

#define TOLD_MAX	10		/* faults, or names, that are told one by one */
#define NAMES_MAX	4096		/* bytes of names in one finding */
#define MS_DAY		INT64_C(86400000)

/* is_there - a file of the directory */
static bool
is_there(const struct doctor *d, const char *name)
{
	char *path = x_asprintf("%s/%s", d->cfg.db, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* has_store - is there one in the directory */
static bool
has_store(const struct doctor *d)
{
	return is_there(d, STATEDIR_DATABASE);
}

/* had_store - a snapshot comes after the first commit, so there was one: a new one is not what is wanted */
static bool
had_store(const struct doctor *d)
{
	return is_there(d, "snapshot");
}

/* look_snapshot - before the store is opened, for that makes a damaged one anew */
static void
look_snapshot(struct doctor *d)
{
	struct statedir dir = STATEDIR_INIT;
	struct snapshot_head head;
	struct kv_items items;
	struct error err;

	if (!has_store(d))
		doctor_found(d, VERDICT_WARN, "skipped: there is no store in %s", d->cfg.db);
	else if (statedir_open(&dir, d->cfg.db, d->cfg.allow_network_fs, &err) != RC_OK)
		doctor_found(d, VERDICT_WARN, "skipped: %s", err.msg);
	else if (snapshot_load(&dir, NULL, &head, &items, &err) != RC_OK) {
		doctor_found(d, VERDICT_WARN, "%s; it is made anew from the database", err.msg);
		doctor_mend(d, "dmesg | grep -i error, should it come again");
	} else {
		doctor_found(d, VERDICT_OK, "revision %" PRIu64 ", %zu items", head.rev, items.n);
		kv_items_release(&items);
	}
	statedir_close(&dir);
}

/* mend_trouble - what is no damage, and must not be mended as one: the files are good */
static void
mend_trouble(struct doctor *d, enum rc rc, bool first)
{
	if (rc == RC_BUSY || rc == RC_NO_SPACE || rc == RC_UNKNOWN)
		doctor_mend(d, PROGRAM_NAME " --db %s doctor, later", d->dir_word);
	else if (!first)
		doctor_mend(d, "what failed above, first");
	else if (rc == RC_UNAVAILABLE)
		doctor_mend(d, "ls -la %s; lsattr -d %s", d->dir_word, d->dir_word);
	else
		doctor_mend(d, "dmesg | grep -i error");
}

/* look_open - as every command opens it. Where a check before it has failed, that is mended first */
static void
look_open(struct doctor *d)
{
	bool first = !d->failed;
	struct error err;
	enum rc rc = service_open(&d->cfg, false, &d->svc, &err);

	if (rc == RC_OK)
		rc = store_table(d->svc.store, &d->table, &err);
	if (rc == RC_OK) {
		d->missing[NEED_TABLE] = NULL;
		doctor_found(d, VERDICT_OK, "store id %s", table_store_id(d->table));
		return;
	}
	doctor_found(d, VERDICT_FAIL, "%s", err.msg);
	if (!has_store(d))
		doctor_mend(d, PROGRAM_NAME " --db %s %s", d->dir_word,
		    had_store(d) ? "restore -f BACKUP" : "init");
	else if (rc != RC_CORRUPT || !first)
		mend_trouble(d, rc, first);
	else
		doctor_mend(d, "mv %s %s.damaged && " PROGRAM_NAME " --db %s restore -f BACKUP",
		    d->dir_word, d->dir_word, d->dir_word);
}

/* look_database - its pages, and the snapshot against it. A backup is made from the snapshot, which is
   good where the store is open */
static void
look_database(struct doctor *d)
{
	bool first = !d->failed;
	struct error err;
	enum rc rc = kv_verify(store_kv(d->svc.store), &err);

	if (rc == RC_OK) {
		doctor_found(d, VERDICT_OK, "its pages are whole, and readers see what is in it");
		return;
	}
	doctor_found(d, rc == RC_BUSY ? VERDICT_WARN : VERDICT_FAIL, "%s", err.msg);
	if (rc != RC_CORRUPT)
		mend_trouble(d, rc, first);
	else
		doctor_mend(d, PROGRAM_NAME " --db %s backup -f %s.backup && mv %s %s.damaged && "
		    PROGRAM_NAME " --db %s restore -f %s.backup", d->dir_word, d->dir_word,
		    d->dir_word, d->dir_word, d->dir_word, d->dir_word);
}

/* look_records - each as a create would have taken it */
static void
look_records(struct doctor *d)
{
	struct faults f = FAULTS_INIT;
	size_t n = 0;

	verify_records(d->table, true, NULL, &f);
	for (size_t i = 0; i < f.n && i < TOLD_MAX; i++) {
		doctor_found(d, VERDICT_FAIL, "%s: %s", f.v[i].path, f.v[i].message);
		doctor_mend(d, PROGRAM_NAME " --db %s restore -f BACKUP --force", d->dir_word);
	}
	for (int k = 0; k < RESOURCE__STORED; k++)
		n += kinds[k] != NULL ? table_count(d->table, kinds[k]) : 0;
	if (f.total > TOLD_MAX)
		doctor_found(d, VERDICT_FAIL, "and %zu more", f.total - TOLD_MAX);
	else if (f.total == 0)
		doctor_found(d, VERDICT_OK, "%zu", n);
	faults_release(&f);
}

/* tell_key - one that values need, and that is not in the file. It goes before the others: the last one
   is the active one */
static void
tell_key(struct doctor *d, uint32_t id)
{
	doctor_found(d, VERDICT_FAIL, "%s lacks key id %" PRIu32 ", which sealed values need",
	    d->cfg.key_file, id);
	doctor_mend(d, "(umask 077; grep '^%" PRIu32 " ' COPY_OF_THE_KEY_FILE | cat - %s >%s.new && "
	    "mv %s.new %s)", id, d->key_word, d->key_word, d->key_word, d->key_word);
}

/* look_keys - the ids that the sealed values need */
static void
look_keys(struct doctor *d)
{
	struct seal_keys keys = { NULL, 0 };
	struct key_ids ids;
	struct error err;
	size_t lacks = 0;

	if (d->table == NULL) {
		doctor_found(d, VERDICT_WARN, "skipped: %s", d->missing[NEED_TABLE]);
		d->missing[NEED_KEYS] = d->missing[NEED_TABLE];
		return;
	}
	if (keyfile_read(d->cfg.key_file, &keys, &err) != RC_OK) {
		doctor_found(d, VERDICT_FAIL, "%s", err.msg);
		doctor_mend(d, "install -m 600 COPY_OF_THE_KEY_FILE %s", d->key_word);
		d->missing[NEED_KEYS] = "the key file can't be read";
		return;
	}
	verify_keys(d->table, NULL, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		if (seal_keys_find(&keys, ids.v[i]) == NULL && lacks++ < TOLD_MAX)
			tell_key(d, ids.v[i]);
	}
	if (lacks == 0)
		doctor_found(d, VERDICT_OK, "%zu in the key file, %zu needed", keys.n, ids.n);
	key_ids_release(&ids);
	seal_keys_release(&keys);
}

/* tell_value - one that does not open, and how it is given anew */
static void
tell_value(struct doctor *d, const struct secret *s, const struct error *why)
{
	struct buf options = BUF_INIT(NAMES_MAX);

	for (size_t i = 0; i < s->nvalues; i++)
		(void)buf_addf(&options, NULL, " --data %s", s->values[i].key);
	doctor_found(d, VERDICT_FAIL, "%s", why->msg);
	doctor_mend(d, PROGRAM_NAME " --db %s create secret %s --force%s", d->dir_word, s->r.name,
	    options.p);
	buf_release(&options);
}

/* try_values - of one secret; how many don't open */
static size_t
try_values(struct doctor *d, const struct secret *s, size_t told)
{
	size_t bad = 0;
	struct error why;
	char *clear;

	for (size_t i = 0; i < s->nvalues; i++) {
		if (secret_clear(s, table_store_id(d->table), store_keyring(d->svc.store),
		    s->values[i].key, &clear, &why) == RC_OK)
			mem_free_wiped(clear);
		else if (told + bad++ < TOLD_MAX)
			tell_value(d, s, &why);
	}
	return bad;
}

/* look_values - every sealed one opens */
static void
look_values(struct doctor *d)
{
	size_t n = 0, bad = 0;

	for (size_t i = 0; i < table_count(d->table, &kind_secret); i++) {
		const struct secret *s = (const struct secret *)table_at(d->table, &kind_secret, i);

		if (s->kept != KEPT_SEALED)
			continue;
		n += s->nvalues;
		bad += try_values(d, s, bad);
	}
	if (bad > TOLD_MAX)
		doctor_found(d, VERDICT_FAIL, "and %zu more", bad - TOLD_MAX);
	else if (bad == 0)
		doctor_found(d, VERDICT_OK, "%zu open", n);
}

/* backend_name - by id, or of the first of a type; "?" */
static const char *
backend_name(const struct table *t, const char *id, const char *type)
{
	for (size_t i = 0; i < table_count(t, &kind_secretbackend); i++) {
		const struct record *r = table_at(t, &kind_secretbackend, i);

		if (id != NULL ? strcmp(r->id, id) == 0 :
		    strcmp(((const struct secretbackend *)r)->type, type) == 0)
			return r->name;
	}
	return "?";
}

/* plaintext_names - of secrets in clear */
static void
plaintext_names(const struct table *t, struct buf *names)
{
	for (size_t i = 0; i < table_count(t, &kind_secret); i++) {
		const struct record *r = table_at(t, &kind_secret, i);

		if (((const struct secret *)r)->kept == KEPT_PLAINTEXT)
			(void)buf_addf(names, NULL, "%s%s", names->len > 0 ? ", " : "", r->name);
	}
}

/* look_plaintext - a copy of the store's directory is a copy of them */
static void
look_plaintext(struct doctor *d)
{
	struct buf names = BUF_INIT(NAMES_MAX);
	size_t n = secret_plaintext_count(d->table);

	if (n == 0) {
		doctor_found(d, VERDICT_OK, "no secret stands in the store in clear");
		return;
	}
	plaintext_names(d->table, &names);
	doctor_found(d, VERDICT_WARN, "%zu secret%s in the store in clear: %s", n,
	    n == 1 ? " stands" : "s stand", names.p);
	doctor_mend(d, PROGRAM_NAME " --db %s migrate secrets --from %s --to %s", d->dir_word,
	    backend_name(d->table, NULL, "plaintext"), backend_name(d->table, NULL, "sealed"));
	buf_release(&names);
}

/* look_migrations - the note that a move leaves until it is done (service/migrate.h): a copy without a
   version was not moved to yet, one with a version was moved from */
static void
look_migrations(struct doctor *d)
{
	size_t open = 0;

	for (size_t i = 0; i < table_count(d->table, &kind_secret); i++) {
		const struct secret *s = (const struct secret *)table_at(d->table, &kind_secret, i);
		const char *copy, *now;

		if (s->copy_id == NULL || open++ >= TOLD_MAX)
			continue;
		copy = backend_name(d->table, s->copy_id, NULL);
		now = backend_name(d->table, s->backend_id, NULL);
		doctor_found(d, VERDICT_WARN, "secret %s is in %s, and a copy may be in %s: a "
		    "migration was cut short", s->r.name, now, copy);
		doctor_mend(d, PROGRAM_NAME " --db %s migrate secrets --from %s --to %s %s",
		    d->dir_word, s->copy_version == 0 ? now : copy,
		    s->copy_version == 0 ? copy : now, s->r.name);
	}
	if (open == 0)
		doctor_found(d, VERDICT_OK, "none was cut short");
	else if (open > TOLD_MAX)
		doctor_found(d, VERDICT_WARN, "and %zu more", open - TOLD_MAX);
}

/* today_writable - the day's file takes lines; there need be none yet */
static enum rc
today_writable(const struct doctor *d, char name[AUDIT_NAME], struct error *err)
{
	const struct statedir *dir = ledger_dir(d->svc.ledger);
	enum rc rc;
	int fd;

	audit_file(clock_wall_ms() / MS_DAY, name);
	rc = statedir_file(dir, name, O_WRONLY | O_APPEND, &fd, err);
	if (rc == RC_OK)
		close(fd);
	else if (rc == RC_NOT_FOUND && faccessat(dir->fd, ".", W_OK, AT_EACCESS) == 0)
		return RC_OK;
	return rc;
}

/* look_audit - lines that wait are tried first: opening the books has done so */
static void
look_audit(struct doctor *d)
{
	bool first = !d->failed;
	struct inflight_sum sum;
	char name[AUDIT_NAME] = "";
	struct error err;

	inflight_sum(ledger_inflight(d->svc.ledger), &sum);
	if (ledger_in_files(d->svc.ledger) && today_writable(d, name, &err) != RC_OK) {
		doctor_found(d, VERDICT_FAIL, "%s", err.msg);
		if (access(d->cfg.db, W_OK) != 0)
			mend_trouble(d, RC_UNAVAILABLE, first);
		else
			doctor_mend(d, "mv %s/%s %s/%s.aside", d->dir_word, name, d->dir_word, name);
	} else if (ledger_down(d->svc.ledger) || sum.unwritten > 0) {
		doctor_found(d, VERDICT_FAIL, "lines can't be written: %u wait", sum.unwritten);
		doctor_mend(d, "df -h %s", d->dir_word);
	} else
		doctor_found(d, VERDICT_OK, "%s takes lines, none waits", d->cfg.audit_sink);
}

const struct check doctor_catalogue_checks[] = {
	{ "snapshot",		NEED_FIT,	look_snapshot },
	{ "store",		NEED_FIT,	look_open },
	{ "database",		NEED_TABLE,	look_database },
	{ "records",		NEED_TABLE,	look_records },
	{ "key ids",		NEED_KEYS,	look_keys },
	{ "sealed values",	NEED_KEYS,	look_values },
	{ "plaintext",		NEED_TABLE,	look_plaintext },
	{ "migrations",		NEED_TABLE,	look_migrations },
	{ "audit log",		NEED_TABLE,	look_audit },
	{ NULL, NEED_NOTHING, NULL }
};
