package dev.flover.topology.generation;

import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfigBuilder;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.StoredSchema;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.models.Assignment;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.schemas.serdes.UndecodableRecordException;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.models.ModelView;
import dev.flover.topology.models.Registrations.Era;
import dev.flover.topology.models.Registrations;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.parking.CancelsAhead;
import dev.flover.topology.position.PartitionCounts;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.records.DeadLetter;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.records.Homes;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.request.Chat;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.Inquiries;
import dev.flover.topology.request.ReplyTopics;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.results.FlatRows;
import dev.flover.topology.state.Caution;
import dev.flover.topology.state.LeftToOthers;
import dev.flover.topology.state.StateKeys;
import dev.flover.topology.state.StoreNames;
import dev.flover.topology.streams.Commits;
import dev.flover.topology.streams.EarlySends;
import dev.flover.topology.streams.PartitionHolds;
import dev.flover.topology.streams.StepSignal;
import dev.flover.topology.waiting.SuspectTurn;
import dev.flover.topology.waiting.WaitingRoom;
import dev.flover.topology.weather.Standstill;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/// A simulated process of the application, without a broker: partitions, their stores and one engine, driven step by
/// step by a test.
///
/// Exactly-once delivery is simulated, too: stores, offsets and output become durable together at [#commit], and
/// [#crash] returns to the state of the last commit.
final class SimulatedProcess {
    private static final int WIRE_HEADER = 5;
    private static final String TOPIC_ID = "requests-topic";

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long PAUSE_NANOS = 20_000;

    final PipelineConfig config;
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Supplier<TokenEngine> engines;
    private final Chat chat;
    private final int slots;
    private final List<Partition> partitions;
    /// The committed output, by sink. Chunks and results that are written again are bytes.
    private final Map<String, List<Record<?, ?>>> committed = new TreeMap<>();
    boolean registryAnswers = true;
    /// The schemas under the registry's subjects.
    final Map<String, StoredSchema> subjects = new HashMap<>();
    int registryQuestions;
    /// Topics of other applications, with the largest record in bytes that each accepts.
    final Map<String, Integer> topics = new HashMap<>();
    private ForeignTopics foreign;
    /// The executor on which constraints are compiled.
    Executor compiling = Runnable::run;
    private final Set<Byte> seenSchemas = new HashSet<>();
    boolean resultsAreRead = true;
    /// Requests that another group has still to answer.
    final Set<Bytes> owed = new HashSet<>();
    long now = 1_000_000;
    /// The wall clock in ms, which advances with each tick and may be set by a test.
    long wall = now;
    int resultBytes = 1 << 20;
    Registrations registrations = Registrations.NONE;
    boolean modelsTopicAnswers = true;
    Caution caution = Caution.none();
    private ProcessLife life = new ProcessLife(UUID.randomUUID(), Optional.empty());
    PartitionCounts counts;
    RequestContract contract = RequestContract.ofThisRelease();
    final LeftToOthers left = new LeftToOthers();
    /// The meters, which are the same through all restarts, because a gauge holds a weak reference to the first object
    /// that registers it.
    final GenerationList list = new GenerationList(() -> TimeUnit.MILLISECONDS.toNanos(now));
    private final PipelineMetrics metrics = new PipelineMetrics(meters, new Readings());
    /// The schemas of records that are not written by this release's contract, by schema id.
    private final Map<Integer, Schema> foreignSchemas = new TreeMap<>();
    private ProcessParts parts;
    private ModelView view;
    TokenEngine engine;

    private final class Readings implements PipelineMetrics.Readings {
        @Override
        public int generationsLeft() {
            return left.count();
        }

        @Override
        public long transactionTimeMs() {
            return 0;
        }

        @Override
        public long recordsToRestore() {
            return 0;
        }

        @Override
        public double silentSeconds() {
            return 0;
        }

        @Override
        public long stalledPartitions() {
            return 0;
        }
    }

    private static final class Partition {
        final int number;
        final List<RequestRecord> log = new ArrayList<>();
        final List<RequestRecord> forwarded = new ArrayList<>();
        final Map<String, TreeMap<Bytes, byte[]>> durable = new TreeMap<>();
        final Map<String, KeyValueStore<Bytes, byte[]>> stores = new TreeMap<>();
        MockProcessorContext<byte[], Outgoing> context;
        GenerationProcessor processor;
        int read;
        int durablyRead;
        int readForwarded;
        int durablyReadForwarded;

        Partition(int number) {
            this.number = number;
        }
    }

    static {
        TrustedRecords.trust();
    }

