package dev.flover.app.pipeline;

import dev.flover.topology.Health;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// The figures of a pipeline, read from its meters, also while it starts. Any thread may ask.
public final class Figures {
    private final Names names;
    private final MeterRegistry meters;
    private final Supplier<Health> health;
    private final long begun = System.currentTimeMillis();

    /// The names of a pipeline.
    ///
    /// @param model  the name of the served model
    /// @param device the device that computes, in words
    public record Names(String applicationId, String model, String device) {}

    public Figures(Names names, MeterRegistry meters, Supplier<Health> health) {
        this.names = names;
        this.meters = meters;
        this.health = health;
    }

    Health health() {
        return health.get();
    }

    /// Returns the figures by name, in the order in which a reader wants them.
    Map<String, Object> values() {
        var status = new LinkedHashMap<String, Object>();
        var now = health.get();
        status.put("state", now.state().name().toLowerCase(Locale.ROOT));
        status.put("detail", now.detail());
        status.put("application_id", names.applicationId());
        status.put("model", names.model());
        status.put("device", names.device());
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

    /// Returns the time in seconds that the stream thread has spent, by part of its work.
    Map<String, Double> threadSeconds() {
        var seconds = new TreeMap<String, Double>();
        meters.find("flover.tick.seconds").functionCounters()
                .forEach(part -> seconds.put(part.getId().getTag("part"), part.count()));
        return seconds;
    }

    /// Returns the lag of each partition that this process reads, in records.
    Map<Integer, Long> lags() {
        var lags = new TreeMap<Integer, Long>();
        meters.find("flover.lag").gauges()
                .forEach(each -> lags.put(Integer.valueOf(each.getId().getTag("partition")), (long) each.value()));
        return lags;
    }
}
