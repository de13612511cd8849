package dev.flover.tests.pipeline;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.tests.pipeline.BadInput.Answer;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/// All the records that a careless or a hostile producer may write, by kind.
///
/// Most are a good request with one thing wrong. Foreign schemas are registered under subjects of their own: the
/// registry serves a schema by its id, whichever subject it was registered under.
final class BadInputs implements AutoCloseable {
    private static final String TOPIC = "requests-of-strangers";
    private static final int HEADER = 5;
    private static final int PROMPT_10_MB = 10 << 20;
    private static final int CHARACTERS_16_MB = (16 << 20) / 3;

    private final SchemaRegistryClient registry;
    private final ContractSerde<GenerationRequest> requests;
    private final ContractSerde<TokenChunk> chunks;
    private final Map<String, List<BadInput>> byKind = new LinkedHashMap<>();
    private List<BadInput> rows;
    private int number;

    private interface Writing {
        void to(BinaryEncoder out) throws IOException;
    }

    private BadInputs(String registryUrl) {
        registry = new CachedSchemaRegistryClient(registryUrl, 100);
        requests = ContractSerde.of(GenerationRequest.class, Map.of("schema.registry.url", registryUrl));
        chunks = ContractSerde.of(TokenChunk.class, Map.of("schema.registry.url", registryUrl));
    }

    /// Returns the bad inputs by kind, in the order of the page. Those of one kind are sent in this order.
    static Map<String, List<BadInput>> all(String registryUrl) throws IOException, RestClientException {
        try (var inputs = new BadInputs(registryUrl)) {
            inputs.bytes();
            inputs.json();
            inputs.schemas();
            inputs.keys();
            inputs.texts();
            inputs.numbers();
            inputs.times();
            inputs.headers();
            inputs.constraints();
            return inputs.byKind;
        }
    }

    private void bytes() {
        kind("Bytes");
        byte[] good = wire(request(nextId(), r -> { }));
        raw("no bytes at all", new byte[0], Answer.DEAD_LETTER);
        raw("text that is not Avro", "hello".getBytes(UTF_8), Answer.DEAD_LETTER);
        raw("a request that was cut short", Arrays.copyOf(good, good.length - 3), Answer.DEAD_LETTER);
        raw("a list that says it has 2,000,000,000 entries", longList(good), Answer.DEAD_LETTER);
        raw("a text that says it has 2,000,000,000 bytes", encoded(header(good),
                out -> out.writeLong(2_000_000_000L)), Answer.DEAD_LETTER);
        good("a prompt of 600 kB", r -> r.setPrompt("word ".repeat(120_000)), Answer.REJECTED);
        good("a prompt of 10 MB, compressed on its way", r -> r.setPrompt("x".repeat(PROMPT_10_MB)), Answer.REJECTED);
        good("a prompt of 16 MB that compresses badly", r -> r.setPrompt(noise()), Answer.REFUSED_BY_BROKER);
    }

    private static byte[] longList(byte[] good) {
        return encoded(header(good), out -> {
            out.writeString("list");        // the id; then model, tenant, conversation and prompt, unset
            out.writeIndex(0);
            out.writeString("");
            out.writeIndex(0);
            out.writeIndex(0);
            out.writeIndex(1);              // the branch of `prompt_ids` that is a list
            out.writeLong(2_000_000_000L);
        });
    }

    private void constraints() {
        kind("Constraints, records and tools");
        fitting("two constraints", r -> r.setRegex("a").setGrammar("root ::= \"a\""));
        fitting("a JSON Schema that is no JSON", r -> r.setJsonSchema("{"));
        fitting("a keyword that is not supported", r -> r.setJsonSchema(
                "{\"properties\": {\"a\": {\"unevaluatedItems\": false}}}"));
        fitting("a schema that no value fits", r -> r.setJsonSchema("{\"enum\": []}"));
        fitting("a `$ref` that leads back to itself", r -> r.setJsonSchema("{\"$ref\": \"#\"}"));
        fitting("a list of a billion items", r -> r.setJsonSchema(
                "{\"type\": \"array\", \"minItems\": 1000000000}"));
        fitting("a pattern whose states multiply", r -> r.setRegex("(?=.*a.{20})(?=.*b.{20})(?=.*c.{20}).*"));
        fitting("a pattern with a back-reference", r -> r.setRegex("(a+)b\\1"));
        fitting("a grammar without `root`", r -> r.setGrammar("start ::= \"a\""));
        fitting("no choices", r -> r.setChoices(List.of()));
        good("a constraint and `ignore_eos`", r -> r.setRegex("a+").setIgnoreEos(true), Answer.REJECTED);
        fitting("a subject that may not be named", r -> r.setSchemaSubject("cats-value"));
        fitting("a record topic without a subject", r -> r.setRecordTopic("cats"));
        fitting("tools without messages", r -> r.setToolChoice("required"));
    }