    SimulatedProcess(PipelineConfig config, int partitions, int slots, Supplier<TokenEngine> engines) {
        this(config, partitions, slots, engines, null);
    }

    /// Starts a process.
    ///
    /// @param chat null where the model has no chat template
    SimulatedProcess(
            PipelineConfig config, int partitions, int slots, Supplier<TokenEngine> engines, Chat chat) {
        this.chat = chat;
        this.config = config;
        this.engines = engines;
        this.slots = slots;
        this.partitions = new ArrayList<>(IntStream.range(0, partitions).mapToObj(Partition::new).toList());
        counts = PartitionCounts.of(partitions);
        start();
    }

    static SimulatedProcess of(int partitions, int slots) {
        return new SimulatedProcess(config(), partitions, slots, () -> new ScriptedEngine(slots, "scripted"));
    }

    static PipelineConfig config() {
        return PipelineConfig.of("test", "nowhere:9092", "mock://test", Path.of("unused"), "scripted")
                .with(new Pace(Duration.ofMillis(1), Duration.ofMillis(50), Duration.ZERO));
    }

    static Model model() {
        var layer = new ModelConfig.LayerConfig(0, null);
        var config = ModelConfigBuilder.builder().architecture("scripted").hidden(1).heads(1).kvHeads(1)
                .headDim(1).feedForward(1).vocabulary(257).contextLength(4096).normKind(ModelConfig.NormKind.RMS)
                .normEpsilon(1e-5f).block(ModelConfig.Block.SEQUENTIAL).activation(ModelConfig.Activation.SILU)
                .embeddingScale(1).attentionScale(1).layers(List.of(layer)).build();
        return ModelBuilder.builder().path(Path.of("scripted")).config(config).fingerprint("model-fingerprint")
                .endOfText(TokenSet.of(ByteTokenizer.END_OF_TEXT)).tokenizer(new ByteTokenizer()).build();
    }

    void start() {
        engine = engines.get();
        var commits = new Commits(config, () -> TimeUnit.MILLISECONDS.toNanos(now));
        var turn = new SuspectTurn(1).of(0);
        var shared = new SharedEngine(engine, slots, new StepSignal(), commits::firstToken,
                () -> TimeUnit.MILLISECONDS.toNanos(now), turn);
        var room = new WaitingRoom(config.waiting(), config.sharing(), turn);
        var model = model();
        foreign = new ForeignTopics(config, new Inquiries<>(this::topic, Runnable::run, Duration.ofMillis(20)));
        parts = ProcessPartsBuilder.builder().number(0).config(config).model(model).engine(shared).room(room)
                .check(new RequestCheck(model, config.limits(), chat))
                .constraints(new Constraints(model.tokenizer(), tenant -> compiling)).mentions(mentions())
                .foreign(foreign)
                .replyTopics(new ReplyTopics(config.limits().mentions().replyTopics(), foreign)).commits(commits)
                .early(new EarlySends()).holds(new PartitionHolds()).caution(caution).life(life)
                .wall(() -> wall).contract(contract).left(left)
                .decoding(new RequestDecoding(config.topics().requests(),
                        new RequestDecoding.Readers(decoding(), decoding()), null, null, Runnable::run,
                        config.recovery().patience().unknownSchema())).models(models())
                .sightings(new IdSightings(metrics))
                .homes(Homes.of(counts, () -> wall, config.remembering().ended())).gaps(new UnreadGaps())
                .results(new SimulatedResults(
                        () -> records(PipelineTopology.RESULTS_SINK), this::answersSearches, owed::contains))
                .resultBytes(resultBytes).asWritten(request -> binary(request, request.getSchema()))
                .asResult(result -> binary(result, result.getSchema()))
                .rows(new FlatRows(config, (topic, row) -> binary(row, row.getSchema()), 100_000))
                .standstill(new Standstill()).cancels(new CancelsAhead(config)).list(list)
                .notes(new GenerationNotes()).metrics(metrics).build();
        partitions.forEach(this::open);
    }

    private RequestMentions mentions() {
        return new RequestMentions(config.limits().mentions(), foreign,
                new Inquiries<>(this::schema, Runnable::run, config.recovery().patience().unknownSchema()));
    }

    private Inquiries.Outcome<StoredSchema> schema(RequestMentions.Subject subject) {
        registryQuestions++;
        if (!registryAnswers) {
            throw new RegistryUnavailableException("the registry does not answer", null);
        }
        var found = subjects.get(subject.name() + (subject.version() == null ? "" : "/" + subject.version()));
        return found == null ? new Inquiries.Outcome.Missing<>("there is no " + subject)
                : new Inquiries.Outcome.Known<>(found);
    }

