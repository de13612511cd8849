package dev.flover.embedded.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.yammer.metrics.core.Histogram;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.network.metrics.RequestChannelMetrics;
import org.apache.kafka.network.metrics.RequestMetrics;
import org.apache.kafka.server.metrics.KafkaYammerMetrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares the histograms with the names that Kafka's own server asks for.
class RequestTimesTest {
    private RequestChannelMetrics server;

    @AfterEach
    void close() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "Produce", "Fetch", "FetchConsumer", "AddPartitionsToTxn", "TxnOffsetCommit", "EndTxn", "WriteTxnMarkers"
    })
    void theServerTakesTheHistogramsThatAreThere(String request) {
        RequestTimes.countUniformly();
        var there = histograms();
        server = new RequestChannelMetrics(ApiMessageType.ListenerType.BROKER);
        assertThat(there).containsAll(histogramsOf(server.apply(request)));
    }

    private static Set<Histogram> histograms() {
        var found = new HashSet<Histogram>();
        for (var metric : KafkaYammerMetrics.defaultRegistry().allMetrics().values()) {
            if (metric instanceof Histogram histogram) {
                found.add(histogram);
            }
        }
        return found;
    }

    private static List<Histogram> histogramsOf(RequestMetrics times) {
        var all = new ArrayList<Histogram>();
        all.add(times.requestQueueTimeHist);
        all.add(times.localTimeHist);
        all.add(times.remoteTimeHist);
        all.add(times.throttleTimeHist);
        all.add(times.responseQueueTimeHist);
        all.add(times.responseSendTimeHist);
        all.add(times.totalTimeHist);
        all.add(times.requestBytesHist);
        times.messageConversionsTimeHist.ifPresent(all::add);
        times.tempMemoryBytesHist.ifPresent(all::add);
        return all;
    }
}
