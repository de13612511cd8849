package dev.flover.app.pipeline;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import java.util.List;
import java.util.stream.Stream;

/// Lets pass those metrics of Kafka's clients that are listed, and all metrics of others.
///
/// @param allowed names as they are published; a * at the end stands for any end
record KafkaMetrics(List<String> allowed) implements MeterFilter {
    private static final String OF_KAFKA = "kafka_";
    private static final String TOTAL = "_total";

    /// @param list names, separated by commas
    static KafkaMetrics of(String list) {
        return new KafkaMetrics(Stream.of(list.split(",")).map(String::strip).filter(name -> !name.isEmpty()).toList());
    }

    @Override
    public MeterFilterReply accept(Meter.Id id) {
        String name = id.getName().replace('.', '_').replace('-', '_');
        boolean published = !name.startsWith(OF_KAFKA) || allowed.stream().anyMatch(each -> fits(each, name));
        return published ? MeterFilterReply.NEUTRAL : MeterFilterReply.DENY;
    }

    private static boolean fits(String allowed, String name) {
        if (allowed.endsWith("*")) {
            return name.startsWith(allowed.substring(0, allowed.length() - 1));
        }
        return bare(allowed).equals(bare(name));
    }

    /// Removes the suffix that the published names of counters have.
    private static String bare(String name) {
        return name.endsWith(TOTAL) ? name.substring(0, name.length() - TOTAL.length()) : name;
    }
}
