package dev.flover.topology.generation;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.OtherAnswer;
import dev.flover.schemas.Refused;
import dev.flover.schemas.StoredReply;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.ToolCall;
import dev.flover.topology.records.BoundedRecords;
import dev.flover.topology.records.DeadLetter;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.records.ReturnedHeaders.Event;
import dev.flover.topology.records.ReturnedHeaders;
import dev.flover.topology.request.RequestTools;
import dev.flover.topology.results.FlatRows;
import dev.flover.topology.results.SaidAgain;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.streams.OtherTopics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/// Writes the records that clients read: token chunks, results and dead letters, and answers as records.
final class Output {
    static final String SOURCE_TOPIC = "flover.source.topic";
    static final String SOURCE_PARTITION = "flover.source.partition";
    static final String SOURCE_OFFSET = "flover.source.offset";
    /// Header of an answer's record: the index of the answer in its request.
    static final String ANSWER = "flover.answer";

    /// The most logprobs of prompt tokens in one record: with 20 alternatives each they take less than a tenth of a
    /// broker's default limit.
    private static final int MAX_PROMPT_LOGPROBS = 256;

    private static final int MAX_BYTES_PER_ID = 5;
    private static final int MAX_BYTES_PER_CHAR = 3;

    private final ProcessorContext<byte[], Outgoing> context;
    private final ProcessParts parts;
    private final Replies replies;

    Output(ProcessorContext<byte[], Outgoing> context, ProcessParts parts) {
        this.context = context;
        this.parts = parts;
        replies = new Replies(context, parts);
    }

    Replies replies() {
        return replies;
    }

    /// Writes the tokens and text of an answer that have become final.
    ///
    /// @param fresh    may be empty where the answer ends
    /// @param terminal whether this is the request's last chunk
    void chunk(LiveAnswer answer, LiveAnswer.Fresh fresh, boolean terminal) {
        var generation = answer.generation();
        var request = generation.stored.getRequest();
        var finish = answer.isEnded() ? finish(answer) : null;
        Map<String, String> metadata = terminal ? request.getMetadata() : Map.of();
        int sent = leadingPromptLogprobs(answer, fresh);
        var ofPrompt = fresh.promptLogprobs().subList(sent, fresh.promptLogprobs().size());
        var chunk = new TokenChunk(request.getId(), answer.index(), fresh.position(), fresh.ids(), fresh.text(),
                fresh.logprobs(), finish, terminal, metadata, ofPrompt.isEmpty() ? null : ofPrompt,
                ofPrompt.isEmpty() ? 0 : 1 + sent, generation.stored.getRepeat(), false, null);
        forward(generation.id, new Outgoing.Chunk(chunk), ReturnedHeaders.of(generation.stored),
                event(answer, fresh.position()));
        parts.metrics().sent(fresh.ids().size());
    }

    /// Writes prompt logprobs that do not fit in the next chunk in chunks of their own. Returns how many were written.
    private int leadingPromptLogprobs(LiveAnswer answer, LiveAnswer.Fresh fresh) {
        var generation = answer.generation();
        int first = 0;
        for (; fresh.promptLogprobs().size() - first > MAX_PROMPT_LOGPROBS; first += MAX_PROMPT_LOGPROBS) {
            var part = List.copyOf(fresh.promptLogprobs().subList(first, first + MAX_PROMPT_LOGPROBS));
            var chunk = new TokenChunk(generation.stored.getRequest().getId(), answer.index(), fresh.position(),
                    List.of(), "", generation.wantsLogprobs() ? List.of() : null, null, false, Map.of(), part,
                    1 + first, generation.stored.getRepeat(), false, null);
            forward(generation.id, new Outgoing.Chunk(chunk), ReturnedHeaders.of(generation.stored),
                    event(answer, fresh.position()).with("prompt/" + first));
        }
        return first;
    }

