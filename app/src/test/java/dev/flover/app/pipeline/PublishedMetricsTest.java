package dev.flover.app.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineStatusBuilder;
import dev.flover.schemas.FinishReason;
import dev.flover.topology.metrics.PipelineMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/// The metrics as a scraper reads them.
class PublishedMetricsTest {
    private static final Path PAGE = Path.of("..", "docs", "operate", "watch.md");
    private static final Pattern NAME = Pattern.compile("(?m)^# TYPE (\\S+) ");
    private static final Pattern DESCRIBED = Pattern.compile("`(flover_[a-z_]+)(\\{[a-z,]+})?`");

    private final PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final PipelineMetrics metrics = new PipelineMetrics(meters, new None());

    private static final class None implements PipelineMetrics.Readings {
        @Override
        public long recordsToRestore() {
            return 0;
        }

        @Override
        public int generationsLeft() {
            return 0;
        }

        @Override
        public long transactionTimeMs() {
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

    @Test
    void theNamesThatAreScrapedAreThoseOfThePage() throws IOException {
        metrics.lags(Map.of(new TopicPartition("requests", 0), 3L));
        var scraped = NAME.matcher(meters.scrape()).results().map(name -> name.group(1))
                .filter(name -> !name.endsWith("_max")).collect(Collectors.toCollection(TreeSet::new));
        var described = DESCRIBED.matcher(Files.readString(PAGE)).results().map(name -> name.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(described).isEqualTo(scraped).hasSizeGreaterThan(30);
    }

    @Test
    void vllmsNamesHaveTheSameValuesAndTheModelsName() {
        metrics.sent(7);
        metrics.ended(FinishReason.STOP, "acme");
        metrics.firstTokenAfter(12);
        metrics.load(0, new PipelineMetrics.Load(EngineStatusBuilder.builder().blocks(10).blocksUsed(4).prefilled(30)
                .prefixHits(10).build(), 3, 2, 100, null));

        var lines = VllmNames.addTo(meters.scrape(), "a \"model\"").lines().toList();

        String label = "model_name=\"a \\\"model\\\"\"";
        assertThat(lines).contains("vllm:generation_tokens_total{" + label + "} 7.0",
                "vllm:num_requests_running{" + label + "} 3.0", "vllm:num_requests_waiting{" + label + "} 2.0",
                "vllm:kv_cache_usage_perc{" + label + "} 0.4", "vllm:prompt_tokens_total{" + label + "} 40.0",
                "vllm:prefix_cache_hits_total{" + label + "} 10.0",
                "vllm:request_success_total{finished_reason=\"stop\",tenant=\"acme\"," + label + "} 1.0",
                "vllm:time_to_first_token_seconds_count{" + label + "} 1",
                "vllm:time_to_first_token_seconds_bucket{le=\"0.015\"," + label + "} 1",
                "# TYPE vllm:time_to_first_token_seconds histogram", "flover_tokens_total 7.0");
        assertThat(lines).as("each name has one type")
                .filteredOn(line -> line.startsWith("# TYPE vllm:")).doesNotHaveDuplicates();
    }

    @Test
    void ofKafkasMetricsOnlyTheListedOnesArePublished() {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        meters.config().meterFilter(KafkaMetrics.of("kafka_producer_record_error_total, kafka_stream_*"));
        meters.counter("kafka.producer.record.error.total");
        meters.counter("kafka.producer.record.retry.total");
        meters.counter("kafka.stream.thread.commit");
        meters.counter("jvm.some");

        assertThat(NAME.matcher(meters.scrape()).results().map(name -> name.group(1)))
                .contains("kafka_producer_record_error_total", "kafka_stream_thread_commit_total", "jvm_some_total")
                .noneMatch(name -> name.contains("retry"));
    }
}
