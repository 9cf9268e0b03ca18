/* test_snapshot.c - a snapshot is what was written, or it is refused */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/snapshot.h"
#include "tests/support/tmpdir.h"

#define ID	"0123456789abcdef0123456789abcdef"
#define OTHER	"ffffffffffffffffffffffffffffffff"

static const struct kv_item two[] = {
	{ "llm/a", "{\"x\":1}", 7, 3 },
	{ "secret/b", "\0\n", 2, 9 },
};

static const struct snapshot_head facts = { ID, 9, 4 };

/* image_of - the image of some items */
static struct buf
image_of(const struct kv_item *items, size_t n)
{
	struct buf image = BUF_INIT(SNAPSHOT_MAX);

	cr_assert_eq(snapshot_begin(&image, NULL), RC_OK);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(snapshot_add(&image, &items[i], NULL), RC_OK);
	snapshot_end(&image, &facts);
	return image;
}

/* parse - a copy of len bytes, in memory of just that size, so that a sanitizer sees a step too far */
static enum rc
parse(const char *p, size_t len, struct error *err)
{
	char *copy = x_malloc(len);
	struct snapshot_head head;
	struct kv_items items;
	enum rc rc;

	memcpy(copy, p, len);
	rc = snapshot_parse(copy, len, &head, &items, err);
	if (rc == RC_OK)
		kv_items_release(&items);
	return rc;
}

Test(snapshot, gives_back_what_was_put_in)
{
	struct buf image = image_of(two, 2);
	struct snapshot_head head;
	struct kv_items items;
	size_t len = image.len;

	cr_assert_eq(snapshot_parse(buf_take(&image), len, &head, &items, NULL), RC_OK);
	cr_expect_str_eq(head.store_id, ID);
	cr_expect_eq(head.rev, 9);
	cr_expect_eq(head.deleted_rev, 4);
	cr_expect_eq(items.rev, 9);
	cr_assert_eq(items.n, 2);
	cr_expect_str_eq(items.v[0].key, "llm/a");
	cr_expect_str_eq(items.v[0].val, "{\"x\":1}");
	cr_expect_eq(items.v[0].mod_rev, 3);
	cr_expect_eq(items.v[1].len, 2);
	cr_expect_eq(memcmp(items.v[1].val, "\0\n", 3), 0);
	kv_items_release(&items);
}

Test(snapshot, a_parsed_image_can_be_copied_and_parsed_again)
{
	struct buf image = image_of(two, 2);
	struct snapshot_head head;
	struct kv_items items;
	size_t len = image.len;

	cr_assert_eq(snapshot_parse(buf_take(&image), len, &head, &items, NULL), RC_OK);
	cr_expect_eq(parse(items.mem, items.mem_len, NULL), RC_OK);
	kv_items_release(&items);
}

Test(snapshot, every_flipped_bit_is_noticed)
{
	struct buf image = image_of(two, 2);

	for (size_t i = 0; i < image.len * 8; i++) {
		image.p[i / 8] ^= (char)(1 << i % 8);
		cr_expect_eq(parse(image.p, image.len, NULL), RC_CORRUPT, "bit %zu", i);
		image.p[i / 8] ^= (char)(1 << i % 8);
	}
	cr_expect_eq(parse(image.p, image.len, NULL), RC_OK);
	buf_release(&image);
}

Test(snapshot, every_cut_and_every_addition_is_noticed)
{
	struct buf image = image_of(two, 2);

	for (size_t len = 0; len < image.len; len++)
		cr_expect_eq(parse(image.p, len, NULL), RC_CORRUPT, "%zu bytes", len);
	cr_assert_eq(buf_add(&image, "", 1, NULL), RC_OK);
	cr_expect_eq(parse(image.p, image.len, NULL), RC_CORRUPT);
	buf_release(&image);
}

