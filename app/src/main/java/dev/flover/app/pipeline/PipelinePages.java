package dev.flover.app.pipeline;

import dev.flover.app.settings.MetricNames;
import dev.flover.app.settings.SettingTable;
import dev.flover.topology.Health;
import dev.flover.topology.generation.GenerationList.Row;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/// The pages of a pipeline's listener, also while the pipeline starts.
final class PipelinePages implements MetricsServer.Pages {
    private final PipelineSettings settings;
    private final PrometheusMeterRegistry meters;
    private final Supplier<Health> health;
    private final Supplier<LocalPipeline> running;
    private final String device;
    private final long begun = System.currentTimeMillis();

    /// @param running the pipeline; null while it starts
    /// @param device  the device that computes, in words
    PipelinePages(PipelineSettings settings, PrometheusMeterRegistry meters, Supplier<Health> health,
            Supplier<LocalPipeline> running, String device) {
        this.settings = settings;
        this.meters = meters;
        this.health = health;
        this.running = running;
        this.device = device;
    }

    @Override
    public Health health() {
        return health.get();
    }

    @Override
    public String metrics() {
        String page = meters.scrape();
        return settings.settings().get(SettingTable.METRICS_NAMES) == MetricNames.VLLM
                ? VllmNames.addTo(page, settings.servedModel()) : page;
    }

    @Override
    public Object status() {
        var status = new LinkedHashMap<String, Object>();
        var now = health.get();
        status.put("state", now.state().name().toLowerCase(Locale.ROOT));
        status.put("detail", now.detail());
        status.put("application_id", settings.settings().get(SettingTable.APPLICATION_ID));
        status.put("model", settings.servedModel());
        status.put("device", device);
        status.put("up_seconds", (System.currentTimeMillis() - begun) / 1000);
        for (String counter : List.of("steps", "rows", "preemptions")) {
            status.put(counter, engineCounter("flover." + counter));
        }
        status.put("tokens", counter("flover.tokens"));
        status.put("resumed", counter("flover.generations.resumed"));
        status.put("ended", (long) meters.find("flover.requests.ended").counters().stream()
                .mapToDouble(each -> each.count()).sum());
        status.put("live", (long) gauge("flover.live"));
        status.put("waiting", (long) gauge("flover.waiting"));
        status.put("lag", (long) meters.find("flover.lag").gauges().stream().mapToDouble(Gauge::value).sum());
        status.put("backlog_tokens", Math.round(gauge("flover.backlog.tokens")));
        status.put("backlog_seconds", gauge("flover.backlog.seconds"));
        status.put("kv_blocks_used", (long) gauge("flover.blocks.used"));
        status.put("kv_blocks", (long) gauge("flover.blocks"));
        return status;
    }

    private long engineCounter(String name) {
        var counter = meters.find(name).functionCounter();
        return counter == null ? 0 : (long) counter.count();
    }

    private long counter(String name) {
        var counter = meters.find(name).counter();
        return counter == null ? 0 : (long) counter.count();
    }

    private double gauge(String name) {
        var gauge = meters.find(name).gauge();
        return gauge == null ? 0 : gauge.value();
    }

    @Override
    public Object generations() {
        var pipeline = running.get();
        return pipeline == null ? List.of() : pipeline.generations().stream().map(PipelinePages::row).toList();
    }

    private static Map<String, Object> row(Row generation) {
        var row = new LinkedHashMap<String, Object>();
        row.put("id", generation.id());
        row.put("tenant", generation.tenant());
        row.put("state", generation.state().name().toLowerCase(Locale.ROOT));
        row.put("partition", generation.partition());
        row.put("prompt_tokens", generation.promptTokens());
        row.put("tokens", generation.tokens());
        row.put("max_tokens", generation.maxTokens());
        row.put("read_at", generation.readAt());
        return row;
    }
}
