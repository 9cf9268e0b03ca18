/*
 * fuzz_anthropic_request.c - any body that the gateway would hand to the translator: what comes out is one
 * JSON object, the same one again, and what is refused is refused with its field.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"

#define DEPTH	128			/* levels, as the configuration's default */
#define OUT_DEPTH 512			/* levels: the depth of a schema, and of arguments in a string */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char *const thinkings[] = { NULL, "budget", "adaptive", "none" };
static const char *const samplings[] = { NULL, "one", "all", "none" };

/* translate - once */
static enum rc
translate(const struct adapter_call *call, struct adapter_request *req)
{
	const struct jscan_opts opts = { OUT_DEPTH, 0 };
	struct error err;
	enum rc rc;

	adapter_request_init(req, ADAPTER_BODY_MAX(call->body_len));
	rc = adapter_anthropic.request(call, req, &err);
	if (rc == RC_OK) {
		if (jscan_object(req->body.p, req->body.len, &opts, NULL, 0, NULL, NULL) != RC_OK)
			abort();
	} else if (rc != RC_INVALID || req->param[0] == '\0') {
		abort();
	}
	return rc;
}

/* LLVMFuzzerTestOneInput - the settings of the Llm follow from the body's length */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct jscan_opts opts = { DEPTH, 0 };
	struct jscan_want want[] = { { .name = "messages" }, { .name = "model" } };
	struct adapter_call call = {
		.api = API_CHAT, .type = "anthropic", .url = "", .model = "m",
		.body = (const char *)p, .body_len = n, .max_tokens = -1, .stream = n & 1,
		.thinking = thinkings[n / 2 % 4], .sampling = samplings[n / 8 % 4],
	};
	struct adapter_request once, again;

	if (jscan_object(call.body, n, &opts, want, 2, &call.object, NULL) != RC_OK ||
	    jscan_type(want[0].value) != 'a')
		return 0;
	if (translate(&call, &once) == RC_OK) {
		if (translate(&call, &again) != RC_OK || again.body.len != once.body.len ||
		    memcmp(again.body.p, once.body.p, once.body.len) != 0)
			abort();
		adapter_request_release(&again);
	}
	adapter_request_release(&once);
	return 0;
}
