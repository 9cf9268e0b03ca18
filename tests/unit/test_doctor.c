/* test_doctor.c - checks whose trouble no command can make: file systems, disks, records of strangers */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/doctor.h"
#include "tests/unit/fixture.h"

#define MIB		(1ULL << 20)
#define BLOCK		4096		/* bytes */

static long faked_fs;			/* f_type that fstatfs() tells, 0: the real one */
static unsigned long long faked_free;	/* bytes that statvfs() tells */
static unsigned long faked_inodes;
static unsigned long faked_flags;

/* fstatfs - the libc's, or the file system that a test needs */
int
fstatfs(int fd, struct statfs *st)
{
	int r = (int)syscall(SYS_fstatfs, fd, st);

	if (r == 0 && faked_fs != 0)
		st->f_type = faked_fs;
	return r;
}

/* statvfs - a disk of the test's */
int
statvfs(const char *path, struct statvfs *fs)
{
	(void)path;
	memset(fs, 0, sizeof(*fs));
	fs->f_frsize = BLOCK;
	fs->f_bavail = faked_free / BLOCK;
	fs->f_files = 1000;
	fs->f_favail = faked_inodes;
	fs->f_flag = faked_flags;
	return 0;
}

static struct fixture f;
static char sink[] = "file";
static struct program program;
static struct doctor d;
static bool failed_before;		/* a check before the one that looks */
static char status[8], what[1024], mend[1024];

/* set_up - a doctor with all at hand */
static void
set_up(void)
{
	fixture_open(&f);
	d = (struct doctor){
		.p = &program, .found = json_object_new_array(), .cfg = f.cfg,
		.dir_word = f.dir, .key_word = f.dir, .svc = f.svc,
	};
	d.cfg.db = f.dir;
	d.cfg.audit_sink = sink;
	faked_free = 1024 * MIB;
	faked_inodes = 1000;
}

static void
tear_down(void)
{
	json_object_put(d.found);
	fixture_close(&f);
}

TestSuite(doctor, .init = set_up, .fini = tear_down);

/* keep - a member of the first finding */
static void
keep(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s", jsonx_str(json_object_array_get_idx(d.found, 0), name, ""));
}

/* look - one check by its name; what it found first is in status, what and mend. How much it found */
static size_t
look(const struct check *rows, const char *name)
{
	json_object_put(d.found);
	d.found = json_object_new_array();
	d.table = fixture_look(&f);
	d.failed = failed_before;
	while (strcmp(rows->name, name) != 0)
		rows++;
	d.check = rows->name;
	rows->look(&d);
	keep(status, sizeof(status), "status");
	keep(what, sizeof(what), "what");
	keep(mend, sizeof(mend), "mend");
	return json_object_array_length(d.found);
}

Test(doctor, a_network_file_system_fails_or_is_a_warning_where_it_is_allowed)
{
	look(doctor_store_checks, "file system");
	cr_expect_str_eq(status, "ok");
	faked_fs = 0x6969;
	look(doctor_store_checks, "file system");
	cr_expect_str_eq(status, "fail");
	cr_expect_not_null(strstr(what, "NFS"));
	cr_expect_not_null(d.missing[NEED_FIT], "nothing must open it");
	d.missing[NEED_FIT] = NULL;
	d.cfg.allow_network_fs = true;
	look(doctor_store_checks, "file system");
	cr_expect_str_eq(status, "warn");
	cr_expect_null(d.missing[NEED_FIT]);
	faked_fs = 0;
}

Test(doctor, a_file_system_that_is_mounted_read_only_fails_with_the_command_that_changes_it)
{
	char *expected = x_asprintf("mount -o remount,rw \"$(stat -c %%m %s)\"", f.dir);

	faked_flags = ST_RDONLY;
	cr_expect_eq(look(doctor_store_checks, "file system"), 1);
	cr_expect_str_eq(status, "fail");
	cr_expect_not_null(strstr(what, "is mounted read-only"), "%s", what);
	cr_expect_str_eq(mend, expected);
	cr_expect_null(d.missing[NEED_FIT], "it can be read");
	faked_flags = 0;
	free(expected);
}