    private Inquiries.Outcome<ForeignTopics.Found> topic(String name) {
        var most = topics.get(name);
        return most == null ? new Inquiries.Outcome.Missing<>("'" + name + "' does not exist")
                : new Inquiries.Outcome.Known<>(new ForeignTopics.Found(most, 2));
    }

    /// The view of the models topic: this group is alone on the requests topic, unless a test registers others.
    private ModelView models() {
        view = new ModelView(config.applicationId(), TOPIC_ID, () -> TimeUnit.MILLISECONDS.toNanos(now));
        if (registrations.eras().isEmpty()) {
            register(config.applicationId(), config.servedModel());
        }
        view.publish(registrations, TimeUnit.MILLISECONDS.toNanos(now));
        return view;
    }

    /// Registers a group that answers requests for a model from now on.
    void register(String group, String model) {
        var names = new HashMap<String, String>();
        var groups = new ArrayList<String>();
        if (!registrations.eras().isEmpty()) {
            names.putAll(registrations.latest().owners());
            groups.addAll(registrations.latest().groups());
        }
        names.put(model, group);
        groups.add(group);
        var from = partitions.stream().map(partition -> (long) partition.log.size()).toList();
        var eras = new ArrayList<>(registrations.eras());
        eras.add(new Era(new Assignment(groups, names, groups.getFirst(), false), TOPIC_ID, from));
        registrations = new Registrations(eras, List.of(), Map.of());
    }

    /// Hands a model's name over: another group answers requests for it from now on.
    void handOver(String model, String group) {
        var latest = registrations.latest();
        var names = new HashMap<>(latest.owners());
        names.put(model, group);
        var from = partitions.stream().map(partition -> (long) partition.log.size()).toList();
        var eras = new ArrayList<>(registrations.eras());
        eras.add(new Era(new Assignment(latest.groups(), names, latest.defaultGroup(), false), TOPIC_ID, from));
        registrations = new Registrations(eras, List.of(), Map.of());
    }

    /// Writes a result as another group would.
    void writtenByOthers(GenerationResult result) {
        committed.computeIfAbsent(PipelineTopology.RESULTS_SINK, added -> new ArrayList<>()).add(new Record<>(
                result.getRequestId().getBytes(StandardCharsets.UTF_8), result, wall, new RecordHeaders()));
    }

    /// The test's wire format: a zero byte, a schema id of four bytes, and the plain record.
    private Deserializer<ReadRequest> decoding() {
        return (topic, bytes) -> {
            if (bytes.length < WIRE_HEADER || bytes[0] != 0) {
                throw new UndecodableRecordException("expected a GenerationRequest, found something else");
            }
            if (registryAnswers) {
                seenSchemas.add(bytes[4]);
            } else if (!seenSchemas.contains(bytes[4])) {
                throw new RegistryUnavailableException("the registry does not answer", null);
            }
            var schema = foreignSchemas.getOrDefault(
                    ByteBuffer.wrap(bytes).getInt(1), GenerationRequest.getClassSchema());
            try {
                return contract.read(new GenericDatumReader<GenericRecord>(schema).read(null, DecoderFactory.get()
                        .binaryDecoder(bytes, WIRE_HEADER, bytes.length - WIRE_HEADER, null)));
            } catch (IOException | AvroRuntimeException e) {
                throw new UndecodableRecordException(
                        "expected a GenerationRequest, found bytes that cannot be read as one", e);
            }
        };
    }

    private boolean answersSearches() {
        return resultsAreRead;
    }