    private static Event event(LiveAnswer answer, int position) {
        var stored = answer.generation().stored;
        var event = Event.chunk(stored.getRequest().getId(), answer.index(), position);
        return stored.getRepeat() ? event.repeated(stored.getArrival()) : event;
    }

    private Finish finish(LiveAnswer answer) {
        var ending = answer.ending();
        return new Finish(ending.reason(), ending.message(), ending.stop(), answer.generation().promptIds.length,
                answer.sent(), parts.model().fingerprint(), answer.arithmetic(), calls(answer), ending.rejection());
    }

    private List<ToolCall> calls(LiveAnswer answer) {
        return parts.check().calls(answer.generation().stored.getRequest(), answer.index(), answer.ids());
    }

    /// Writes the result of a request: all its answers in one record.
    ///
    /// @param content the digest by which equal requests find the answer; null where they may not get it
    /// @return timestamp of the record in ms
    long result(LiveGeneration generation, @Nullable ByteBuffer content) {
        var result = resultOf(generation);
        var request = generation.stored.getRequest();
        var forOthers = isWhole(generation) && isForOthers(generation) ? content : null;
        var headers = ReturnedHeaders.of(generation.stored);
        replies.send(generation, result, headers);
        rows(parts.rows().of(result, request));
        return forward(generation.id, new Outgoing.Result(result), headers, Event.result(result.getRequestId()),
                forOthers == null ? null : forOthers.array());
    }

    private boolean isWhole(LiveGeneration generation) {
        return resultBytes(generation) <= parts.resultBytes();
    }

    /// The result of a request whose answers have ended.
    GenerationResult resultOf(LiveGeneration generation) {
        var request = generation.stored.getRequest();
        boolean whole = isWhole(generation);
        var first = generation.answers[0];
        var others = new ArrayList<OtherAnswer>();
        int completion = first.sent();
        for (int i = 1; i < generation.answers.length; i++) {
            var answer = generation.answers[i];
            completion += answer.sent();
            others.add(new OtherAnswer(i, whole ? answer.text() : "", whole ? answer.sentIds() : List.of(),
                    answer.ending().reason(), answer.ending().message(), answer.ending().stop(),
                    answer.arithmetic(), whole ? calls(answer) : List.of()));
        }
        return new GenerationResult(request.getId(), request.getTenant(), request.getConversation(),
                whole ? first.text() : "", whole ? first.sentIds() : List.of(), first.ending().reason(),
                whole ? first.ending().message() : tooLarge(first), generation.promptIds.length, completion,
                parts.model().fingerprint(), first.arithmetic(),
                Instant.ofEpochMilli(generation.stored.getRequestedAt()), now(), others,
                request.getMetadata(), first.ending().stop(), false,
                whole ? calls(first) : List.of(), first.ending().rejection());
    }

    /// Whether the answers may be given to equal requests: each has come to its own end, computed by the present
    /// arithmetic alone.
    private boolean isForOthers(LiveGeneration generation) {
        for (var answer : generation.answers) {
            var reason = answer.ending().reason();
            if (reason != FinishReason.STOP && reason != FinishReason.LENGTH
                    || !answer.arithmetic().equals(parts.engine().arithmetic())) {
                return false;
            }
        }
        return true;
    }

    /// Writes the answer of an ended request again: the result byte for byte, and its content as chunks. All records
    /// have the headers of the request that was sent again.
    ///
    /// @param asked the request that was sent again
    /// @return timestamp of the result's record in ms
    long repeat(Bytes id, StoredResult found, StoredRequest asked) {
        var returned = ReturnedHeaders.of(asked);
        new SaidAgain(found.result()).chunks(true, false).forEach(chunk -> chunk(id, chunk, returned,
                event(chunk).repeated(asked.getArrival())));
        replies.send(id, asked.getReply(), found.bytes(), returned, Event.result(asked.getRequest().getId()));
        var content = found.headers().lastHeader(StoredResult.CONTENT);
        return forward(id, new Outgoing.ResultAgain(found.bytes()), returned,
                Event.result(asked.getRequest().getId()), content == null ? null : content.value());
    }

