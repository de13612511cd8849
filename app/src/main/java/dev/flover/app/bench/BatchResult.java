package dev.flover.app.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// One batch size: medians of the rates; the rest is of the last run's decode.
///
/// @param steps      those in which all sequences were generating
/// @param scheduleUs median, to commit a step and to plan one, on the engine's own thread; another step is computed
///                   meanwhile
/// @param outsideUs  of a step, in no verb of the backend: scheduling, handing over, reporting; a device's idle time
/// @param device     on a device's own clock; null on a host
/// @param floor      what a step could take at least
/// @param ofUnconstrained tokens a second over those of as many sequences without a constraint, run in turn with them:
///                   the median; null where none is constrained
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
        DeviceTimes device,
        Floor floor,
        List<OperationShare> operations,
        @JsonProperty("of_unconstrained") Double ofUnconstrained) {

    static BatchResult of(
            int batch, double decode, double prefill, EngineRun.Times times, DeviceTimes device, Floor floor,
            List<OperationShare> operations, Double ofUnconstrained) {
        var usage = times.decodeUsage();
        double stepUs = times.decodeSeconds() * 1e6 / times.fullSteps();
        double inside = operations.stream().mapToDouble(OperationShare::microseconds).sum();
        return new BatchResult(batch, decode, prefill, stepUs / 1e3, times.fullSteps(),
                (double) usage.allocatedBytes() / times.fullSteps(), usage.collections(), usage.collectionMs(),
                times.schedulingMicros(),
                device == null ? stepUs - inside : device.idle(), device, floor, operations,
                ofUnconstrained);
    }
}
