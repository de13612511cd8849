// OpenAI's own client against a bridge: node openai.mjs BASE_URL
// Prints one line of JSON: what each of its calls got.

import OpenAI from 'openai';

const [baseURL] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const model = 'chatty';
const messages = [{ role: 'user', content: 'Who is there?' }];
const sampling = { model, max_tokens: 12, temperature: 0.7, seed: 5 };
const got = {};

got.models = (await client.models.list()).data.map((each) => each.id);

got.completion = (await client.completions.create({ ...sampling, prompt: 'The old house' })).choices[0].text;
let text = '';
for await (const event of await client.completions.create({ ...sampling, prompt: 'The old house', stream: true })) {
    text += event.choices[0].text;
}
got.completionStreamed = text;

const chat = await client.chat.completions.create({ ...sampling, messages, n: 2, logprobs: true, top_logprobs: 1 });
got.chat = chat.choices.map((choice) => choice.message.content);
got.chatLogprobs = chat.choices[0].logprobs.content.length;
got.chatTokens = chat.usage.completion_tokens;

const runner = client.chat.completions.stream({ ...sampling, messages, stream_options: { include_usage: true } });
const final = await runner.finalChatCompletion();
got.chatStreamed = final.choices[0].message.content;
got.chatStreamedRole = final.choices[0].message.role;
got.chatStreamedUsage = final.usage.completion_tokens;

async function failure(call) {
    try {
        await call();
        return 'none';
    } catch (error) {
        return `${error.constructor.name} ${error.status} ${error.param}`;
    }
}
got.badParameter = await failure(() => client.chat.completions.create({ ...sampling, messages, temprature: 1 }));
got.badModel = await failure(() => client.chat.completions.create({ ...sampling, messages, model: 'nobody' }));
got.badValue = await failure(() => client.completions.create({ ...sampling, prompt: 'x', top_p: 7 }));

const stream = await client.chat.completions.create({ ...sampling, max_tokens: 100, messages, stream: true });
let events = 0;
for await (const event of stream) {
    events += event.choices.length;
    stream.controller.abort();
}
got.eventsBeforeAbort = events;

const retrying = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 2 });
const key = { headers: { 'Idempotency-Key': 'of-node' } };
const first = await retrying.completions.create({ ...sampling, prompt: 'The old house' }, key);
const again = await retrying.completions.create({ ...sampling, prompt: 'The old house' }, key);
got.sameUnderAKey = first.id === 'of-node' && first.choices[0].text === again.choices[0].text;

// The first response is lost on its way. The client sends the request again, and gets the answer that it missed.
let sent = 0;
const unlucky = new OpenAI({
    baseURL, apiKey: 'none', maxRetries: 2,
    fetch: async (url, init) => {
        const response = await fetch(url, init);
        sent += 1;
        if (sent === 1) {
            await response.text();
            throw new TypeError('the response was lost');
        }
        return response;
    },
});
const retried = await unlucky.completions.create({ ...sampling, prompt: 'The old house' },
    { headers: { 'Idempotency-Key': 'retried-by-node' } });
got.sentUntilAnswered = sent;
got.retried = retried.choices[0].text;

console.log(JSON.stringify(got));
