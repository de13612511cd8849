package dev.flover.embedded.broker;

import java.util.List;
import java.util.Map;
import org.apache.kafka.server.metrics.KafkaMetricsGroup;

/// Makes the broker count the times of its requests in cheaper histograms.
///
/// By default, Kafka uses samples that favour recent values, each a sorted map that gains and loses a node for every
/// request. Eight such updates per request took a tenth of the broker's CPU time, and the nodes, which live long before
/// they are removed, were most of the data that its garbage collections copied. Kafka uses a histogram that exists
/// already; the ones made here are uniform samples, which store a number in an array.
final class RequestTimes {
    /// The requests that a working pipeline sends continually.
    private static final List<String> REQUESTS = List.of("Produce", "Fetch", "FetchConsumer", "AddPartitionsToTxn",
            "TxnOffsetCommit", "EndTxn", "WriteTxnMarkers", "OffsetFetch", "OffsetCommit", "ListOffsets", "Heartbeat",
            "ConsumerGroupHeartbeat", "BrokerHeartbeat", "Metadata");
    private static final List<String> TIMES = List.of("RequestQueueTimeMs", "LocalTimeMs", "RemoteTimeMs",
            "ThrottleTimeMs", "ResponseQueueTimeMs", "ResponseSendTimeMs", "TotalTimeMs", "RequestBytes",
            "MessageConversionsTimeMs", "TemporaryMemoryBytes");

    private RequestTimes() {}

    /// Creates the histograms. Must be called before the server is created.
    static void countUniformly() {
        var group = new KafkaMetricsGroup("kafka.network", "RequestMetrics");
        for (var request : REQUESTS) {
            for (var time : TIMES) {
                group.newHistogram(time, false, Map.of("request", request));
            }
        }
    }
}
