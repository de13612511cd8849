// An independent client of Flover's topics: kafkajs and its schema-registry client, which share no code with ours.
//
//   node client.mjs read BROKERS REGISTRY TOPIC COUNT          prints COUNT committed records, a line of JSON each
//   node client.mjs write BROKERS REGISTRY TOPIC < lines       writes records: {"key": ..., "value": {...}} a line,
//                                                              with the latest schema of TOPIC-value

import { createInterface } from 'node:readline';
import kafkajs from 'kafkajs';
import registryClient from '@kafkajs/confluent-schema-registry';

const { Kafka, Partitioners, logLevel } = kafkajs;
const { SchemaRegistry } = registryClient;

const [command, brokers, registryUrl, topic, count] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'independent-client', brokers: brokers.split(','), logLevel: logLevel.ERROR });
const registry = new SchemaRegistry({ host: registryUrl });

async function read(wanted) {
    const consumer = kafka.consumer({ groupId: `independent-client-${process.pid}` });
    let seen = 0;
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
        consumer.run({
            eachMessage: async ({ partition, message }) => {
                const value = message.value === null ? null : await registry.decode(message.value);
                if (seen < wanted) {
                    console.log(JSON.stringify({ key: String(message.key), partition, value }));
                }
                seen += 1;
                if (seen === wanted) {
                    resolve();
                }
            },
        });
    });
    await consumer.disconnect();
}

async function write() {
    // kafkajs's default is the murmur2 of the Java client.
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    const schemaId = await registry.getLatestSchemaId(`${topic}-value`);
    await producer.connect();
    for await (const line of createInterface({ input: process.stdin })) {
        const { key, value } = JSON.parse(line);
        const messages = [{ key, value: await registry.encode(schemaId, value) }];
        const [{ partition }] = await producer.send({ topic, messages });
        console.log(JSON.stringify({ key, partition }));
    }
    await producer.disconnect();
}

if (command === 'read') {
    await read(Number(count));
} else if (command === 'write') {
    await write();
} else {
    console.error(`expected the command read or write, found ${command}`);
    process.exitCode = 2;
}
