/* test_buf.c - bounded buffers */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

Test(buf, is_an_empty_string_before_anything_is_added)
{
	struct buf b = BUF_INIT(10);

	cr_expect_str_eq(b.p, "");
	cr_expect_eq(b.len, 0);
	buf_cut(&b, 3);
	buf_clear(&b);
	buf_release(&b);
	buf_wipe(&b);
	cr_expect_str_eq(b.p, "");
	cr_expect_eq(buf_empty[0], '\0');
}

Test(buf, stays_nul_terminated_while_it_grows)
{
	struct buf b = BUF_INIT(100000);

	for (size_t i = 0; i < 10000; i++) {
		cr_assert(buf_add(&b, "abc\0defg", 8, NULL) == RC_OK);
		cr_assert(b.len == (i + 1) * 8 && b.p[b.len] == '\0');
	}
	cr_expect(memcmp(b.p + 79992, "abc\0defg", 9) == 0);
	buf_release(&b);
}

Test(buf, takes_its_maximum_and_not_a_byte_more)
{
	struct buf b = BUF_INIT(8);
	struct error err;

	cr_expect(buf_add(&b, "12345678", 8, &err) == RC_OK);
	cr_expect(buf_add(&b, "", 0, &err) == RC_OK);
	cr_expect(buf_add(&b, "9", 1, &err) == RC_TOO_LARGE);
	cr_expect_str_eq(err.msg, "1 bytes over the limit of 8");
	cr_expect(buf_addstr(&b, "9", NULL) == RC_TOO_LARGE);
	cr_expect(buf_addf(&b, &err, "%d", 9) == RC_TOO_LARGE);
	cr_expect_str_eq(b.p, "12345678");
	cr_expect(buf_add(&b, "x", (size_t)-1, NULL) == RC_TOO_LARGE);
	buf_release(&b);
}

Test(buf, formats_behind_what_is_there)
{
	struct buf b = BUF_INIT(1000);
	char long_text[600];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	cr_expect(buf_addstr(&b, "a", NULL) == RC_OK);
	cr_expect(buf_addf(&b, NULL, "-%d-%s", 7, "b") == RC_OK);
	cr_expect(buf_addf(&b, NULL, "%s", long_text) == RC_OK);
	cr_expect(strncmp(b.p, "a-7-bxxx", 8) == 0);
	cr_expect_eq(b.len, 5 + 599);
	cr_expect_eq(strlen(b.p), b.len);
	buf_release(&b);
}

Test(buf, cuts_from_the_front)
{
	struct buf b = BUF_INIT(100);

	buf_addstr(&b, "hello world", NULL);
	buf_cut(&b, 0);
	cr_expect_str_eq(b.p, "hello world");
	buf_cut(&b, 6);
	cr_expect_str_eq(b.p, "world");
	buf_cut(&b, 99);
	cr_expect(b.len == 0 && b.p[0] == '\0');
	buf_addstr(&b, "again", NULL);
	cr_expect_str_eq(b.p, "again");
	buf_release(&b);
}

Test(buf, gives_its_bytes_away_and_can_be_used_again)
{
	struct buf b = BUF_INIT(100);
	char *text = buf_take(&b);

	cr_expect_str_eq(text, "");
	free(text);
	buf_addstr(&b, "mine", NULL);
	text = buf_take(&b);
	cr_expect(b.len == 0 && b.max == 100);
	buf_addstr(&b, "other", NULL);
	cr_expect_str_eq(text, "mine");
	free(text);
	buf_wipe(&b);
	cr_expect(b.len == 0 && b.cap == 0);
}

Test(buf, shortens_from_the_end)
{
	struct buf b = BUF_INIT(16);

	buf_shorten(&b, 0);
	cr_expect_str_eq(b.p, "");
	cr_assert_eq(buf_addstr(&b, "abcdef", NULL), RC_OK);
	buf_shorten(&b, 9);
	cr_expect_str_eq(b.p, "abcdef");
	buf_shorten(&b, 2);
	cr_expect_str_eq(b.p, "ab");
	cr_expect_eq(b.len, 2);
	cr_assert_eq(buf_addstr(&b, "x", NULL), RC_OK);
	cr_expect_str_eq(b.p, "abx");
	buf_release(&b);
}
