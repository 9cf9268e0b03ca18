/*
 * random.h - random bytes, and the ids and tokens made of them.
 *
 * Shapes  object id: 'c' + 24 base36 characters; request id: "req_" + 24 base36;
 *         token: "mcp_" + 43 base64url characters (32 random bytes)
 * Units   bytes, sizes with the NUL
 * Errors  none: a kernel without random bytes aborts
 * Owns    nothing, the caller gives the room
 * Source  getrandom(2); API.md 1 and 2
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#define ID_SIZE		26		/* "c" + 24 + NUL */
#define REQUEST_ID_SIZE	29		/* "req_" + 24 + NUL */
#define TOKEN_SIZE	48		/* "mcp_" + 43 + NUL */

void random_bytes(void *p, size_t n);
void random_id(char out[ID_SIZE]);
void random_request_id(char out[REQUEST_ID_SIZE]);
void random_token(char out[TOKEN_SIZE]);

/* random_is_id - the text has the form of an object id (names may not) */
bool random_is_id(const char *text);

/* random_is_token - the text has the form of a token */
bool random_is_token(const char *text);

#endif
