package dev.flover.topology.records;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/// Passes records of the requests topic on to another partition; [Homes] says why.
///
/// The records go over a topic of the application, so that other groups do not see them. In the receiving partition
/// they get offsets that are larger than any offset of the requests topic.
public final class Forwarding {
    private static final String VISITED = "flover.visited";
    private static final String ORIGIN = "flover.origin";
    private static final long FIRST_OFFSET = 1L << 62;

    private Forwarding() {}

    /// The place of a record on the requests topic.
    public record Origin(int partition, long offset) {}

    public static String topic(String applicationId) {
        return applicationId + "-forwarded";
    }

    /// The offset that a record of the forwarding topic gets in the receiving partition.
    ///
    /// @param forwarded the record's offset on the forwarding topic
    public static long offset(long forwarded) {
        return FIRST_OFFSET + forwarded;
    }

    public static boolean isForwarded(RequestRecord record) {
        return record.offset() >= FIRST_OFFSET;
    }

    /// The partitions that a record has passed through, because none of them knew its id; empty where it was not passed
    /// on.
    public static Set<Integer> visited(RequestRecord record) {
        return isForwarded(record)
                ? List.of(text(record.headers(), VISITED).split(",")).stream().map(Integer::valueOf)
                        .collect(Collectors.toCollection(LinkedHashSet::new))
                : Set.of();
    }

    public static Origin origin(RequestRecord record) {
        if (!isForwarded(record)) {
            return new Origin(record.partition(), record.offset());
        }
        String[] parts = text(record.headers(), ORIGIN).split(":");
        return new Origin(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
    }

    /// The headers with which a partition passes a record on: its own, the partitions that it has passed through, and
    /// its place on the requests topic.
    public static Headers headers(RequestRecord record) {
        var visited = new LinkedHashSet<>(visited(record));
        visited.add(record.partition());
        var origin = origin(record);
        var headers = new RecordHeaders(record.headers().toArray());
        set(headers, VISITED, visited.stream().map(String::valueOf).collect(Collectors.joining(",")));
        set(headers, ORIGIN, origin.partition() + ":" + origin.offset());
        return headers;
    }

    private static void set(Headers headers, String name, String value) {
        headers.remove(name);
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