static enum rc verdict;			/* of an engine that looked at itself */

/* verify - whatever is there */
static enum rc
verify(struct kv *kv, struct error *err)
{
	(void)kv;
	return error_set(err, verdict, "so it is");
}

static const struct { enum rc rc; bool failed; const char *status, *mend; } verdicts[] = {
	{ RC_CORRUPT, false, "fail", " restore -f " }, { RC_CORRUPT, true, "fail", " restore -f " },
	{ RC_BUSY, false, "warn", " doctor, later" }, { RC_NO_SPACE, false, "fail", " doctor, later" },
	{ RC_UNKNOWN, false, "fail", " doctor, later" }, { RC_IO, false, "fail", "dmesg" },
	{ RC_UNAVAILABLE, false, "fail", "ls -la " },
	{ RC_UNAVAILABLE, true, "fail", "what failed above, first" },
};

Test(doctor, a_database_is_replaced_where_it_is_damaged_and_for_no_other_reason)
{
	struct kv *kv = store_kv(f.svc.store);
	const struct kv_engine *was = kv->engine;
	struct kv_engine other = *was;

	other.verify = verify;
	kv->engine = &other;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		verdict = verdicts[i].rc;
		failed_before = verdicts[i].failed;
		look(doctor_catalogue_checks, "database");
		cr_expect_str_eq(status, verdicts[i].status, "%zu", i);
		cr_expect_not_null(strstr(mend, verdicts[i].mend), "%zu: %s", i, mend);
		cr_expect_eq(strstr(mend, "mv ") != NULL, verdict == RC_CORRUPT, "%zu: %s", i, mend);
	}
	failed_before = false;
	kv->engine = was;
}

static const struct { unsigned long long left; unsigned long inodes; const char *status; } disks[] = {
	{ 64 * MIB, 8, "ok" }, { 64 * MIB - BLOCK, 8, "warn" }, { MIB, 8, "warn" },
	{ MIB - BLOCK, 8, "fail" }, { 0, 8, "fail" }, { 64 * MIB, 7, "fail" },
};

Test(doctor, a_disk_that_gets_full_is_a_warning_and_a_full_one_fails)
{
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		faked_free = disks[i].left;
		faked_inodes = disks[i].inodes;
		cr_expect_eq(look(doctor_store_checks, "free space"), 1);
		cr_expect_str_eq(status, disks[i].status, "%zu: %s", i, what);
		cr_expect_eq(*mend == '\0', strcmp(status, "ok") == 0);
	}
}