    static byte[] binary(IndexedRecord record, Schema schema) {
        var bytes = new ByteArrayOutputStream();
        try {
            new SpecificDatumWriter<IndexedRecord>(schema)
                    .write(record, EncoderFactory.get().directBinaryEncoder(bytes, null));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /// Sends a record in a schema of its own, under its id as the key.
    void send(int partition, GenericRecord record) {
        int schemaId = 100 + foreignSchemas.size();
        foreignSchemas.put(schemaId, record.getSchema());
        byte[] plain = binary(record, record.getSchema());
        byte[] wire = ByteBuffer.allocate(plain.length + WIRE_HEADER).put((byte) 0).putInt(schemaId).put(plain).array();
        send(partition, record.get("id").toString().getBytes(StandardCharsets.UTF_8), wire, new RecordHeaders());
    }

    private void open(Partition partition) {
        partition.context = new MockProcessorContext<>(
                new Properties(), new TaskId(0, partition.number), new File("unused"));
        partition.context.setCurrentSystemTimeMs(now);
        partition.context.setCurrentStreamTimeMs(now);
        for (String name : StoreNames.ALL) {
            var store = Stores.inMemoryKeyValueStore(name).get();
            store.init(partition.context.getStateStoreContext(), store);
            partition.durable.getOrDefault(name, new TreeMap<>()).forEach(store::put);
            partition.stores.put(name, store);
            partition.context.addStateStore(store);
        }
        if (partition.processor == null) {
            partition.processor = new GenerationProcessor(List.of(parts));
        }
        partition.processor.init(partition.context);
        partition.read = partition.durablyRead;
        partition.readForwarded = partition.durablyReadForwarded;
    }

    /// Closes a partition's task and initialises the same processor again, as Streams does after a corruption.
    void reopen(int partition) {
        partitions.get(partition).processor.close();
        open(partitions.get(partition));
    }

    /// An operator sets the group's offset back to the beginning of a partition, while the process is down.
    void readAgain(int partition) {
        partitions.get(partition).durablyRead = 0;
        crash();
    }

    /// Loses all of a partition's state except its read position.
    void loseStateButPosition(int partition) {
        var durable = partitions.get(partition).durable;
        var position = durable.get(StoreNames.ATTEMPTS).get(StateKeys.position());
        durable.clear();
        durable.put(StoreNames.ATTEMPTS, new TreeMap<>(Map.of(StateKeys.position(), position)));
    }

    /// Loses the records of a partition's log, as a broker may.
    void replaceLog(int partition) {
        partitions.get(partition).log.clear();
    }

    /// Ends the process at once; everything that was not committed is lost. The next process has another name.
    void crash() {
        life = new ProcessLife(UUID.randomUUID(), Optional.empty());
        endLife();
    }

    /// Ends Kafka Streams in the process, which begins another life from the committed state.
    void endLife() {
        for (var partition : partitions) {
            partition.processor = null;
        }
        start();
    }

    void commit() {
        for (var partition : partitions) {
            partition.stores.forEach((name, store) -> {
                var content = new TreeMap<Bytes, byte[]>();
                try (var all = store.all()) {
                    all.forEachRemaining(entry -> content.put(entry.key, entry.value));
                }
                partition.durable.put(name, content);
            });
            partition.durablyRead = partition.read;
            partition.durablyReadForwarded = partition.readForwarded;
            partition.context.forwarded().forEach(forward -> written(forward.childName().orElseThrow(),
                    forward.record()));
            partition.context.resetForwards();
            partition.context.resetCommit();
        }
        parts.commits().committed();
    }

    private void written(String sink, Record<?, ?> record) {
        Object value = switch ((Outgoing) record.value()) {
            case Outgoing.Chunk(TokenChunk chunk) -> chunk;
            case Outgoing.Result(GenerationResult result) -> result;
            case Outgoing.ResultAgain(byte[] bytes) -> bytes;
            case Outgoing.Forgotten forgotten -> null;
            case Outgoing.FlatRow row -> row;
            case Outgoing.DeadLetter(byte[] bytes) -> bytes;
            case Outgoing.Addressed named -> named;
            case Outgoing.PassedOn passed -> passed;
        };
        if (value instanceof Outgoing.PassedOn(int to, byte[] bytes)) {
            var log = partitions.get(to).forwarded;
            log.add(new RequestRecord(config.topics().requests(), to, Forwarding.offset(log.size()),
                    record.timestamp(), record.headers(), (byte[]) record.key(), bytes));
        } else {
            committed.computeIfAbsent(sink, added -> new ArrayList<>()).add(record.withValue(value));
        }
    }

    /// An operator adds partitions to the requests topic while the process is down.
    void grow(int partitionCount) {
        for (int number = partitions.size(); number < partitionCount; number++) {
            partitions.add(new Partition(number));
        }
        counts = counts.with(new PartitionCounts.Count(partitionCount, wall));
        crash();
    }

    /// Stops the process in good order: it ticks once more, commits, and ends. The next process has another name.
    void stop() {
        life.ends();
        tick();
        commit();
        crash();
    }

    /// One pass of the stream thread: new records, then every partition's punctuator.
    void tick() {
        now++;
        wall++;
        if (modelsTopicAnswers) {
            view.publish(registrations, TimeUnit.MILLISECONDS.toNanos(now));
        }
        for (var partition : partitions) {
            partition.context.setCurrentSystemTimeMs(now);
            while (partition.read < partition.log.size() && !isHeld(partition.number)) {
                process(partition, partition.log.get(partition.read++), 0);
            }
            while (partition.readForwarded < partition.forwarded.size()) {
                process(partition, partition.forwarded.get(partition.readForwarded++), Forwarding.offset(0));
            }
        }
        for (var partition : partitions) {
            partition.context.scheduledPunctuators().forEach(captured -> captured.getPunctuator().punctuate(now));
        }
    }

    private void process(Partition partition, RequestRecord record, long firstOffset) {
        var topic = firstOffset == 0 ? record.topic() : Forwarding.topic(config.applicationId());
        partition.context.setRecordMetadata(topic, record.partition(), record.offset() - firstOffset);
        partition.processor.process(
                new Record<>(record.key(), record.value(), record.timestamp(), record.headers()));
    }

    /// Whether a partition has asked for a commit since the last one.
    boolean asksForCommit() {
        return partitions.stream().anyMatch(partition -> partition.context.committed());
    }

    void ticks(int count) {
        for (int i = 0; i < count; i++) {
            tick();
        }
    }

    /// Ticks and commits until a condition holds that an engine's own thread brings about; fails after a minute.
    void runUntil(BooleanSupplier holds) {
        long begin = System.nanoTime();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new AssertionError("not within " + PATIENCE);
            }
            tick();
            commit();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /// Runs until a number of a request's chunks are committed, or the request has ended.
    void runUntilChunks(String id, int count) {
        runUntil(() -> chunks(id).size() >= count || !results(id).isEmpty());
    }

    /// Ticks and commits until nothing is left to do.
    void settle() {
        for (int i = 0; i < 20; i++) {
            ticks(200);
            commit();
        }
    }

    boolean isHeld(int partition) {
        return parts.holds().isHeld(new TopicPartition(config.topics().requests(), partition));
    }

    int waiting() {
        return parts.room().size();
    }

    int stored(int partition, String store) {
        try (var all = partitions.get(partition).stores.get(store).all()) {
            int count = 0;
            while (all.hasNext()) {
                count += StateKeys.isSchema(all.next().key) ? 0 : 1;
            }
            return count;
        }
    }

    void send(int partition, GenerationRequest request) {
        send(partition, request.getId().getBytes(StandardCharsets.UTF_8), onTheWire(request), new RecordHeaders());
    }

    void send(int partition, byte[] key, byte[] value, Headers headers) {
        var log = partitions.get(partition).log;
        log.add(new RequestRecord(config.topics().requests(), partition, log.size(), wall, headers, key, value));
    }

    void cancel(int partition, String id) {
        send(partition, id.getBytes(StandardCharsets.UTF_8), null, new RecordHeaders());
    }

    static byte[] onTheWire(GenerationRequest request) {
        byte[] plain = binary(request, request.getSchema());
        return ByteBuffer.allocate(plain.length + WIRE_HEADER).put((byte) 0).putInt(7).put(plain).array();
    }

    static GenerationRequest.Builder request(String id, String prompt) {
        return GenerationRequest.newBuilder().setId(id).setPrompt(prompt).setSampling(Sampling.newBuilder().build());
    }

    List<TokenChunk> chunks(String id) {
        return values(PipelineTopology.TOKENS_SINK, TokenChunk.class).stream()
                .filter(chunk -> chunk.getRequestId().equals(id)).toList();
    }

    List<GenerationResult> results(String id) {
        return values(PipelineTopology.RESULTS_SINK, GenerationResult.class).stream()
                .filter(result -> result.getRequestId().equals(id)).toList();
    }

    /// The one result of a request.
    GenerationResult result(String id) {
        var results = results(id);
        if (results.size() != 1) {
            throw new AssertionError("expected one result of " + id + ", found " + results);
        }
        return results.getFirst();
    }

    /// The text of an answer, joined from its chunks.
    String text(String id, int answer) {
        var text = new StringBuilder();
        chunks(id).stream().filter(chunk -> chunk.getAnswer() == answer).forEach(chunk -> text.append(chunk.getText()));
        return text.toString();
    }

    List<Record<?, ?>> records(String sink) {
        return committed.getOrDefault(sink, List.of());
    }

    List<String> deadLetterReasons() {
        return records(PipelineTopology.DEAD_LETTERS_SINK).stream()
                .map(record -> record.headers().lastHeader(DeadLetter.REASON).value())
                .map(reason -> new String(reason, StandardCharsets.UTF_8))
                .toList();
    }

    double count(String meter, String... tags) {
        return meters.get(meter).tags(tags).counter().count();
    }

    private <T> List<T> values(String sink, Class<T> type) {
        return records(sink).stream().map(Record::value).filter(type::isInstance).map(type::cast).toList();
    }
}
