package dev.flover.client;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.Refused;
import dev.flover.schemas.TokenChunk;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.internals.AutoOffsetResetStrategy;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/// Chunks of one request, and the feed of an empty topic.
final class Chunks {
    static final String ID = "one";
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private Chunks() {}

    static TokenFeed feed() {
        var consumer = new MockConsumer<byte[], byte[]>(AutoOffsetResetStrategy.EARLIEST.name());
        var partition = new TopicPartition("tokens", 0);
        var node = new Node(0, "x", 1);
        consumer.updatePartitions("tokens", List.of(new PartitionInfo("tokens", 0, node, new Node[] {node},
                new Node[] {node})));
        consumer.updateBeginningOffsets(Map.of(partition, 0L));
        consumer.updateEndOffsets(Map.of(partition, 0L));
        return TokenFeed.start("tokens", consumer, new ChunkDecoder(Map.of()));
    }

    /// Makes a stream of a request at offset 7 of partition 0 that has not got a chunk yet.
    static AnswerStream stream(TokenFeed feed) {
        var live = feed.subscribe(ID, true);
        live.requested(new Place(0, 7));
        return new AnswerStream(live, feed, null, PATIENCE, 0, false);
    }

    /// Makes a chunk with tokens whose ids and texts are their positions.
    static TokenChunk chunk(int position, int tokens, FinishReason end) {
        var ids = IntStream.range(position, position + tokens).boxed().toList();
        var finish = end == null ? null : Finish.newBuilder().setReason(end)
                .setMessage(end == FinishReason.STOP ? "" : "because").build();
        return TokenChunk.newBuilder().setRequestId(ID).setPosition(position).setTokenIds(ids)
                .setText(String.join("", ids.stream().map(id -> id + " ").toList())).setFinish(finish)
                .setTerminal(end != null).build();
    }

    static TokenChunk refusal(long offset) {
        return TokenChunk.newBuilder().setRequestId(ID).setPosition(0).setTokenIds(List.of()).setText("")
                .setRefused(new Refused(0, offset, "the id was used")).build();
    }
}
