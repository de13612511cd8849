// Vercel's AI SDK against a bridge: node ai.mjs BASE_URL
// Prints one line of JSON: what each of its calls got.

import { generateText, streamText } from 'ai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';

const [baseURL] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: 'flover', baseURL, includeUsage: true });
const call = { prompt: 'Who is there?', maxOutputTokens: 12, temperature: 0, maxRetries: 0 };
const got = {};

const whole = await generateText({ ...call, model: provider('chatty') });
got.chat = whole.text;
got.chatTokens = whole.usage.outputTokens;

const streamed = streamText({ ...call, model: provider('chatty') });
got.chatStreamed = '';
for await (const piece of streamed.textStream) {
    got.chatStreamed += piece;
}
got.chatStreamedTokens = (await streamed.usage).outputTokens;
got.chatStreamedFinish = await streamed.finishReason;

got.completion = (await generateText({ ...call, model: provider.completionModel('chatty') })).text;

try {
    await generateText({ ...call, model: provider('nobody') });
    got.badModel = 'none';
} catch (error) {
    got.badModel = `${error.name} ${error.statusCode} ${JSON.parse(error.responseBody).error.code}`;
}

console.log(JSON.stringify(got));
