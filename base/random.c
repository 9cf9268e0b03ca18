/* random.c - what the kernel's generator is used for */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/random.h"

#define ID_CHARS	24		/* base36 characters behind the prefix */
#define TOKEN_BYTES	32		/* random bytes in a token */
#define TOKEN_PREFIX	"mcp_"

static const char base36_digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* random_bytes - all of them, or the process ends */
void
random_bytes(void *p, size_t n)
{
	unsigned char *at = p;
	ssize_t got;

	while (n > 0) {
		got = getrandom(at, n, 0);
		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
}

/* base36 - even digits: bytes from 252 (7 times 36) on are thrown away */
static void
base36(char *out, size_t n)
{
	unsigned char pool[2 * ID_CHARS];

	while (n > 0) {
		random_bytes(pool, sizeof(pool));
		for (size_t i = 0; i < sizeof(pool) && n > 0; i++) {
			if (pool[i] >= 252)
				continue;
			*out++ = base36_digits[pool[i] % 36];
			n--;
		}
	}
	*out = '\0';
}

/* random_id - of an object */
void
random_id(char out[ID_SIZE])
{
	out[0] = 'c';
	base36(out + 1, ID_CHARS);
}

/* random_request_id - of one request */
void
random_request_id(char out[REQUEST_ID_SIZE])
{
	memcpy(out, "req_", 4);
	base36(out + 4, ID_CHARS);
}

/* random_token - a secret: no copy of it stays here */
void
random_token(char out[TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES];
	char *text;

	random_bytes(bytes, sizeof(bytes));
	text = base64url_encode(bytes, sizeof(bytes));
	snprintf(out, TOKEN_SIZE, TOKEN_PREFIX "%s", text);
	mem_wipe(bytes, sizeof(bytes));
	mem_free_wiped(text);
}

/* all_of - text is exactly n characters of the set */
static bool
all_of(const char *text, const char *set, size_t n)
{
	return strspn(text, set) == n && text[n] == '\0';
}

/* random_is_id - 'c' and base36 */
bool
random_is_id(const char *text)
{
	return text[0] == 'c' && all_of(text + 1, base36_digits, ID_CHARS);
}

/* random_is_token - the prefix and base64url */
bool
random_is_token(const char *text)
{
	size_t prefix = strlen(TOKEN_PREFIX);

	return strncmp(text, TOKEN_PREFIX, prefix) == 0 &&
	    all_of(text + prefix, base64url_digits, TOKEN_SIZE - 1 - prefix);
}
