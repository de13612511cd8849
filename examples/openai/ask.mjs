// Sends a prompt to the HTTP bridge with OpenAI's client and prints the answer as it is committed.
//
//   npm install openai
//   node ask.mjs URL PROMPT        URL as `./flover up --http 8080` prints it, such as http://127.0.0.1:8080/v1

import OpenAI from 'openai';

const [baseURL, prompt] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none' });
const model = (await client.models.list()).data[0].id;

// With a model that has a chat template: client.chat.completions.create({ model, messages, ... })
for await (const event of await client.completions.create({ model, prompt, max_tokens: 60, stream: true })) {
    process.stdout.write(event.choices[0].text);
    if (event.choices[0].finish_reason) {
        process.stdout.write(`\n${event.choices[0].finish_reason}\n`);
    }
}