/* rewrite - a record as it is stored, with old in it replaced: what no command would write */
static void
rewrite(const char *key, const char *old, const char *new)
{
	struct kv *kv = store_kv(f.svc.store);
	struct kv_items items;
	struct kv_op op = { .type = KV_PUT, .key = key };
	struct kv_txn txn = { .ops = &op, .nops = 1, .deadline_ms = clock_mono_ms() + 1000 };
	struct error err;
	const char *at;
	char *text;

	cr_assert_eq(kv_get(kv, key, &items, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(items.n, 1, "%s", key);
	at = strstr(items.v[0].val, old);
	cr_assert_not_null(at, "%s has no %s", items.v[0].val, old);
	text = x_asprintf("%.*s%s%s", (int)(at - items.v[0].val), items.v[0].val, new,
	    at + strlen(old));
	op.val = text;
	op.len = strlen(text);
	cr_assert_eq(kv_txn(kv, &txn, NULL, &err), RC_OK, "%s", err.msg);
	kv_items_release(&items);
	free(text);
}

Test(doctor, a_record_that_no_create_would_have_taken_fails_by_its_name)
{
	fixture_make(&f, &kind_llm, "{'name':'one','type':'openai','model':'m'}");
	cr_expect_eq(look(doctor_catalogue_checks, "records"), 1);
	cr_expect_str_eq(status, "ok", "%s", what);
	rewrite("llm/one", "\"model\":\"m\"", "\"model\":\"\"");
	look(doctor_catalogue_checks, "records");
	cr_expect_str_eq(status, "fail");
	cr_expect_not_null(strstr(what, "llm/one.model"), "%s", what);
	cr_expect_not_null(strstr(mend, "restore -f"), "%s", mend);
	cr_expect(d.failed);
}

/* two_backends - of which the second one is meant to be a secret's next home; its id is the caller's */
static char *
two_backends(void)
{
	const struct record *bao;

	fixture_make(&f, &kind_secret, "{'name':'token','data':{'k':'v'}}");
	fixture_make(&f, &kind_secretbackend, "{'name':'bao','type':'openbao','config':{"
	    "'url':'http://127.0.0.1:1','tokenSecret':{'name':'token','key':'k'}}}");
	fixture_make(&f, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	bao = table_by_name(fixture_look(&f), &kind_secretbackend, "bao");
	return x_strdup(bao->id);
}

Test(doctor, a_migration_that_was_cut_short_is_told_with_the_command_that_ends_it)
{
	char *bao = two_backends(), *note = x_asprintf("{\"copyIn\":\"%s\",", bao);
	char *moved = x_asprintf("{\"copyIn\":\"%s\",\"copyVersion\":3,", bao);

	look(doctor_catalogue_checks, "migrations");
	cr_expect_str_eq(status, "ok");
	rewrite("secret/s", "{", note);
	look(doctor_catalogue_checks, "migrations");
	cr_expect_str_eq(status, "warn");
	cr_expect_not_null(strstr(what, "secret s is in sealed, and a copy may be in bao"), "%s",
	    what);
	cr_expect_not_null(strstr(mend, "migrate secrets --from sealed --to bao s"), "%s", mend);
	rewrite("secret/s", note, moved);
	look(doctor_catalogue_checks, "migrations");
	cr_expect_not_null(strstr(mend, "migrate secrets --from bao --to sealed s"), "%s", mend);
	free(bao);
	free(note);
	free(moved);
}

/* reopen - the books, without the file that they had open */
static void
reopen(void)
{
	const struct ledger_opts books = { .dir = f.dir, .sink = sink, .keep_days = 90 };
	struct error err;

	ledger_close(f.svc.ledger);
	cr_assert_eq(ledger_open(&books, &f.svc.ledger, &err), RC_OK, "%s", err.msg);
	d.svc = f.svc;
}

Test(doctor, audit_lines_that_wait_fail)
{
	struct auditline call = { .llm = "l", .status = 200, .attempts = 1 };
	char name[AUDIT_NAME], *path, *aside;

	look(doctor_catalogue_checks, "audit log");
	cr_expect_str_eq(status, "ok", "%s", what);
	audit_file(clock_wall_ms() / 86400000, name);
	path = x_asprintf("%s/%s", f.dir, name);
	aside = x_asprintf("%s.aside", path);
	(void)rename(path, aside);
	cr_assert_eq(symlink("/dev/null", path), 0);
	reopen();
	ledger_note(f.svc.ledger, &call);
	look(doctor_catalogue_checks, "audit log");
	cr_expect_str_eq(status, "fail");
	cr_assert_eq(unlink(path), 0);
	look(doctor_catalogue_checks, "audit log");
	cr_expect_str_eq(status, "fail", "the file is well, but a line waits: %s", what);
	cr_expect_not_null(strstr(what, "1 wait"), "%s", what);
	ledger_recover(f.svc.ledger);
	look(doctor_catalogue_checks, "audit log");
	cr_expect_str_eq(status, "ok", "%s", what);
	free(path);
	free(aside);
}

static const struct { const char *text, *word; } words[] = {
	{ "/var/lib/mcpd/state", "/var/lib/mcpd/state" }, { "a b", "'a b'" }, { "", "''" },
	{ "it's", "'it'\\''s'" }, { "$(rm x)", "'$(rm x)'" },
};

Test(doctor, a_path_in_a_command_is_one_word_of_the_shell)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *word = doctor_word(words[i].text);

		cr_expect_str_eq(word, words[i].word);
		free(word);
	}
}
