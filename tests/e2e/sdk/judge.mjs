// judge.mjs - streams of many Llms, put together by the official clients; JSON in and out.
// Reads [{client, llm}] from stdin, client "openai", or a package of Anthropic's; prints what each made of
// its stream: {text, tools, stop} or {error}. GATEWAY and TOKEN are where and as whom.
import OpenAI from "openai";
import { text } from "node:stream/consumers";

const openai = new OpenAI({ maxRetries: 0, baseURL: `${process.env.GATEWAY}/v1`, apiKey: process.env.TOKEN });
const messages = [{ role: "user", content: "hi" }];

async function chat(model) {
	const stream = openai.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
	const { message, finish_reason: stop } = (await stream.finalChatCompletion()).choices[0];
	return { text: message.content ?? "", stop, tools: (message.tool_calls ?? []).map((t) => [t.function.name,
		JSON.parse(t.function.arguments)]) };
}

async function message(client, model) {
	const { default: Anthropic } = await import(client);
	const anthropic = new Anthropic({ maxRetries: 0, baseURL: process.env.GATEWAY, apiKey: process.env.TOKEN });
	const answer = await anthropic.messages.stream({ model, messages, max_tokens: 9 }).finalMessage();
	const of = (type) => answer.content.filter((b) => b.type === type);
	return { text: of("text").map((b) => b.text).join(""), stop: answer.stop_reason,
		tools: of("tool_use").map((b) => [b.name, b.input]) };
}

async function judge({ client, llm }) {
	try {
		return await (client === "openai" ? chat(llm) : message(client, llm));
	} catch (e) {
		return { error: `${e.constructor.name}: ${e.message}` };
	}
}

const seen = [];
for (const job of JSON.parse(await text(process.stdin)))
	seen.push(await judge(job));
console.log(JSON.stringify(seen));
