/* test_digest.c - SHA-256 and base64 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

Test(digest, sha256_of_fips_180_4)
{
	char hex[SHA256_HEX];

	sha256_hex("abc", 3, hex);
	cr_expect_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	cr_expect_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(digest, base64_of_rfc_4648)
{
	static const struct {
		const char	*plain, *text, *url;
	} rows[] = {
		{ "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" }, { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+", "-__-" },
	};
	unsigned char *back;
	char *text;
	size_t n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		n = strlen(rows[i].plain);
		text = base64_encode(rows[i].plain, n);
		cr_expect_str_eq(text, rows[i].text);
		free(text);
		text = base64url_encode(rows[i].plain, n);
		cr_expect_str_eq(text, rows[i].url);
		free(text);
		cr_assert(base64_decode(rows[i].text, strlen(rows[i].text), &back, &n));
		cr_expect(n == strlen(rows[i].plain) && memcmp(back, rows[i].plain, n) == 0);
		free(back);
	}
}

Test(digest, decodes_only_the_one_text_of_a_value)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==",
		"Zm9v\n",
		"Zm 9", "Zm9-", "Zm_v", "Z=g=", "Zm9v=", "\xc3\xa9Zm",
	};
	unsigned char *back = NULL;
	size_t n = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!base64_decode(bad[i], strlen(bad[i]), &back, &n), "%s", bad[i]);
	cr_expect(!base64_decode("Zm\0v", 4, &back, &n));
	cr_expect(back == NULL && n == 42);
}

Test(digest, decodes_every_length_and_byte)
{
	unsigned char bytes[256], *back;
	char *text;
	size_t n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(255 - i);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		text = base64_encode(bytes, len);
		cr_assert(base64_decode(text, strlen(text), &back, &n));
		cr_assert(n == len && memcmp(back, bytes, len) == 0);
		free(text);
		free(back);
	}
}
