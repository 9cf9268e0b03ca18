/* test_seal.c - envelopes, and the key file */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/seal.h"
#include "tests/unit/trial.h"

#define KEY_1 "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_2 "2 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static char dir[64], path[128];
static const struct seal_place place = { "store", "secret", "prod", "key" };

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/mcpd-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
}

static void
teardown(void)
{
	remove_tree(dir);
}

TestSuite(seal, .init = setup, .fini = teardown);

/* write_key - the key file, anew */
static void
write_key(const char *text)
{
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0600);
}

/* open_at - the code of seal_open(), the value in *out */
static enum rc
open_at(struct keyring *k, const struct seal_place *at, const char *envelope, char **out)
{
	struct error err;

	return seal_open(k, at, envelope, out, &err);
}

Test(seal, what_is_sealed_opens_at_its_place_only)
{
	static const struct seal_place others[] = {
		{ "other", "secret", "prod", "key" }, { "store", "llm", "prod", "key" },
		{ "store", "secret", "test", "key" }, { "store", "secret", "prod", "two" },
		{ "store", "secret", "prodk", "ey" }, { "store", "secretprod", "", "key" },
	};
	struct keyring *k = keyring_open(path);
	char *envelope, *value;

	cr_assert_eq(keyring_create(path, NULL), RC_OK);
	cr_assert_eq(seal_value(k, &place, "sk-1", 4, &envelope, NULL), RC_OK);
	cr_expect_eq(strlen(envelope), seal_size(4));
	cr_expect_eq(seal_key_id(envelope), 1);
	cr_assert_eq(open_at(k, &place, envelope, &value), RC_OK);
	cr_expect_str_eq(value, "sk-1");
	free(value);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(open_at(k, &others[i], envelope, &value), RC_CORRUPT, "%zu", i);
	free(envelope);
	keyring_close(k);
}

Test(seal, the_same_value_is_never_sealed_alike_and_an_empty_one_can_be)
{
	struct keyring *k = keyring_open(path);
	char *one, *two, *value;

	write_key(KEY_1 "\n");
	cr_assert_eq(seal_value(k, &place, "", 0, &one, NULL), RC_OK);
	cr_assert_eq(seal_value(k, &place, "", 0, &two, NULL), RC_OK);
	cr_expect_str_neq(one, two);
	cr_assert_eq(open_at(k, &place, one, &value), RC_OK);
	cr_expect_str_eq(value, "");
	free(one);
	free(two);
	free(value);
	keyring_close(k);
}

Test(seal, every_bit_of_an_envelope_counts)
{
	struct keyring *k = keyring_open(path);
	unsigned char *bytes;
	char *envelope, *bad, *value;
	size_t len;

	write_key(KEY_1 "\n");
	cr_assert_eq(seal_value(k, &place, "sk-1", 4, &envelope, NULL), RC_OK);
	cr_assert(base64_decode(envelope, strlen(envelope), &bytes, &len));
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		bad = base64_encode(bytes, len);
		cr_expect_neq(open_at(k, &place, bad, &value), RC_OK, "bit %zu", bit);
		free(bad);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++) {
		bad = base64_encode(bytes, cut);
		cr_expect_eq(open_at(k, &place, bad, &value), RC_CORRUPT, "cut to %zu", cut);
		free(bad);
	}
	cr_expect_eq(open_at(k, &place, "no base64!", &value), RC_CORRUPT);
	cr_expect_eq(seal_key_id("no base64!"), 0);
	free(bytes);
	free(envelope);
	keyring_close(k);
}

Test(seal, the_envelope_has_the_documented_form)
{
	struct keyring *k = keyring_open(path);
	unsigned char *bytes;
	char *envelope;
	size_t len;

	write_key("# old\n" KEY_1 "\n\n" KEY_2);
	cr_assert_eq(seal_value(k, &place, "sk-1", 4, &envelope, NULL), RC_OK);
	cr_assert(base64_decode(envelope, strlen(envelope), &bytes, &len));
	cr_expect_eq(len, 3 + 1 + 4 + 12 + 4 + 16);
	cr_expect_eq(memcmp(bytes, "MS1\1\0\0\0\2", 8), 0);
	free(bytes);
	free(envelope);
	keyring_close(k);
}

Test(seal, a_key_added_to_the_file_is_used_without_a_restart)
{
	struct keyring *one = keyring_open(path), *two = keyring_open(path);
	char *envelope, *value;
	struct error err;

	write_key(KEY_1 "\n");
	cr_assert_eq(keyring_check(one, &err), RC_OK);
	cr_assert_eq(keyring_check(two, &err), RC_OK);
	write_key(KEY_1 "\n" KEY_2 "\n");
	cr_assert_eq(seal_value(one, &place, "new", 3, &envelope, &err), RC_OK);
	cr_expect_eq(seal_key_id(envelope), 2, "sealing looks at the file as it is");
	cr_assert_eq(open_at(two, &place, envelope, &value), RC_OK);
	cr_expect_str_eq(value, "new");
	free(value);
	write_key(KEY_1 "\n");
	cr_assert_eq(keyring_check(one, &err), RC_OK);
	cr_expect_eq(seal_open(one, &place, envelope, &value, &err), RC_NOT_FOUND);
	cr_expect_str_eq(strstr(err.msg, "key id"), strstr(err.msg, "key id 2 is not in"));
	free(envelope);
	keyring_close(one);
	keyring_close(two);
}

