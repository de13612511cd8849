// LangChain's client for JavaScript against a bridge: node langchain.mjs BASE_URL
// Prints one line of JSON: what each of its calls got.

import { ChatOpenAI, OpenAI } from '@langchain/openai';

const [baseURL] = process.argv.slice(2);
const options = { model: 'chatty', apiKey: 'none', maxTokens: 12, temperature: 0, maxRetries: 0,
    configuration: { baseURL } };
const got = {};

const chat = new ChatOpenAI(options);
const whole = await chat.invoke('Who is there?');
got.chat = whole.content;
got.chatTokens = whole.usage_metadata.output_tokens;

got.chatStreamed = '';
for await (const piece of await chat.stream('Who is there?')) {
    got.chatStreamed += piece.content;
    got.chatStreamedTokens = piece.usage_metadata?.output_tokens ?? got.chatStreamedTokens;
}

got.completion = await new OpenAI(options).invoke('The old house');

try {
    await new ChatOpenAI({ ...options, model: 'nobody' }).invoke('Who is there?');
    got.badModel = 'none';
} catch (error) {
    got.badModel = `${error.status} ${error.code}`;
}

console.log(JSON.stringify(got));
