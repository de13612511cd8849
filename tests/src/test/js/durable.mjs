// The client of the Durable Streams protocol against a bridge: node durable.mjs STREAM_URL
// Reads a generation in every mode, and prints one line of JSON: the text that each mode got.

import { DurableStream, stream } from '@durable-streams/client';

const [url] = process.argv.slice(2);
const got = {};

async function chunks(options) {
    const response = await stream({ url, offset: '-1', ...options });
    const reader = response.jsonStream().getReader();
    const all = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
        all.push(next.value);
    }
    return all;
}

const textOf = (all) => all.map((chunk) => chunk.text).join('');

// The answer is still being generated: both live modes read it from its beginning to its end.
const [polled, pushed] = await Promise.all([chunks({ live: 'long-poll' }), chunks({ live: 'sse' })]);
got.polled = textOf(polled);
got.pushed = textOf(pushed);
got.terminal = polled.filter((chunk) => chunk.terminal).length;

const head = await new DurableStream({ url }).head();
got.type = head.contentType;
got.closed = head.streamClosed;

const whole = await stream({ url, live: false });
got.caughtUp = textOf(await whole.json());
got.endsAtHead = whole.offset === head.offset;

got.text = await (await stream({ url: `${url}/text`, live: false })).text();

// Each offset that a live reader sees continues the stream without a gap or a repeat.
const seen = [];
const response = await stream({ url, offset: '-1', live: 'sse' });
await new Promise((resolve) => {
    response.subscribeJson(async (batch) => {
        seen.push({ offset: batch.offset, count: batch.items.length });
        if (batch.streamClosed) {
            resolve();
        }
    });
});
got.resumed = 0;
let before = 0;
for (const { offset, count } of seen) {
    before += count;
    const rest = await (await stream({ url, offset, live: false })).json();
    if (textOf(rest) === textOf(polled.slice(before))) {
        got.resumed += 1;
    }
}
got.offsets = seen.length;

console.log(JSON.stringify(got));