Test(seal, keys_that_were_read_stay_while_the_file_is_away)
{
	struct keyring *k = keyring_open(path);
	char *envelope, *value;

	write_key(KEY_1 "\n");
	cr_assert_eq(seal_value(k, &place, "v", 1, &envelope, NULL), RC_OK);
	unlink(path);
	cr_assert_eq(open_at(k, &place, envelope, &value), RC_OK);
	free(value);
	free(envelope);
	keyring_close(k);
}

/* refused - why the key file can't be used */
static const char *
refused(void)
{
	static struct error err;
	struct keyring *k = keyring_open(path);
	enum rc rc = keyring_check(k, &err);

	keyring_close(k);
	cr_expect(rc == RC_OK || rc == RC_UNAVAILABLE);
	return rc == RC_OK ? "ok" : err.msg;
}

Test(seal, key_files_that_others_can_read_or_replace_are_refused)
{
	char other[160];

	cr_expect_not_null(strstr(refused(), "there is no key file"));
	write_key(KEY_1 "\n");
	cr_expect_str_eq(refused(), "ok");
	chmod(path, 0400);
	cr_expect_str_eq(refused(), "ok");
	chmod(path, 0640);
	cr_expect_not_null(strstr(refused(), "has mode 0640, must be 0600 (chmod 600 "));
	chmod(path, 0604);
	cr_expect_not_null(strstr(refused(), "chmod 600"));
	chmod(path, 04600);
	cr_expect_not_null(strstr(refused(), "chmod 600"));
	chmod(path, 0600);
	snprintf(other, sizeof(other), "%s.real", path);
	cr_assert_eq(rename(path, other), 0);
	cr_assert_eq(symlink(other, path), 0);
	cr_expect_not_null(strstr(refused(), "is a symbolic link"));
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_not_null(strstr(refused(), "no regular file"));
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_not_null(strstr(refused(), "no regular file"));
	rmdir(path);
}

Test(seal, another_owner_is_refused_but_root)
{
	if (geteuid() != 0)
		cr_skip("needs root");
	write_key(KEY_1 "\n");
	chmod(dir, 0755);
	cr_assert_eq(chown(path, 12345, 12345), 0);
	cr_expect_str_eq(refused(), "ok", "root takes anyone's");
	cr_assert_eq(seteuid(12345), 0);
	cr_expect_str_eq(refused(), "ok", "its own");
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chown(path, 23456, 23456), 0);
	cr_assert_eq(chmod(path, 0604), 0);
	cr_assert_eq(seteuid(12345), 0);
	cr_expect_not_null(strstr(refused(), "chmod 600"));
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(seteuid(12345), 0);
	cr_expect_not_null(strstr(refused(), "belongs to user 23456, not to us, 12345 (chown 12345 "));
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chown(path, 0, 0), 0);
	cr_assert_eq(seteuid(12345), 0);
	cr_expect_not_null(strstr(refused(), "belongs to user 0, not to us, 12345 (chown 12345 "));
	cr_assert_eq(seteuid(0), 0);
}

Test(seal, malformed_key_files_are_refused_without_showing_what_is_in_them)
{
	static const char *const texts[] = {
		"", "# nothing\n", "1\n", "1 \n", "CANARY\n", "1 CANARY\n", " " KEY_1 "\n",
		KEY_1 " \n", KEY_1 "\r\n", "0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"4294967296 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", KEY_1 "\n" KEY_1 "\n",
		"1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n",
		"1  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_key(texts[i]);
		cr_expect_str_neq(refused(), "ok", "%s", texts[i]);
		cr_expect_null(strstr(refused(), "CANARY"));
		cr_expect_null(strstr(refused(), "AAAA"));
	}
}

Test(seal, a_new_key_file_is_private_and_never_replaces_one)
{
	struct stat st;
	struct error err;

	umask(0);
	cr_assert_eq(keyring_create(path, &err), RC_OK);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_str_eq(refused(), "ok");
	cr_expect_eq(keyring_create(path, &err), RC_CONFLICT);
	unlink(path);
	cr_assert_eq(symlink("/nowhere/x", path), 0);
	cr_expect_eq(keyring_create(path, &err), RC_CONFLICT, "a dangling link is not followed");
	unlink(path);
	cr_expect_eq(rmdir(dir), 0, "nothing else is left in the directory");
}