    /// Writes the answer to an equal request as a request's own.
    ///
    /// @return timestamp of the result's record in ms
    long cached(Bytes id, StoredRequest stored, GenerationResult equal) {
        var request = stored.getRequest();
        var result = GenerationResult.newBuilder(equal).setRequestId(request.getId()).setTenant(request.getTenant())
                .setConversation(request.getConversation()).setMetadata(request.getMetadata())
                .setRequestedAt(Instant.ofEpochMilli(stored.getRequestedAt()))
                .setFinishedAt(now()).setCached(true)
                .setToolCalls(RequestTools.renamed(equal.getToolCalls(), request.getId(), 0))
                .setOtherAnswers(equal.getOtherAnswers().stream().map(other -> OtherAnswer.newBuilder(other)
                        .setToolCalls(RequestTools.renamed(other.getToolCalls(), request.getId(), other.getAnswer()))
                        .build()).toList())
                .build();
        var returned = ReturnedHeaders.of(stored);
        new SaidAgain(result).chunks(false, true).forEach(chunk -> chunk(id, chunk, returned, event(chunk)));
        parts.metrics().ended(result.getFinishReason(), request.getTenant());
        replies.send(id, stored.getReply(), parts.asResult().apply(result), returned,
                Event.result(request.getId()));
        rows(parts.rows().of(result, request));
        return forward(id, new Outgoing.Result(result), returned, Event.result(request.getId()));
    }

    private static Event event(TokenChunk chunk) {
        return Event.chunk(chunk.getRequestId(), chunk.getAnswer(), chunk.getPosition());
    }

    private void chunk(Bytes id, TokenChunk chunk, ReturnedHeaders returned, Event event) {
        forward(id, new Outgoing.Chunk(chunk), returned, event);
        parts.metrics().sent(chunk.getTokenIds().size());
    }

    /// Tells readers of the results topic that the result under an id is erased.
    void forget(Bytes id) {
        forward(id.get(), new Outgoing.Forgotten(), parts.wall().getAsLong(), new RecordHeaders());
        rows(parts.rows().erased(text(id)));
    }

    /// Writes records of the topic of flat results.
    private void rows(List<FlatRows.Row> rows) {
        for (var row : rows) {
            forward(row.key(), new Outgoing.FlatRow(row.value()), parts.wall().getAsLong(), new RecordHeaders());
        }
    }

    /// Tells the sender of another request under a used id that it is refused. The first request is not touched.
    void refused(Arrival arrival, String reason) {
        var record = arrival.record();
        var refused = RefusedRecord.of(arrival, null, parts);
        String place = "refused/" + record.partition() + "/" + record.offset();
        var chunk = new TokenChunk(text(arrival.id()), 0, 0, List.of(), "", null, null, false, Map.of(), null, 0, false,
                false, new Refused(record.partition(), record.offset(), reason));
        forward(arrival.id(), new Outgoing.Chunk(chunk), refused.returned(), event(chunk).with(place));
        if (arrival.reply() != null) {
            var rejection = rejection(arrival.id(), refused, Ending.rejected(RequestFault.invalid(null, reason)));
            replies.send(arrival.id(), arrival.reply(), parts.asResult().apply(rejection), refused.returned(),
                    Event.result(rejection.getRequestId()).with(place));
        }
        parts.metrics().conflict();
        deadLetter(record, reason);
    }

    private static String text(Bytes id) {
        return new String(id.get(), StandardCharsets.UTF_8);
    }

    private String tooLarge(LiveAnswer answer) {
        return (answer.ending().message() + " The answer is too large for one record; its chunks are on "
                + parts.config().topics().tokens()).strip();
    }

