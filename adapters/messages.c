/* messages.c - Anthropic's Messages API for providers that speak OpenAI's language: the rows */
#include "adapters/messages.h"

#define BYTES_A_TOKEN	4		/* of a request, for an estimate */

/* count_response - an estimate: there is no provider to ask */
static enum rc
count_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	(void)body;
	(void)len;
	*usage = (struct usage){ -1, -1, -1 };
	return buf_addf(out, err, "{\"input_tokens\":%zu}", call->body_len / BYTES_A_TOKEN);
}

#define ROW(name, url)							\
const struct adapter messages_to_##name = {				\
	.type		= #name,					\
	.default_url	= (url),					\
	.apis		= API_MESSAGES,					\
	.stream_size	= MESSAGES_STREAM_SIZE,				\
	.request	= messages_request,				\
	.response	= messages_response,				\
	.event		= messages_event,				\
	.finish		= messages_finish,				\
	.stream_release	= messages_stream_release,			\
};									\
const struct adapter count_for_##name = {				\
	.type		= #name,					\
	.apis		= API_COUNT_TOKENS,				\
	.local		= true,						\
	.response	= count_response,				\
}

ROW(openai, "https://api.openai.com");
ROW(deepseek, "https://api.deepseek.com");
ROW(vllm, NULL);
ROW(ollama, NULL);
