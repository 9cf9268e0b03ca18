/* h_whoami.c - GET /api/v1/whoami (API.md 2) */
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/whoami.h"

/* do_whoami - of whoever asks */
enum rc
do_whoami(struct request *r, struct error *err)
{
	return reply_json(r, 200, whoami_json(r->table, &r->caller), err);
}
