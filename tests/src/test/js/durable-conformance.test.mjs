// The reading cases of the Durable Streams protocol's conformance suite against a bridge.
//
//   BRIDGE=http://... BROKERS=... REQUESTS=topic TOKENS=topic vitest run durable-conformance.test.mjs
//
// A bridge has no writing side. This adapter turns the suite's writes into records of the topics, and passes its reads
// on to the bridge. A stream of text becomes the text of an answer, with one chunk for each append. A message of a JSON
// stream becomes the text of a chunk; when such a stream is read, the adapter replaces each chunk by its text.

import { createServer, request } from 'node:http';
import { afterAll, beforeAll } from 'vitest';
import { runConformanceTests } from '@durable-streams/server-conformance-tests';
import kafkajs from 'kafkajs';

const { BRIDGE, BROKERS, REQUESTS, TOKENS } = process.env;
const JSON_TYPE = 'application/json';

const { Kafka, Partitioners, logLevel } = kafkajs;
const kafka = new Kafka({ clientId: 'conformance', brokers: BROKERS.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const streams = new Map();
const config = { baseUrl: '' };
let server;

async function write(topic, key, value) {
    await producer.send({ topic, messages: [{ key, value: JSON.stringify(value) }] });
}

// Appends one after the other, because a chunk's position follows from the chunks before it.
function append(stream, texts, closes) {
    stream.appended = stream.appended.then(() => appendNow(stream, texts, closes));
    return stream.appended;
}

async function appendNow(stream, texts, closes) {
    const last = texts.length - 1;
    for (const [index, text] of (closes && last < 0 ? [''] : texts).entries()) {
        const ends = closes && index >= last;
        await write(TOKENS, stream.id, {
            request_id: stream.id, position: stream.position, token_ids: text === '' ? [] : [1], text, terminal: ends,
            ...(ends ? { finish: { reason: 'STOP' } } : {}),
        });
        stream.position += text === '' ? 0 : 1;
    }
    stream.closed ||= closes;
}

// The texts of a write's body; null if it is not what the stream's type demands.
function texts(stream, body) {
    if (stream.type !== JSON_TYPE) {
        return body === '' ? [] : [body];
    }
    try {
        const value = body === '' ? [] : JSON.parse(body);
        return (Array.isArray(value) ? value : [value]).map((message) => JSON.stringify(message));
    } catch {
        return null;
    }
}

const closes = (req) => (req.headers['stream-closed'] ?? '').toLowerCase() === 'true';
const typeOf = (req) => (req.headers['content-type'] ?? 'application/octet-stream').split(';')[0].toLowerCase();

function target(path, query) {
    const stream = streams.get(path);
    const id = stream?.id ?? 'nobody';
    return `${BRIDGE}/v1/generations/${id}${stream?.type === JSON_TYPE ? '' : '/text'}${query}`;
}

async function answerWrite(res, status, path) {
    const stream = streams.get(path);
    const head = await fetch(target(path, ''), { method: 'HEAD' });
    res.writeHead(status, {
        'Content-Type': stream.type, 'Stream-Next-Offset': head.headers.get('Stream-Next-Offset'), Location: path,
        'X-Content-Type-Options': 'nosniff', ...(stream.closed ? { 'Stream-Closed': 'true' } : {}),
    });
    res.end();
}

async function put(req, res, path, body) {
    const type = typeOf(req);
    if (!type.startsWith('text/') && type !== JSON_TYPE) {
        res.writeHead(415).end();
        return;
    }
    const stream = { id: `conformance-${streams.size}`, type, position: 0, closed: false, appended: Promise.resolve() };
    const content = texts(stream, body);
    if (streams.has(path) || content === null) {
        res.writeHead(content === null ? 400 : 409).end();
        return;
    }
    streams.set(path, stream);
    await write(REQUESTS, stream.id, { id: stream.id, prompt: 'x' });
    await append(stream, content, closes(req));
    await answerWrite(res, 201, path);
}

async function post(req, res, path, body) {
    const stream = streams.get(path);
    if (!stream || stream.closed && body !== '') {
        res.writeHead(stream ? 409 : 404).end();
        return;
    }
    const content = texts(stream, body);
    if (content === null || content.length === 0 && !closes(req)) {
        res.writeHead(400).end();
        return;
    }
    if (!stream.closed) {
        await append(stream, content, closes(req));
    }
    await answerWrite(res, 204, path);
}

// The messages of the chunks in a JSON array.
const messages = (array) => JSON.stringify(
    JSON.parse(array).filter((chunk) => chunk.text !== '').map((chunk) => JSON.parse(chunk.text)));

// Replaces the chunks in whole events; returns the events, and the beginning of the next one.
function replaceEvents(received) {
    const events = received.split('\n\n');
    const rest = events.pop();
    const replaced = events.map((event) => {
        if (!event.startsWith('event: data\n')) {
            return `${event}\n\n`;
        }
        const data = messages(event.split('\n').slice(1).map((line) => line.slice('data:'.length)).join('\n'));
        return data === '[]' ? '' : `event: data\ndata:${data}\n\n`;
    });
    return [replaced.join(''), rest];
}

function read(req, res, path, query) {
    const url = new URL(target(path, query));
    const passed = request(url, { method: req.method, headers: { ...req.headers, host: url.host } }, (answer) => {
        const headers = { ...answer.headers };
        const isJson = streams.get(path)?.type === JSON_TYPE && answer.statusCode === 200 && req.method === 'GET';
        if (!isJson) {
            res.writeHead(answer.statusCode, headers);
            answer.pipe(res);
            return;
        }
        delete headers['content-length'];
        res.writeHead(answer.statusCode, headers);
        const events = headers['content-type'].startsWith('text/event-stream');
        let received = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => {
            received += piece;
            if (events) {
                const [whole, rest] = replaceEvents(received);
                received = rest;
                res.write(whole);
            }
        });
        answer.on('end', () => res.end(events ? received : messages(received)));
    });
    passed.on('error', () => res.destroy());
    res.on('close', () => passed.destroy());
    passed.end();
}

async function answer(req, res) {
    const [path, ...rest] = req.url.split('?');
    const query = rest.length === 0 ? '' : `?${rest.join('?')}`;
    if (req.method !== 'PUT' && req.method !== 'POST') {
        read(req, res, path, query);
        return;
    }
    const parts = [];
    for await (const part of req) {
        parts.push(part);
    }
    await (req.method === 'PUT' ? put : post)(req, res, path, Buffer.concat(parts).toString('utf8'));
}

beforeAll(async () => {
    await producer.connect();
    server = createServer((req, res) => answer(req, res).catch((error) => res.writeHead(500).end(String(error))));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    config.baseUrl = `http://127.0.0.1:${server.address().port}`;
});

afterAll(async () => {
    server.closeAllConnections();
    await producer.disconnect();
});

runConformanceTests(config);
