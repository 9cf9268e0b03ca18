/* fuzz_messages_request.c - any body through the translation of a request: what comes out is JSON, or
   a field is refused; and any body through the translation of an answer */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"

#define FUZZ_DEPTH	64		/* levels of the caller's */
#define OUT_DEPTH	(FUZZ_DEPTH + 8)/* what a translation wraps around them */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_json - or abort */
static void
check_json(const struct buf *out)
{
	const struct jscan_opts opts = { OUT_DEPTH, 0 };

	if (jscan_check(out->p, out->len, &opts, NULL) != RC_OK)
		abort();
}

/* try_request - translated, or refused by name */
static void
try_request(struct adapter_call *call)
{
	struct adapter_request req;
	struct error err = { RC_OK, "" };
	enum rc rc;

	adapter_request_init(&req, ADAPTER_BODY_MAX(call->body_len));
	rc = messages_to_openai.request(call, &req, &err);
	if (rc == RC_OK)
		check_json(&req.body);
	else if (rc != RC_INVALID || req.param[0] == '\0')
		abort();
	adapter_request_release(&req);
}

/* try_answer - translated, or the provider's fault */
static void
try_answer(const struct adapter_call *call)
{
	struct buf out = BUF_INIT(ADAPTER_BODY_MAX(call->body_len));
	struct usage usage;
	struct error err;
	enum rc rc;

	rc = messages_to_openai.response(call, call->body, call->body_len, &out, &usage, &err);
	if (rc == RC_OK)
		check_json(&out);
	else if (rc != RC_UPSTREAM)
		abort();
	buf_release(&out);
}

/* LLVMFuzzerTestOneInput - the first byte chooses the settings; the text is in a block of its size */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct jscan_opts opts = { FUZZ_DEPTH, 0 };
	struct adapter_call call = {
		.api = API_MESSAGES, .type = "openai", .url = "", .model = "m\"", .key = "k",
		.request_id = "r", .beta = "a, b",
	};
	char *text;

	if (size == 0)
		return 0;
	call.stream = data[0] & 1;
	call.thinking = data[0] & 2 ? "budget" : NULL;
	call.body_len = size - 1;
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text = realloc(text, size > 1 ? size - 1 : 1);
	call.body = text;
	if (jscan_object(text, size - 1, &opts, NULL, 0, &call.object, NULL) == RC_OK)
		try_request(&call);
	try_answer(&call);
	free(text);
	return 0;
}
