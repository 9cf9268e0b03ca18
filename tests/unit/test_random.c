/* test_random.c - ids and tokens */
#include <criterion/criterion.h>
#include <string.h>

#include "base/random.h"

Test(random, makes_ids_of_the_documented_form)
{
	char id[ID_SIZE], request[REQUEST_ID_SIZE], token[TOKEN_SIZE];

	for (int i = 0; i < 1000; i++) {
		random_id(id);
		cr_assert(strlen(id) == 25 && random_is_id(id), "%s", id);
		random_request_id(request);
		cr_assert(strlen(request) == 28 && strncmp(request, "req_", 4) == 0);
		cr_assert(strspn(request + 4, "0123456789abcdefghijklmnopqrstuvwxyz") == 24);
		random_token(token);
		cr_assert(strlen(token) == 47 && random_is_token(token), "%s", token);
		cr_assert(!random_is_id(token) && !random_is_token(id));
	}
}

Test(random, makes_different_ones)
{
	char a[TOKEN_SIZE], b[TOKEN_SIZE], c[ID_SIZE], d[ID_SIZE];

	random_token(a);
	random_token(b);
	random_id(c);
	random_id(d);
	cr_expect_str_neq(a, b);
	cr_expect_str_neq(c, d);
}

Test(random, uses_every_digit_about_equally)
{
	unsigned count[256] = { 0 };
	char id[ID_SIZE];

	for (int i = 0; i < 6000; i++) {
		random_id(id);
		for (const char *p = id + 1; *p != '\0'; p++)
			count[(unsigned char)*p]++;
	}
	/* 4000 expected, deviation 62: seven of them away happens once in 10^11 */
	for (const char *p = "0123456789abcdefghijklmnopqrstuvwxyz"; *p != '\0'; p++)
		cr_expect(count[(unsigned char)*p] > 3560 && count[(unsigned char)*p] < 4440,
		    "%c: %u", *p, count[(unsigned char)*p]);
}

Test(random, fills_all_bytes)
{
	unsigned char bytes[4096], zero[64] = { 0 };

	memset(bytes, 0, sizeof(bytes));
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i += 64)
		cr_expect(memcmp(bytes + i, zero, 64) != 0);
	random_bytes(bytes, 0);
}

Test(random, knows_ids_from_names)
{
	cr_expect(random_is_id("c0123456789abcdefghijklmn"));
	cr_expect(!random_is_id("d0123456789abcdefghijklmn"));
	cr_expect(!random_is_id("c0123456789abcdefghijklm"));
	cr_expect(!random_is_id("c0123456789abcdefghijklmno"));
	cr_expect(!random_is_id("c0123456789abcdefghijklm-"));
	cr_expect(!random_is_id("c0123456789ABCDEFGHIJKLMN"));
	cr_expect(!random_is_id("c0123456789abcdefghijklmn-"));
	cr_expect(!random_is_id("claude"));
	cr_expect(!random_is_id(""));
}

Test(random, knows_tokens_by_their_form)
{
	cr_expect(random_is_token("mcp_0123456789abcdefghijklmnopqrstuvwxyzABCD-_E"));
	cr_expect(!random_is_token("mcp_0123456789abcdefghijklmnopqrstuvwxyzABCD-_"));
	cr_expect(!random_is_token("mcp_0123456789abcdefghijklmnopqrstuvwxyzABCD-_EF"));
	cr_expect(!random_is_token("mcp-0123456789abcdefghijklmnopqrstuvwxyzABCD-_E"));
	cr_expect(!random_is_token("mcp_0123456789abcdefghijklmnopqrstuvwxyzABCD+/E"));
	cr_expect(!random_is_token("mcp_0123456789abcdefghijklmnopqrstuvwxyzABCD-_E="));
	cr_expect(!random_is_token(""));
}