    private void fitting(String description, Consumer<GenerationRequest.Builder> change) {
        good(description, request -> change.accept(request.setIgnoreEos(false)), Answer.REJECTED);
    }

    private void json() {
        kind("JSON");
        json("JSON that was cut short", "{\"prompt\": \"The old");
        json("a field twice", "{\"prompt\": \"x\", \"prompt\": \"y\"}");
        json("a misspelt field", "{\"prompt\": \"x\", \"temprature\": 1}");
        json("a number as a string", "{\"prompt\": \"x\", \"max_tokens\": \"5\"}");
        json("NaN", "{\"prompt\": \"x\", \"temperature\": NaN}");
        json("a temperature of -1", "{\"prompt\": \"x\", \"temperature\": -1}");
        json("two prompts in one request", "{\"prompt\": [\"x\", \"y\"]}");
        json("a picture", "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}");
        json("100,000 opening brackets", "{\"metadata\": " + "[".repeat(100_000));
        json("an object that is no request", "{}");
    }

    private void json(String description, String value) {
        add(BadInput.of(description, nextId(), value.getBytes(UTF_8), Answer.REJECTED));
    }

    private void schemas() throws IOException, RestClientException {
        kind("Schemas");
        raw("a schema number that nobody registered", encoded(header(99_999), out -> out.writeString("x")),
                Answer.DEAD_LETTER);
        raw("a record of another contract", chunks.serializer().serialize("strange-chunks", TokenChunk.newBuilder()
                .setRequestId("x").setPosition(0).setTokenIds(List.of()).setText("").build()), Answer.DEAD_LETTER);
        raw("a later schema whose `prompt` is a number", encoded(schema("typed", """
                {"name": "id", "type": "string"}, {"name": "prompt", "type": "int"}"""), out -> {
                    out.writeString("x");
                    out.writeInt(7);
                }), Answer.DEAD_LETTER);
        raw("a later schema without `id`", encoded(schema("nameless", """
                {"name": "prompt", "type": "string"}"""), out -> out.writeString("x")), Answer.DEAD_LETTER);
        String id = nextId();
        add(BadInput.of("a later schema with one more field, which is set", id, encoded(schema("grown", """
                {"name": "id", "type": "string"}, {"name": "prompt", "type": "string"},
                {"name": "max_tokens", "type": "int"}, {"name": "mood", "type": "string"}"""), out -> {
                    out.writeString(id);
                    out.writeString("The old house");
                    out.writeInt(3);
                    out.writeString("good");
                }), Answer.REJECTED));
        raw("a list of nothings, 2,000,000,000 of them", encoded(schema("nothings", """
                {"name": "id", "type": "string"},
                {"name": "nothings", "type": {"type": "array", "items": "null"}}"""), out -> {
                    out.writeString("x");
                    out.writeLong(2_000_000_000L);
                    out.writeLong(0);
                }), Answer.DEAD_LETTER);
        raw("a field that holds itself, 200,000 deep", encoded(schema("deep", """
                {"name": "id", "type": "string"}, {"name": "nest", "type": {"type": "record", "name": "Nest",
                 "fields": [{"name": "inner", "type": ["null", "Nest"]}]}}"""), out -> {
                    out.writeString("x");
                    for (int i = 0; i < 200_000; i++) {
                        out.writeIndex(1);
                    }
                    out.writeIndex(0);
                }), Answer.DEAD_LETTER);
    }

    private void keys() {
        kind("Keys and ids");
        byte[] good = wire(request("x", r -> { }));
        add(new BadInput("no key", null, good, null, Map.of(), Answer.DEAD_LETTER));
        add(new BadInput("an empty key", new byte[0], good, null, Map.of(), Answer.DEAD_LETTER));
        add(new BadInput("a key that is not UTF-8", new byte[] {'i', (byte) 0xff}, good, null, Map.of(),
                Answer.DEAD_LETTER));
        add(BadInput.of("a key of 1 MB", "k".repeat(1 << 20), good, Answer.DEAD_LETTER));
        add(BadInput.of("a key of 300 bytes", "k".repeat(300), good, Answer.DEAD_LETTER));
        add(BadInput.of("an id that is not the key", "key", wire(request("id", r -> { })), Answer.REJECTED));
        add(BadInput.of("an id of 400 kB under a short key", "short", wire(request("i".repeat(400_000), r -> { })),
                Answer.REJECTED));
        String id = nextId();
        add(BadInput.of("a request, and", id, wire(request(id, r -> { })), Answer.SERVED));
        add(BadInput.of("the same request again", id, wire(request(id, r -> { })), Answer.ABSORBED));
        add(BadInput.of("another request under its id", id, wire(request(id, r -> r.setPrompt("Other"))),
                Answer.DEAD_LETTER));
    }

