package dev.flover.topology.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineStatusBuilder;
import dev.flover.topology.metrics.PipelineMetrics.Load;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class PipelineMetricsTest {
    @Test
    void aLeakOfTheEngineIsAGauge() {
        var meters = new SimpleMeterRegistry();
        var metrics = new PipelineMetrics(meters, null);
        var leaks = meters.get("flover.engine.leaks").gauge();
        var status = EngineStatusBuilder.builder().build();

        assertThat(leaks.value()).as("before the engine runs").isZero();
        metrics.load(new Load(status, 0, 0, 0, null));
        assertThat(leaks.value()).isZero();
        metrics.load(new Load(status, 0, 0, 0, "the engine was idle and still held 1 KV blocks"));
        assertThat(leaks.value()).isEqualTo(1);
    }
}
