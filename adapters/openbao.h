/*
 * openbao.h - values kept by OpenBao or Vault, in a KV engine of version 2.
 *
 * Shapes  a secret is one entry at <url>/v1/<mount>/data/<prefix>/<secret>, its keys the entry's
 *         members; the newest version counts. A member that is no string is given as its JSON text
 * Units   ms, bytes; versions from 1
 * Errors  RC_UNAVAILABLE: it is down (no connection, a deadline, a redirect, 412, 429, 5xx: sealed
 *         among them, an answer that is no KV answer); RC_NOT_FOUND: nothing is there, or it was
 *         deleted there; RC_STALE: the write's cas is not the current version; RC_UPSTREAM: refused
 *         (token, policy, mount). Texts name the backend and say what to do; what OpenBao said to a
 *         write is cut, and scrubbed of the token and of every value that was sent; to a read or a
 *         delete, which may quote a value that is stored there, only words that are known are told
 * Owns    openbao_read()'s pairs are the caller's (pairs_wipe); struct openbao is borrowed
 * Source  OpenBao API documentation: "KV secrets engine - version 2 (API)", "HTTP API"
 */
#ifndef ADAPTERS_OPENBAO_H
#define ADAPTERS_OPENBAO_H

#include "adapters/http.h"
#include "base/pairs.h"

#define OPENBAO_CONNECT_MS	3000	/* to a connection */
#define OPENBAO_TOTAL_MS	5000	/* a whole call */
#define OPENBAO_ANSWER_MAX	(1 << 20)	/* bytes of an answer: its own storage holds no more */
#define OPENBAO_WORDS_MAX	200	/* bytes of its words in a message */

struct openbao {
	const char	*name;		/* of the SecretBackend, for messages */
	const char	*url, *mount;
	const char	*prefix, *ns;	/* "": none */
	const char	*token;
};

/* openbao_read - version is set on RC_NOT_FOUND too: the one that was deleted, 0 where none ever was */
enum rc openbao_read(struct http *http, const struct openbao *b, const char *secret,
    struct pairs *data, int64_t *version, struct error *err);

/* openbao_write - a new version behind version cas; 0: only where none ever was */
enum rc openbao_write(struct http *http, const struct openbao *b, const char *secret,
    const struct pairs *data, int64_t cas, int64_t *version, struct error *err);

/* openbao_delete - the entry with all its versions and metadata, for good; RC_OK where none is */
enum rc openbao_delete(struct http *http, const struct openbao *b, const char *secret,
    struct error *err);

#endif
