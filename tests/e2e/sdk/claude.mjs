// claude.mjs CASE LLM [CASE LLM]... - what users of the official OpenAI client do, with a Claude behind the
// gateway; prints a JSON list of what each saw. The base URL and the token come from OPENAI_BASE_URL and
// OPENAI_API_KEY.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const client = new OpenAI({ maxRetries: 0 });
const request = { messages: [{ role: "user", content: process.env.PROMPT }] };
const tools = ["add", "now"].map((name) => ({
	type: "function",
	function: { name, parameters: { type: "object", properties: { a: { type: "number" } } } },
}));
const run = { add: (a) => String(a.a + 1), now: () => "noon" };

// results - the tool messages for an answer's calls
function results(message) {
	return message.tool_calls.map((call) => ({
		role: "tool",
		tool_call_id: call.id,
		content: run[call.function.name](JSON.parse(call.function.arguments)),
	}));
}

const cases = {
	async chat() {
		const answer = await client.chat.completions.create(request);
		const choice = answer.choices[0];
		return { content: choice.message.content, finish: choice.finish_reason, usage: answer.usage,
			model: answer.model, id: answer.id };
	},

	async stream() {
		const seen = { pieces: [], finish: null, usage: null };
		const stream = await client.chat.completions.create({
			...request, stream: true, stream_options: { include_usage: true } });
		for await (const chunk of stream) {
			if (chunk.choices[0]?.delta.content)
				seen.pieces.push(chunk.choices[0].delta.content);
			seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
			seen.usage = chunk.usage ?? seen.usage;
		}
		return seen;
	},

	// the answer's message goes back as it is, until no tool is called
	async loop() {
		const messages = [...request.messages], turns = [];
		for (;;) {
			const { choices: [{ message, finish_reason: finish }] } =
				await client.chat.completions.create({ ...request, messages, tools });
			messages.push(message);
			turns.push(finish);
			if (!message.tool_calls)
				return { turns, content: message.content };
			messages.push(...results(message));
		}
	},

	// the same with streams, put together by the client's own helper
	async streamloop() {
		const messages = [...request.messages], turns = [];
		for (;;) {
			const stream = client.chat.completions.stream({ ...request, messages, tools });
			const { choices: [{ message, finish_reason: finish }] } = await stream.finalChatCompletion();
			messages.push(message);
			turns.push(finish);
			if (!message.tool_calls?.length)
				return { turns, content: message.content };
			messages.push(...results(message));
		}
	},

	// the client's own loop
	async runtools() {
		const runner = client.chat.completions.runTools({ ...request, tools: tools.map((tool) => ({
			type: "function",
			function: { ...tool.function, parse: JSON.parse, function: run[tool.function.name] } })) });
		return { content: await runner.finalContent() };
	},

	async parse() {
		const format = z.object({ city: z.string(), inner: z.object({ n: z.number() }) });
		const answer = await client.chat.completions.parse({
			...request, response_format: zodResponseFormat(format, "place") });
		return answer.choices[0].message.parsed;
	},

	async image() {
		const answer = await client.chat.completions.create({ ...request, messages: [{ role: "user", content: [
			{ type: "text", text: "What is this?" },
			{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
			{ type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } },
			{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" } },
		] }] });
		return { content: answer.choices[0].message.content };
	},

	async badimage() {
		return client.chat.completions.create({ ...request, messages: [{ role: "user", content: [
			{ type: "image_url", image_url: { url: "http://example.com/a.png" } }] }] });
	},

	// thinking blocks are put together from the deltas and go back whole
	async thinking() {
		const messages = [...request.messages];
		const turn = { role: "assistant", content: "", thinking_blocks: [], tool_calls: [] };
		const stream = await client.chat.completions.create({
			...request, messages, tools, stream: true, reasoning_effort: "low" });
		let reasoning = "";
		for await (const { choices: [{ delta }] } of stream) {
			turn.content += delta.content ?? "";
			reasoning += delta.reasoning_content ?? "";
			turn.thinking_blocks.push(...(delta.thinking_blocks ?? []));
			for (const call of delta.tool_calls ?? []) {
				if (call.id)
					turn.tool_calls[call.index] = call;
				else
					turn.tool_calls[call.index].function.arguments += call.function.arguments;
			}
		}
		messages.push(turn, ...results(turn));
		const answer = await client.chat.completions.create({
			...request, messages, tools, reasoning_effort: "low" });
		return { reasoning, content: answer.choices[0].message.content };
	},

	async leave() {
		const { data: stream, request_id: requestId } = await client.chat.completions.create({
			...request, stream: true }).withResponse();
		let seen = 0;
		for await (const chunk of stream)
			if (chunk.choices[0]?.delta.content && ++seen === 2)
				stream.controller.abort();
		return { requestId };
	},
};

// seen - what a case gives, or the client's error
async function seen(name, llm) {
	request.model = llm;
	try {
		return await cases[name]();
	} catch (e) {
		if (!(e instanceof OpenAI.OpenAIError))
			throw e;
		return { error: e.constructor.name, status: e.status ?? null, code: e.code ?? null,
			param: e.param ?? null };
	}
}

const all = [];
for (let i = 2; i < process.argv.length; i += 2)
	all.push(await seen(process.argv[i], process.argv[i + 1]));
console.log(JSON.stringify(all));
