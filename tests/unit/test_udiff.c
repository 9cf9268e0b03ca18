/* test_udiff.c - unified diffs, as diff -u makes them */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/udiff.h"

/* check - a and b give exactly want; "": they are the same */
static void
check(const char *a, const char *b, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool differ = udiff_print("a", a, "b", b, false, out);

	fclose(out);
	cr_expect_str_eq(text, want, "%s", text);
	cr_expect_eq(differ, *want != '\0');
	free(text);
}

#define HEAD "--- a\n+++ b\n"

Test(udiff, the_same_is_nothing)
{
	check("", "", "");
	check("x\ny\n", "x\ny\n", "");
}

Test(udiff, one_side_may_be_empty)
{
	check("", "x\ny\n", HEAD "@@ -0,0 +1,2 @@\n+x\n+y\n");
	check("x\n", "", HEAD "@@ -1,1 +0,0 @@\n-x\n");
}

Test(udiff, a_change_has_three_lines_around_it)
{
	check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	    HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
}

Test(udiff, changes_that_are_near_share_a_hunk_and_others_don_t)
{
	check("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
	    HEAD "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	check("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
	    HEAD "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n"
	    "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

Test(udiff, the_longest_common_lines_are_kept)
{
	check("a\nb\nc\nd\n", "b\nx\nc\ne\nd\n",
	    HEAD "@@ -1,4 +1,5 @@\n-a\n b\n+x\n c\n+e\n d\n");
}
