package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The figures of one operation.
///
/// @param microseconds     time in a step, in µs
/// @param share            share of the step's time
/// @param gflops           multiplications and additions, in 10^9 per second
/// @param gbytesPerSecond  rate of the memory that the operation must at least read or write, in 10^9 bytes per second
/// @param ofArithmetic     share of the machine's highest rate for that type of number
/// @param ofMemory         share of the machine's highest rate for reading; above 1 if caches hold the data
record OperationShare(
        String operation,
        @JsonProperty("us") double microseconds,
        double share,
        double gflops,
        @JsonProperty("gbytes_per_s") double gbytesPerSecond,
        @JsonProperty("of_arithmetic") double ofArithmetic,
        @JsonProperty("of_memory") double ofMemory) {

    /// @param stepUs   measured time of a step, in µs
    /// @param numbers  of products
    static List<OperationShare> of(TimedBackend timed, double stepUs, Machine machine, Machine.Numbers numbers) {
        var shares = new ArrayList<OperationShare>();
        double all = timed.isDevice()
                ? timed.costs().values().stream().mapToDouble(cost -> cost.nanos).sum() : 1e3 * stepUs * timed.steps();
        timed.costs().forEach((operation, cost) -> {
            if (cost.calls > 0) {
                double ceiling = machine.ceiling(operation, numbers);
                double gflops = cost.operations / cost.nanos;
                double gbytes = cost.bytes / cost.nanos;
                shares.add(new OperationShare(operation.label, cost.nanos / 1e3 / timed.steps(),
                        cost.nanos / all, gflops, gbytes,
                        ceiling == 0 ? 0 : gflops / ceiling,
                        machine.readGbytesPerSecond() == 0 ? 0 : gbytes / machine.readGbytesPerSecond()));
            }
        });
        return List.copyOf(shares);
    }

    String describe() {
        return String.format(Locale.ROOT,
                "%-18s %9.1f us %5.1f %% %8.1f GFLOP/s (%3.0f %% of arithmetic) %6.1f GB/s (%3.0f %% of reading)",
                operation, microseconds, 100 * share, gflops, 100 * ofArithmetic, gbytesPerSecond, 100 * ofMemory);
    }
}
