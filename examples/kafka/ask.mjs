// Sends a prompt and prints the answer as it is committed. The pipeline runs with `--output json`.
//
//   npm install kafkajs
//   node ask.mjs BROKER PROMPT

import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const { Kafka, Partitioners, logLevel } = kafkajs;
const [broker, prompt] = process.argv.slice(2);
const id = randomUUID();
const kafka = new Kafka({ clientId: 'ask', brokers: [broker], logLevel: logLevel.ERROR });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });    // murmur2, as Java's
const consumer = kafka.consumer({ groupId: `ask-${id}` });                                  // reads committed records

// Read from the present end of every partition, and remember it before the request is sent.
const admin = kafka.admin();
await admin.connect();
const ends = await admin.fetchTopicOffsets('generation-tokens');
await admin.setOffsets({ groupId: `ask-${id}`, topic: 'generation-tokens',
    partitions: ends.map(({ partition, offset }) => ({ partition, offset })) });
await admin.disconnect();

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: 'generation-tokens' });

let next = 0;                                               // the position of the token that comes next
const ended = new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
    consumer.run({
        eachMessage: async ({ message }) => {
            if (String(message.key) !== id) {
                return;
            }
            const chunk = JSON.parse(String(message.value));
            if (chunk.position >= next) {
                process.stdout.write(chunk.text);
                next = chunk.position + chunk.token_ids.length;
            }
            if (chunk.terminal) {
                process.stdout.write(`\n${chunk.finish.reason}\n`);
                resolve();
            }
        },
    });
});

const value = JSON.stringify({ id, prompt, max_tokens: 60 });
await producer.send({ topic: 'generation-requests', messages: [{ key: id, value }] });
await ended;
await consumer.disconnect();
await producer.disconnect();
