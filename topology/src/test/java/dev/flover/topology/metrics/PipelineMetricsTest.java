package dev.flover.topology.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineStatusBuilder;
import dev.flover.schemas.FinishReason;
import dev.flover.topology.metrics.PipelineMetrics.Load;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PipelineMetricsTest {
    @Test
    void endedRequestsAreCountedByReasonAndByABoundedNumberOfTenants() {
        var meters = new SimpleMeterRegistry();
        var metrics = new PipelineMetrics(meters, null);
        for (int i = 0; i < 500; i++) {
            metrics.ended(FinishReason.STOP, "tenant-" + i % 250);
        }
        metrics.ended(FinishReason.LENGTH, "");
        metrics.ended(FinishReason.LENGTH, "x".repeat(1000));

        var all = meters.get("flover.requests.ended").counters();
        assertThat(all.stream().mapToDouble(Counter::count).sum()).isEqualTo(502);
        assertThat(all.stream().map(counter -> counter.getId().getTag("tenant")).distinct())
                .hasSizeLessThanOrEqualTo(51).contains("", "tenant-0", "(others)")
                .allSatisfy(tenant -> assertThat(tenant).hasSizeLessThan(65));
        assertThat(meters.get("flover.requests.ended").tags("tenant", "tenant-1", "reason", "stop").counter().count())
                .isEqualTo(2);
    }

    @Test
    void bucketsTellApartStepsOfAMillisecond() {
        var meters = new SimpleMeterRegistry();
        var metrics = new PipelineMetrics(meters, null);
        metrics.tokensAfter(1, 1);
        metrics.tokensAfter(1, 2);
        metrics.tokensAfter(1, 3);

        var buckets = meters.get("flover.between.tokens").timer().takeSnapshot().histogramCounts();
        assertThat(buckets).hasSizeLessThan(40);
        assertThat(Arrays.stream(buckets).map(CountAtBucket::count)).contains(1.0, 2.0, 3.0);
    }

    @Test
    void theTimeOfATickIsCountedByItsParts() {
        var meters = new SimpleMeterRegistry();
        var metrics = new PipelineMetrics(meters, null);
        metrics.spent(TickPart.COMMIT, 1_500_000_000);

        assertThat(meters.get("flover.tick.seconds").tag("part", "commit").functionCounter().count()).isEqualTo(1.5);
        assertThat(meters.get("flover.tick.seconds").functionCounters()).hasSize(TickPart.values().length);
    }

    @Test
    void aLeakOfTheEngineIsAGauge() {
        var meters = new SimpleMeterRegistry();
        var metrics = new PipelineMetrics(meters, null);
        var leaks = meters.get("flover.engine.leaks").gauge();
        var status = EngineStatusBuilder.builder().build();

        assertThat(leaks.value()).as("before the engine runs").isZero();
        metrics.load(0, new Load(status, 0, 0, 0, null));
        assertThat(leaks.value()).isZero();
        metrics.load(0, new Load(status, 0, 0, 0, "the engine was idle and still held 1 KV blocks"));
        assertThat(leaks.value()).isEqualTo(1);
    }
}
