// OpenAI's own client against a bridge, for files and batches: node batches.mjs BASE_URL INPUT.jsonl
// Prints one line of JSON: what each of its calls got.

import fs from 'node:fs';
import OpenAI, { toFile } from 'openai';

const [baseURL, input] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
const got = {};

async function failure(call) {
    try {
        await call();
        return 'none';
    } catch (error) {
        return `${error.constructor.name} ${error.status} ${error.param}`;
    }
}

async function ended(id) {
    for (;;) {
        const batch = await client.batches.retrieve(id);
        if (!['validating', 'in_progress', 'finalizing', 'cancelling'].includes(batch.status)) {
            return batch;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

const file = await client.files.create({ file: fs.createReadStream(input), purpose: 'batch' });
got.file = file;
got.content = await (await client.files.content(file.id)).text() === fs.readFileSync(input, 'utf8');

const created = await client.batches.create({
    input_file_id: file.id, endpoint: '/v1/completions', completion_window: '24h', metadata: { team: 'tales' },
}, { headers: { 'Idempotency-Key': 'one-batch' } });
got.created = created;
got.again = (await client.batches.create({
    input_file_id: file.id, endpoint: '/v1/completions', completion_window: '24h',
}, { headers: { 'Idempotency-Key': 'one-batch' } })).id === created.id;
const batch = await ended(created.id);
got.batch = batch;
const output = await client.files.content(batch.output_file_id);
got.outputType = output.headers.get('content-type');
got.output = await output.text();
got.outputAgain = await (await client.files.content(batch.output_file_id)).text() === got.output;
got.outputFile = await client.files.retrieve(batch.output_file_id);
got.errors = await (await client.files.content(batch.error_file_id)).text();
got.errorFile = await client.files.retrieve(batch.error_file_id);

const long = await client.files.create({
    file: await toFile(Buffer.from(Array.from({ length: 100 }, (_, i) => JSON.stringify({
        custom_id: `long-${i}`, method: 'POST', url: '/v1/completions',
        body: { prompt: 'The old house', max_tokens: 600, ignore_eos: true },
    })).join('\n')), 'long.jsonl'),
    purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 3600 },
});
got.longExpires = long.expires_at - long.created_at;
const second = await client.batches.create({
    input_file_id: long.id, endpoint: '/v1/completions', completion_window: '24h',
});
got.cancelling = (await client.batches.cancel(second.id)).status;
got.cancelled = (await ended(second.id)).status;
got.cancelEnded = await failure(() => client.batches.cancel(created.id));

const bad = await client.files.create({ file: await toFile(Buffer.from('nonsense\n'), 'bad.jsonl'), purpose: 'batch' });
const failed = await client.batches.create({
    input_file_id: bad.id, endpoint: '/v1/completions', completion_window: '24h',
});
got.failed = failed;

got.firstPage = (await client.batches.list({ limit: 2 })).data.map((each) => each.id);
got.allBatches = [];
for await (const each of client.batches.list({ limit: 1 })) {
    got.allBatches.push(each.id);
}
got.expectedBatches = [failed.id, second.id, created.id];
got.inputs = [];
for await (const each of client.files.list({ purpose: 'batch', limit: 1 })) {
    got.inputs.push(each.filename);
}

got.deleted = (await client.files.delete(file.id)).deleted;
got.gone = await failure(() => client.files.retrieve(file.id));
await client.files.delete(batch.error_file_id);
got.errorsGone = (await client.batches.retrieve(created.id)).error_file_id;
got.badPurpose = await failure(() => client.files.create({
    file: fs.createReadStream(input), purpose: 'fine-tune',
}));
got.badEndpoint = await failure(() => client.batches.create({
    input_file_id: long.id, endpoint: '/v1/embeddings', completion_window: '24h',
}));
got.badFile = await failure(() => client.batches.create({
    input_file_id: file.id, endpoint: '/v1/completions', completion_window: '24h',
}));
got.badWindow = await failure(() => client.batches.create({
    input_file_id: long.id, endpoint: '/v1/completions', completion_window: 'soon',
}));

console.log(JSON.stringify(got));