    /// An upper bound of the encoded size of a generation's answers, in bytes.
    private static long resultBytes(LiveGeneration generation) {
        long bytes = 0;
        for (var answer : generation.answers) {
            int texts = generation.stored.getRequest().getTools().isEmpty() ? 1 : 2;    // calls repeat text
            bytes += (long) answer.sent() * MAX_BYTES_PER_ID
                    + (long) texts * answer.text().length() * MAX_BYTES_PER_CHAR;
        }
        for (var entry : generation.stored.getRequest().getMetadata().entrySet()) {
            bytes += (long) (entry.getKey().length() + entry.getValue().length()) * MAX_BYTES_PER_CHAR;
        }
        return bytes;
    }

    /// Writes the terminal record and the result of a request that is refused.
    ///
    /// @param request null where the record was not decoded, or its content does not count
    /// @param repeat  whether the refusal was written before
    /// @return timestamp of the result's record in ms
    long refuse(Arrival arrival, @Nullable GenerationRequest request, Ending ending, boolean repeat) {
        return refuse(arrival.id(), RefusedRecord.of(arrival, request, parts), ending, repeat);
    }

    /// Writes the terminal record and the result of a request that had ended and cannot be computed again.
    ///
    /// @return timestamp of the result's record in ms
    long reject(Bytes id, StoredRequest stored, Ending ending) {
        return refuse(id, new RefusedRecord(stored.getRequest(), ReturnedHeaders.of(stored), stored.getReply(),
                stored.getRequestedAt(), stored.getArrival()), ending, true);
    }

    /// The record of a request that is refused.
    ///
    /// @param request null where the record was not decoded, or its content does not count
    /// @param reply   null where the request names no reply topic
    /// @param at      its timestamp in ms
    private record RefusedRecord(
            @Nullable GenerationRequest request, ReturnedHeaders returned, @Nullable StoredReply reply, long at,
            long offset) {
        static RefusedRecord of(Arrival arrival, @Nullable GenerationRequest request, ProcessParts parts) {
            var record = arrival.record();
            return new RefusedRecord(request, parts.returned().of(record.headers()), arrival.reply(),
                    record.timestamp(), record.offset());
        }
    }

    private long refuse(Bytes id, RefusedRecord refused, Ending ending, boolean repeat) {
        var finish = new Finish(ending.reason(), ending.message(), null, 0, 0, parts.model().fingerprint(),
                parts.engine().arithmetic(), List.of(), ending.rejection());
        var result = rejection(id, refused, ending);
        var chunk = new TokenChunk(result.getRequestId(), 0, 0, List.of(), "", null, finish, true,
                result.getMetadata(), null, 0, repeat, false, null);
        forward(id, new Outgoing.Chunk(chunk), refused.returned(),
                repeat ? event(chunk).repeated(refused.offset()) : event(chunk));
        parts.metrics().sent(0);
        parts.metrics().ended(ending.reason(), result.getTenant());
        if (refused.reply() != null) {
            replies.send(id, refused.reply(), parts.asResult().apply(result), refused.returned(),
                    Event.result(result.getRequestId()));
        }
        rows(parts.rows().of(result, refused.request()));
        return forward(id, new Outgoing.Result(result), refused.returned(), Event.result(result.getRequestId()));
    }

    private GenerationResult rejection(Bytes id, RefusedRecord refused, Ending ending) {
        var request = refused.request();
        return new GenerationResult(text(id), request == null ? "" : request.getTenant(),
                request == null ? null : request.getConversation(), "", List.of(), ending.reason(), ending.message(), 0,
                0, parts.model().fingerprint(), parts.engine().arithmetic(), Instant.ofEpochMilli(refused.at()), now(),
                List.of(), request == null ? Map.of() : request.getMetadata(), null, false, List.of(),
                ending.rejection());
    }

    /// Passes a record on to another partition of the requests topic.
    void passOn(RequestRecord record, int to) {
        forward(record.key(), new Outgoing.PassedOn(to, record.value()), record.timestamp(),
                Forwarding.headers(record));
        parts.metrics().passedOn();
    }

