package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The figures of one batch size: rates are medians of all runs, the other figures come from the decode phase of the
/// last run.
///
/// @param steps      number of steps in which all sequences were generating
/// @param scheduleUs median time to commit a step and to plan the next, in µs, on the engine's own thread while another
///                   step is computed
/// @param outsideUs  time of a step outside the backend's operations, in µs: scheduling, handing over and reporting; on
///                   a device, its idle time
/// @param device     times by the device's own clock; null on a host
/// @param floor      the least time that a step could take on this machine
/// @param ofUnconstrained tokens per second as a share of those of equally many sequences without a constraint, run
///                        alternately with them; the median; null if no sequence is constrained
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record BatchResult(
        int batch,
        @JsonProperty("decode_tokens_per_s") double decodeTokensPerSecond,
        @JsonProperty("prefill_tokens_per_s") double prefillTokensPerSecond,
        @JsonProperty("step_ms") double stepMs,
        @JsonProperty("steps") long steps,
        @JsonProperty("allocated_bytes_per_step") double allocatedBytesPerStep,
        @JsonProperty("collections") long collections,
        @JsonProperty("collection_ms") long collectionMs,
        @JsonProperty("schedule_us") double scheduleUs,
        @JsonProperty("outside_us") double outsideUs,
        @Nullable DeviceTimes device,
        Floor floor,
        List<OperationShare> operations,
        @JsonProperty("of_unconstrained") @Nullable Double ofUnconstrained) {

    static BatchResult of(
            int batch, double decode, double prefill, EngineRun.Times times, @Nullable DeviceTimes device, Floor floor,
            List<OperationShare> operations, @Nullable Double ofUnconstrained) {
        var usage = times.decodeUsage();
        double stepUs = times.decodeSeconds() * 1e6 / times.fullSteps();
        double inside = operations.stream().mapToDouble(OperationShare::microseconds).sum();
        return BatchResultBuilder.builder().batch(batch).decodeTokensPerSecond(decode)
                .prefillTokensPerSecond(prefill).stepMs(stepUs / 1e3).steps(times.fullSteps())
                .allocatedBytesPerStep((double) usage.allocatedBytes() / times.fullSteps())
                .collections(usage.collections()).collectionMs(usage.collectionMs())
                .scheduleUs(times.schedulingMicros()).outsideUs(device == null ? stepUs - inside : device.idle())
                .device(device).floor(floor).operations(operations).ofUnconstrained(ofUnconstrained).build();
    }
}