Test(snapshot, lengths_that_lie_under_a_good_digest_are_refused)
{
	struct buf image = image_of(two, 2), empty = image_of(NULL, 0);
	size_t head = empty.len;

	snapshot_end(&image, &facts);
	cr_assert_eq(parse(image.p, image.len, NULL), RC_OK, "an end can be made again");
	/* any bit of the entries, with the digest made anew: right or refused, never a step too far */
	for (size_t i = head; i < image.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			image.p[i] ^= (char)(1 << bit);
			snapshot_end(&image, &facts);
			parse(image.p, image.len, NULL);
			image.p[i] ^= (char)(1 << bit);
		}
	}
	image.p[head + 16 + strlen(two[0].key) - 1] = '\0';
	snapshot_end(&image, &facts);
	cr_expect_eq(parse(image.p, image.len, NULL), RC_CORRUPT, "a NUL in a key");
	image.p[head + 16 + strlen(two[0].key) - 1] = 'a';
	for (size_t len = head; len < image.len; len++) {
		struct buf cut = BUF_INIT(SNAPSHOT_MAX);

		cr_assert_eq(buf_add(&cut, image.p, len, NULL), RC_OK);
		snapshot_end(&cut, &facts);
		cr_expect_eq(parse(cut.p, cut.len, NULL), RC_CORRUPT, "%zu bytes", len);
		buf_release(&cut);
	}
	buf_release(&empty);
	buf_release(&image);
}

Test(snapshot, items_out_of_order_are_refused)
{
	const struct kv_item wrong[] = { two[1], two[0] }, twice[] = { two[0], two[0] };
	struct buf image = image_of(wrong, 2);

	cr_expect_eq(parse(image.p, image.len, NULL), RC_CORRUPT);
	buf_release(&image);
	image = image_of(twice, 2);
	cr_expect_eq(parse(image.p, image.len, NULL), RC_CORRUPT);
	buf_release(&image);
}

Test(snapshot, is_in_force_only_after_the_rename)
{
	char *dir = tmpdir_make();
	struct buf image = image_of(two, 2);
	struct statedir d = STATEDIR_INIT;
	struct snapshot_head head;
	struct kv_items items;
	struct error err;

	cr_assert_eq(statedir_open(&d, dir, true, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(snapshot_write(&d, &image, NULL), RC_OK);
	cr_expect_eq(snapshot_load(&d, ID, &head, &items, NULL), RC_NOT_FOUND);
	cr_assert_eq(snapshot_rename(&d, NULL), RC_OK);
	cr_assert_eq(snapshot_load(&d, ID, &head, &items, NULL), RC_OK);
	cr_expect_eq(items.n, 2);
	kv_items_release(&items);
	cr_expect_eq(snapshot_load(&d, OTHER, &head, &items, &err), RC_CORRUPT);
	cr_expect_str_eq(err.msg, "snapshot: of another store");
	buf_release(&image);
	statedir_close(&d);
	tmpdir_remove(dir);
}

Test(snapshot, is_not_read_through_a_link_or_from_a_pipe)
{
	char *dir = tmpdir_make();
	struct statedir d = STATEDIR_INIT;
	struct snapshot_head head;
	struct kv_items items;

	cr_assert_eq(statedir_open(&d, dir, true, NULL), RC_OK);
	cr_assert_eq(symlinkat("elsewhere", d.fd, "snapshot"), 0);
	cr_expect_eq(snapshot_load(&d, ID, &head, &items, NULL), RC_UNAVAILABLE);
	cr_assert_eq(unlinkat(d.fd, "snapshot", 0), 0);
	cr_assert_eq(mkfifoat(d.fd, "snapshot", 0600), 0);
	cr_expect_eq(snapshot_load(&d, ID, &head, &items, NULL), RC_UNAVAILABLE);
	statedir_close(&d);
	tmpdir_remove(dir);
}

/* kept - how many items a filter leaves */
static size_t
kept(void (*keep)(struct kv_items *, const char *), const char *what)
{
	struct kv_item v[] = {
		{ .key = "a" }, { .key = "b/1" }, { .key = "b/2" }, { .key = "b0" }, { .key = "c" },
	};
	struct kv_items items = { .v = v, .n = 5 };

	keep(&items, what);
	return items.n;
}

Test(snapshot, a_reader_is_given_what_it_asked_for)
{
	cr_expect_eq(kept(snapshot_keep_prefix, ""), 5);
	cr_expect_eq(kept(snapshot_keep_prefix, "b/"), 2);
	cr_expect_eq(kept(snapshot_keep_prefix, "b"), 3);
	cr_expect_eq(kept(snapshot_keep_prefix, "d"), 0);
	cr_expect_eq(kept(snapshot_keep_key, "b/2"), 1);
	cr_expect_eq(kept(snapshot_keep_key, "b/3"), 0);
	cr_expect_eq(kept(snapshot_keep_key, "z"), 0);
}