    /// Writes a record that cannot become a request to the dead-letter topic, unchanged, with the reason in its
    /// headers.
    void deadLetter(RequestRecord record, String reason) {
        var headers = new RecordHeaders();
        int size = 0;
        for (var header : record.headers()) {
            size += BoundedRecords.sizeOf(header);
            if (size <= BoundedRecords.MAX_HEADER_BYTES && !header.key().equals(BoundedRecords.CUT_DIGEST)) {
                headers.add(header);
            }
        }
        header(headers, SOURCE_TOPIC, record.topic());
        header(headers, SOURCE_PARTITION, Integer.toString(record.partition()));
        header(headers, SOURCE_OFFSET, Long.toString(record.offset()));
        deadLetter(record.key(), record.value(), headers, reason);
    }

    /// Writes the request of a generation that was given up to the dead-letter topic. The record is the request's own
    /// event, so that its headers come back unchanged.
    void deadLetter(LiveGeneration generation, String reason) {
        var headers = ReturnedHeaders.of(generation.stored).asWritten();
        header(headers, SOURCE_OFFSET, Long.toString(generation.stored.getArrival()));
        deadLetter(generation.id.get(), parts.asWritten().apply(generation.stored.getRequest()), headers, reason);
    }

    /// Writes a finished answer as a record to the topic that its request names.
    void record(LiveAnswer answer, String topic, byte[] record, int partition) {
        long at = parts.wall().getAsLong();
        forward(answer.generation().id.get(), new Outgoing.Addressed(topic, record), at,
                recordHeaders(answer, partition, at).add(OtherTopics.MARK, new byte[0]));
    }

    /// Writes a finished answer as a record to the dead-letter topic, because the topic that its request names does not
    /// accept it.
    void recordAside(LiveAnswer answer, String topic, byte[] record, int partition, String reason) {
        write(DeadLetter.meantFor(topic, answer.generation().id.get(), record,
                recordHeaders(answer, partition, parts.wall().getAsLong()), reason));
    }

    /// The headers by which the record of an answer names its request.
    private Headers recordHeaders(LiveAnswer answer, int partition, long at) {
        var stored = answer.generation().stored;
        var headers = ReturnedHeaders.of(stored).on(Event.answer(stored.getRequest().getId(), answer.index()),
                parts.config().topics().requests(), at);
        header(headers, SOURCE_TOPIC, parts.config().topics().requests());
        header(headers, SOURCE_PARTITION, Integer.toString(partition));
        header(headers, SOURCE_OFFSET, Long.toString(stored.getArrival()));
        header(headers, ANSWER, Integer.toString(answer.index()));
        return headers;
    }

    private void deadLetter(byte @Nullable [] key, byte @Nullable [] value, Headers headers, String reason) {
        write(DeadLetter.of(key, value, headers, reason));
    }

    private void write(DeadLetter letter) {
        forward(letter.key(), new Outgoing.DeadLetter(letter.value()), parts.wall().getAsLong(), letter.headers());
        parts.metrics().deadLetter();
    }

    private Instant now() {
        return Instant.ofEpochMilli(parts.wall().getAsLong());
    }

    /// Writes a record of an answer to the sink of its value, with the present wall-clock time.
    ///
    /// @return the record's timestamp in ms
    private long forward(Bytes id, Outgoing value, ReturnedHeaders returned, Event event) {
        return forward(id, value, returned, event, null);
    }

    /// @param content the digest by which equal requests find the answer; null where they may not get it
    private long forward(Bytes id, Outgoing value, ReturnedHeaders returned, Event event, byte @Nullable [] content) {
        long timestamp = parts.wall().getAsLong();
        var headers = returned.on(event, parts.config().topics().requests(), timestamp);
        if (content != null) {
            headers.add(StoredResult.CONTENT, content);
        }
        forward(id.get(), value, timestamp, headers);
        return timestamp;
    }

    private void forward(byte @Nullable [] key, Outgoing value, long timestamp, Headers headers) {
        context.forward(new Record<>(key, value, timestamp, headers), value.sink());
    }

    private static void header(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