    private void texts() {
        kind("Texts");
        good("an empty prompt", r -> r.setPrompt(""), Answer.REJECTED);
        good("no prompt", r -> r.setPrompt(null), Answer.REJECTED);
        good("a prompt twice, as text and as ids", r -> r.setPromptIds(List.of(1)), Answer.REJECTED);
        good("a prompt longer than the model's context", r -> r.setPrompt("word ".repeat(2000)), Answer.REJECTED);
        broken("a prompt that is not UTF-8", new byte[] {(byte) 0xC3, '('});
        broken("half a surrogate pair, as some languages write it", new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80});
        good("U+FFFD that the producer wrote itself", r -> r.setPrompt("\uFFFD"), Answer.SERVED);
        good("characters that do not print: NUL, escape, right-to-left",
                r -> r.setPrompt("\u0000\u001b[2J\u202e"), Answer.SERVED);
        good("messages without any", r -> r.setPrompt(null).setMessages(List.of()), Answer.REJECTED);
        good("messages for a model that has no chat template", r -> r.setPrompt(null)
                .setMessages(List.of(
                        ChatMessage.newBuilder().setRole("user").setContent("hello").build())), Answer.REJECTED);
        good("a model that is not served", r -> r.setModel("another"), Answer.REJECTED);
        good("a tenant of 300 bytes", r -> r.setTenant("t".repeat(300)), Answer.REJECTED);
        good("an empty stop string", r -> r.setStop(List.of("")), Answer.REJECTED);
        good("a stop string of 1,000 characters", r -> r.setStop(List.of("s".repeat(1000))), Answer.REJECTED);
        good("10,000 stop strings", r -> r.setStop(Collections.nCopies(10_000, "s")), Answer.REJECTED);
    }

    /// Adds a good request in whose encoded bytes the first bytes of the prompt are replaced by others.
    private void broken(String what, byte[] bytes) {
        String id = nextId();
        byte[] value = wire(request(id, r -> r.setPrompt("@@@")));
        int at = new String(value, ISO_8859_1).indexOf("@@@");
        System.arraycopy(bytes, 0, value, at, bytes.length);
        add(BadInput.of(what, id, value, Answer.REJECTED));
    }

    private void numbers() {
        kind("Numbers");
        good("token ids below 0", r -> r.setPrompt(null).setPromptIds(List.of(1, -1)), Answer.REJECTED);
        good("token ids beyond the vocabulary", r -> r.setPrompt(null).setPromptIds(List.of(1, 1_000_000)),
                Answer.REJECTED);
        good("`max_tokens` 0", r -> r.setMaxTokens(0), Answer.REJECTED);
        good("`max_tokens` 2,147,483,647", r -> r.setMaxTokens(Integer.MAX_VALUE), Answer.REJECTED);
        good("`min_tokens` above `max_tokens`", r -> r.setMinTokens(4), Answer.REJECTED);
        good("`answers` 0", r -> r.setAnswers(0), Answer.REJECTED);
        good("`answers` 1,000,000", r -> r.setAnswers(1_000_000), Answer.REJECTED);
        good("`temperature` NaN", sampling(s -> s.setTemperature(Float.NaN)), Answer.REJECTED);
        good("`top_p` 0", sampling(s -> s.setTopP(0f)), Answer.REJECTED);
        good("`repetition_penalty` infinite", sampling(s -> s.setRepetitionPenalty(Float.POSITIVE_INFINITY)),
                Answer.REJECTED);
        good("`logit_bias` of a token twice", sampling(s -> s.setLogitBias(
                List.of(new TokenBias(1, 1f), new TokenBias(1, 2f)))), Answer.REJECTED);
        good("10,000 entries of `logit_bias`", sampling(s -> s.setLogitBias(
                Collections.nCopies(10_000, new TokenBias(1, 1f)))), Answer.REJECTED);
        good("`allowed_ids` beyond the vocabulary", sampling(s -> s.setAllowedIds(List.of(1_000_000))),
                Answer.REJECTED);
        good("1,000 `logprobs`", r -> r.setLogprobs(1000), Answer.REJECTED);
        good("`priority` 2,147,483,647", r -> r.setPriority(Integer.MAX_VALUE), Answer.REJECTED);
    }

    private void times() {
        kind("Time");
        var now = Instant.now();
        good("`deadline_ms` 0", r -> r.setDeadlineMs(0L), Answer.REJECTED);
        good("`deadline_ms` -5", r -> r.setDeadlineMs(-5L), Answer.REJECTED);
        good("`deadline_ms` 9,223,372,036,854,775,807", r -> r.setDeadlineMs(Long.MAX_VALUE), Answer.SERVED);
        good("a clock two days behind, with a deadline of 10 s", r -> r.setDeadlineMs(10_000L), Answer.EXPIRED,
                now.minus(Duration.ofDays(2)));
        good("a clock two days behind", r -> { }, Answer.SERVED, now.minus(Duration.ofDays(2)));
        good("a clock at the beginning of 1970", r -> { }, Answer.SERVED, Instant.EPOCH);
        good("a clock half an hour ahead, with a deadline of 1 s", r -> r.setDeadlineMs(1000L), Answer.SERVED,
                now.plus(Duration.ofMinutes(30)));
        good("a clock two days ahead", r -> { }, Answer.REFUSED_BY_BROKER, now.plus(Duration.ofDays(2)));
    }

    private void headers() {
        kind("Headers");
        var many = IntStream.range(0, 17).boxed()
                .collect(Collectors.toMap(i -> "ce_x" + i, i -> new byte[] {'1'}));
        headers("17 headers that come back", many, Answer.REJECTED);
        headers("a header that comes back, of 5,000 bytes", Map.of("ce_subject", new byte[5000]), Answer.REJECTED);
        headers("100 kB of other headers", Map.of("other", new byte[100_000]), Answer.SERVED);
        headers("a header without a value", Collections.singletonMap("tracestate", null), Answer.SERVED);
        headers("a reply topic that the settings do not allow", Map.of("reply-topic", text("replies")),
                Answer.REJECTED);
        headers("a reply topic that is not UTF-8", Map.of("kafka_replyTopic", new byte[] {-1}), Answer.REJECTED);
        headers("two reply topics", Map.of("reply-topic", text("a"), "kafka_replyTopic", text("a")), Answer.REJECTED);
        headers("a reply partition that is no number", Map.of("reply-topic", text("a"), "reply-partition", text("x")),
                Answer.REJECTED);
        headers("a reply partition in digits, where Spring writes 4 bytes", Map.of("kafka_replyTopic", text("a"),
                "kafka_replyPartition", text("0")), Answer.REJECTED);
    }

    private void headers(String what, Map<String, byte[]> headers, Answer answer) {
        String id = nextId();
        add(BadInput.of(what, id, wire(request(id, r -> { })), answer).with(headers));
    }

    private static byte[] text(String text) {
        return text.getBytes(UTF_8);
    }

    private void kind(String name) {
        rows = new ArrayList<>();
        byKind.put(name, rows);
    }

    private void add(BadInput input) {
        rows.add(input);
    }

    private void raw(String what, byte[] value, Answer answer) {
        add(BadInput.of(what, nextId(), value, answer));
    }

    private void good(String what, Consumer<GenerationRequest.Builder> change, Answer answer) {
        String id = nextId();
        add(BadInput.of(what, id, wire(request(id, change)), answer));
    }

    private void good(String what, Consumer<GenerationRequest.Builder> change, Answer answer, Instant time) {
        String id = nextId();
        add(BadInput.of(what, id, wire(request(id, change)), answer).at(time.toEpochMilli()));
    }

    private String nextId() {
        return "bad-" + ++number;
    }

    private static GenerationRequest request(String id, Consumer<GenerationRequest.Builder> change) {
        var request = Client.greedy(id, "The old house", 3).setIgnoreEos(true);
        change.accept(request);
        return request.build();
    }

    private static Consumer<GenerationRequest.Builder> sampling(Consumer<Sampling.Builder> change) {
        return request -> {
            var sampling = Sampling.newBuilder();
            change.accept(sampling);
            request.setSampling(sampling.build());
        };
    }

    private byte[] wire(GenerationRequest request) {
        return requests.serializer().serialize(TOPIC, request);
    }

    private byte[] schema(String subject, String fields) throws IOException, RestClientException {
        int id = registry.register(subject + "-value", new AvroSchema("{\"type\": \"record\", "
                + "\"name\": \"GenerationRequest\", \"namespace\": \"dev.flover.schemas\", \"fields\": [" + fields
                + "]}"));
        return header(id);
    }

    private static byte[] header(byte[] like) {
        return Arrays.copyOf(like, HEADER);
    }

    private static byte[] header(int schema) {
        return ByteBuffer.allocate(HEADER).put((byte) 0).putInt(schema).array();
    }

    private static byte[] encoded(byte[] header, Writing writing) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(header);
        var encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
        try {
            writing.to(encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new AssertionError("memory can be written", e);
        }
        return bytes.toByteArray();
    }

    /// Returns 16 MB of random Chinese characters: even compressed, they are larger than the broker's limit for a
    /// record.
    private static String noise() {
        var text = new StringBuilder();
        new Random(7).ints(CHARACTERS_16_MB, 0x4E00, 0x9FA5).forEach(c -> text.append((char) c));
        return text.toString();
    }

    @Override
    public void close() throws IOException {
        requests.close();
        chunks.close();
        registry.close();
    }
}
