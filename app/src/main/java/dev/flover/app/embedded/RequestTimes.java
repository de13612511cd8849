package dev.flover.app.embedded;

import java.util.List;
import java.util.Map;
import org.apache.kafka.server.metrics.KafkaMetricsGroup;

/// How the broker counts the times of its requests.
///
/// Left to itself it keeps them in samples that favour what is recent, each a sorted map that gets a node for every
/// request and loses another. Eight of them a request were a tenth of the broker's work, and the nodes, which grow old
/// before they go, most of what its collections had to copy. A histogram that is there already is taken as it is: these
/// are uniform samples, a number in an array.
final class RequestTimes {
    /// What a pipeline at work asks for again and again.
    private static final List<String> REQUESTS = List.of("Produce", "Fetch", "FetchConsumer", "AddPartitionsToTxn",
            "TxnOffsetCommit", "EndTxn", "WriteTxnMarkers", "OffsetFetch", "OffsetCommit", "ListOffsets", "Heartbeat",
            "ConsumerGroupHeartbeat", "BrokerHeartbeat", "Metadata");
    private static final List<String> TIMES = List.of("RequestQueueTimeMs", "LocalTimeMs", "RemoteTimeMs",
            "ThrottleTimeMs", "ResponseQueueTimeMs", "ResponseSendTimeMs", "TotalTimeMs", "RequestBytes",
            "MessageConversionsTimeMs", "TemporaryMemoryBytes");

    private RequestTimes() {}

    /// To be called before there is a server.
    static void countUniformly() {
        var group = new KafkaMetricsGroup("kafka.network", "RequestMetrics");
        for (var request : REQUESTS) {
            for (var time : TIMES) {
                group.newHistogram(time, false, Map.of("request", request));
            }
        }
    }
}
