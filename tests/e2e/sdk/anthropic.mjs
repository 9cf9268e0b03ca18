// anthropic.mjs CASE@LLM... - what users of the official Anthropic client do; prints a JSON list of what
// each saw. SDK is the package (of two generations); the base URL and the token come from
// ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY.
const { default: Anthropic } = await import(process.env.SDK);

const client = new Anthropic({ maxRetries: 0 });
let model;
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const tools = [{ name: "add", description: "Adds", input_schema: {
	type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] } }];

function ask(content, more) {
	return { model, max_tokens: 100, messages: [{ role: "user", content }], ...more };
}

// loop - answer every tool call until there is none
async function loop(turn) {
	const messages = [{ role: "user", content: "three turns" }], stops = [];
	for (;;) {
		const answer = await turn({ model, max_tokens: 100, tools, messages });
		stops.push(answer.stop_reason);
		if (answer.stop_reason !== "tool_use")
			return { stops, text: answer.content[0].text };
		messages.push({ role: "assistant", content: answer.content });
		messages.push({ role: "user", content: answer.content.filter((b) => b.type === "tool_use").map((b) => ({
			type: "tool_result", tool_use_id: b.id, content: String(b.input.a + b.input.b) })) });
	}
}

const cases = {
	async chat() {
		const answer = await client.messages.create(ask("hello"));
		return { text: answer.content.map((b) => b.text).join(""), stop: answer.stop_reason, usage: answer.usage,
			id: answer.id, requestId: Boolean(answer._request_id) };
	},

	async stream() {
		const pieces = [];
		const stream = client.messages.stream(ask("hello")).on("text", (text) => pieces.push(text));
		const answer = await stream.finalMessage();
		return { pieces, text: answer.content.map((b) => b.text).join(""), stop: answer.stop_reason,
			usage: answer.usage };
	},

	async blocks() {
		const answer = await client.messages.stream(ask("hello")).finalMessage();
		return answer.content;
	},

	loop: () => loop((request) => client.messages.create(request)),
	streamloop: () => loop((request) => client.messages.stream(request).finalMessage()),

	async image() {
		const answer = await client.messages.create(ask([
			{ type: "image", source: { type: "base64", media_type: "image/png", data: dot } },
			{ type: "text", text: "what is in the picture?" }]));
		return answer.content[0].text;
	},

	async parse() {
		const { zodOutputFormat } = await import(`${process.env.SDK}/helpers/zod`);
		const { z } = await import("zod");
		const format = zodOutputFormat(z.object({ name: z.string(), age: z.number() }));
		const answer = await client.messages.parse(ask("a person", { output_config: { format } }));
		return answer.parsed_output;
	},

	count: async () => (await client.messages.countTokens({ model, messages: ask("hello").messages })).input_tokens,

	async models() {
		const names = [];
		for await (const one of client.models.list())
			names.push([one.id, one.type, one.display_name, !isNaN(Date.parse(one.created_at))]);
		return { names, one: (await client.models.retrieve(model)).id };
	},

	async leave() {
		const { data: stream, request_id: requestId } = await client.messages.create(
			ask("hello", { stream: true })).withResponse();
		for await (const event of stream)
			if (event.type === "content_block_delta")
				break;
		return { requestId };
	},
};

const seen = [];
for (const arg of process.argv.slice(2)) {
	const [name, llm] = arg.split("@");
	model = llm;
	try {
		seen.push(await cases[name]());
	} catch (e) {
		if (!(e instanceof Anthropic.AnthropicError))
			throw e;
		seen.push({ error: e.constructor.name, status: e.status ?? null, type: e.error?.error?.type ?? null });
	}
}
console.log(JSON.stringify(seen));
