// openai.mjs - one case with the official client; prints what it saw as JSON.
// The base URL and the token come from OPENAI_BASE_URL and OPENAI_API_KEY, as in any program of a user.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const request = { model: process.env.LLM, messages: [{ role: "user", content: "hi" }] };

const cases = {
	async chat() {
		const answer = await client.chat.completions.create(request);
		const choice = answer.choices[0];
		return { content: choice.message.content, finish: choice.finish_reason, tokens: answer.usage.total_tokens };
	},

	async stream() {
		const seen = { pieces: [], finish: null, tokens: null };
		const stream = await client.chat.completions.create({
			...request, stream: true, stream_options: { include_usage: true } });
		for await (const chunk of stream) {
			if (chunk.choices[0]?.delta.content)
				seen.pieces.push(chunk.choices[0].delta.content);
			seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
			seen.tokens = chunk.usage?.total_tokens ?? seen.tokens;
		}
		return seen;
	},

	async response() {		// the first line says that its stream has begun
		const seen = { types: [], text: "", arguments: "", thoughts: "" };
		const stream = client.responses.stream({ model: process.env.LLM, input: "hi" });
		stream.on("connect", () => console.log("connected"));
		stream.on("response.output_text.delta", (e) => { seen.text += e.delta; seen.snapshot = e.snapshot; });
		stream.on("response.function_call_arguments.delta", (e) => { seen.arguments += e.delta; });
		stream.on("response.reasoning_summary_text.delta", (e) => { seen.thoughts += e.delta; });
		stream.on("event", (e) => { seen.types.push(e.type); });
		const final = await stream.finalResponse();
		return { ...seen, final: final.output_text, status: final.status, output: final.output.map((o) => o.type) };
	},

	async models() {
		const names = [];
		for await (const model of client.models.list())
			names.push(model.id);
		return names;
	},

	async leave() {
		const { data: stream, request_id: requestId } = await client.chat.completions.create({
			...request, stream: true }).withResponse();
		for await (const chunk of stream)
			if (chunk.choices[0]?.delta.content?.startsWith("w2"))
				break;
		return { requestId };
	},
};

try {
	console.log(JSON.stringify(await cases[process.argv[2]]()));
} catch (e) {
	if (!(e instanceof OpenAI.OpenAIError))
		throw e;
	console.log(JSON.stringify({ error: e.constructor.name, status: e.status ?? null, code: e.code ?? null }));
}
