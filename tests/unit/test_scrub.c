/* test_scrub.c - a key must not come through, however it is spelled */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/scrub.h"
#include "base/digest.h"
#include "base/mem.h"

static const char key[] = "sk-Ab1/x+y=z?9\"\\q";

/* scrubbed - a copy of the text with the keys taken out */
static char *
scrubbed(const struct scrub *s, const char *text)
{
	char *copy = x_strdup(text);

	scrub_text(s, copy);
	return copy;
}

static const struct { const char *in, *out; } texts[] = {
	{ "", "" },
	{ "nothing here", "nothing here" },
	{ "key sk-Ab1/x+y=z?9\"\\q!", "key ***!" },
	{ "sk-Ab1/x+y=z?9\"\\qsk-Ab1/x+y=z?9\"\\q", "***" },
	{ "k=sk-Ab1%2Fx%2By%3Dz%3F9%22%5Cq&a", "k=***&a" },
	{ "k=sk-Ab1%2fx%2by%3dz%3f9%22%5cq&a", "k=***&a" },
	{ "k=sk%2DAb1/x+y%3Dz?9%22%5cq&a", "k=***&a" },
	{ "{\"k\":\"sk-Ab1\\/x+y=z?9\\\"\\\\q\"}", "{\"k\":\"***\"}" },
	{ "\\u0073k\\u002dAb1\\u002Fx+y=z?9\\u0022\\u005Cq", "***" },
	{ "\\u0173k-Ab1/x+y=z?9\"\\q", "\\u0173k-Ab1/x+y=z?9\"\\q" },
	{ "sk-Ab1/x+y=z?9\"\\ sk-Ab1/x+y=z?9\"", "sk-Ab1/x+y=z?9\"\\ sk-Ab1/x+y=z?9\"" },
	{ "100% %2 %zz %", "100% %2 %zz %" },
};

Test(scrub, takes_the_key_out_as_it_is_and_escaped)
{
	struct scrub s = SCRUB_INIT;

	scrub_add(&s, key);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *out = scrubbed(&s, texts[i].in);

		cr_expect_str_eq(out, texts[i].out, "text %zu: %s", i, out);
		cr_expect_eq(scrub_found(&s, texts[i].in), strstr(texts[i].out, "***") != NULL);
		free(out);
	}
	scrub_release(&s);
}

/* whatever stands around the key, what is left of its base64 is a character or two at each end */
Test(scrub, takes_the_key_out_of_base64_of_any_alignment)
{
	static char *(*const encode[])(const void *, size_t) = { base64_encode, base64url_encode };
	struct scrub s = SCRUB_INIT;

	scrub_add(&s, key);
	for (size_t i = 0; i < 2 * 9; i++) {
		char *plain = x_asprintf("%.*s%s%.*s", (int)(i / 2 % 3), ":::", key, (int)(i / 6),
		    ":::");
		char *coded = encode[i % 2](plain, strlen(plain));
		char *text = x_asprintf("Basic %s.", coded), *out = scrubbed(&s, text);

		cr_expect(strstr(out, "***") != NULL, "%s", text);
		cr_expect_leq(strlen(out), strlen("Basic ***.") + 3 + 6, "%s", out);
		free(plain);
		free(coded);
		free(text);
		free(out);
	}
	scrub_release(&s);
}

Test(scrub, leaves_nothing_of_keys_that_overlap)
{
	struct scrub s = SCRUB_INIT;
	char text[] = "a abcdefxyz b abcdefgh c";

	scrub_add(&s, "abcdef");
	scrub_add(&s, "defxyz");
	scrub_add(&s, "abcdefgh");
	scrub_text(&s, text);
	cr_expect_str_eq(text, "a *** b *** c");
	scrub_release(&s);
}

Test(scrub, leaves_short_secrets_alone)
{
	struct scrub s = SCRUB_INIT;
	char text[] = "to the end";

	scrub_add(&s, "to");
	scrub_text(&s, text);
	cr_expect_str_eq(text, "to the end");
	scrub_add(&s, "the");
	scrub_text(&s, text);
	cr_expect_str_eq(text, "to *** end");
	scrub_release(&s);
}
