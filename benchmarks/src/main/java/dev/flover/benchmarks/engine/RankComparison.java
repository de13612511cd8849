package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/// Compares the rates of one model on different numbers of ranks. All engines are loaded, and their runs alternate, so
/// that a change of the machine's speed changes all of them.
final class RankComparison implements AutoCloseable {
    private final List<RankedEngine> engines;
    private final int repeat;

    /// An engine, and the number of ranks that compute it.
    record RankedEngine(int ranks, Engine engine) {}

    /// The rates of one batch size; medians.
    ///
    /// @param ofFirst decode rate as a share of that on the first number of ranks: the median over all rounds
    record Rates(
            int ranks, int batch, @JsonProperty("decode_tokens_per_s") double decode,
            @JsonProperty("prefill_tokens_per_s") double prefill, @JsonProperty("of_first") double ofFirst) {
        String describe() {
            return String.format(Locale.ROOT, "batch %d, %d %s: %.1f tokens/s decode (%.3f), %.1f tokens/s prefill",
                    batch, ranks, ranks == 1 ? "rank" : "ranks", decode, ofFirst, prefill);
        }
    }

    /// The report of `bench engine --tp`.
    record Report(String model, String backend, String arithmetic, List<Rates> results) {}

    RankComparison(List<RankedEngine> engines, int repeat) {
        this.engines = List.copyOf(engines);
        this.repeat = repeat;
    }

    /// Measures one batch size.
    ///
    /// @param promptTokens length of a prompt
    /// @param run          runs a batch in an engine, with a seed
    List<Rates> measure(int batch, int promptTokens, BiFunction<Engine, Integer, EngineRun.Times> run) {
        var decode = new double[engines.size()][repeat];
        var prefill = new double[engines.size()][repeat];
        var shares = new double[engines.size()][repeat];
        for (int round = 0; round < repeat; round++) {
            for (int i = 0; i < engines.size(); i++) {
                var times = run.apply(engines.get(i).engine(), round + 1);
                decode[i][round] = times.decodeTokens() / times.decodeSeconds();
                prefill[i][round] = (double) batch * promptTokens / times.prefillSeconds();
                shares[i][round] = decode[i][round] / decode[0][round];
            }
        }
        var rates = new ArrayList<Rates>();
        for (int i = 0; i < engines.size(); i++) {
            rates.add(new Rates(engines.get(i).ranks(), batch, Spread.of(decode[i]).p50(), Spread.of(prefill[i]).p50(),
                    Spread.of(shares[i]).p50()));
        }
        return rates;
    }

    @Override
    public void close() {
        engines.forEach(each -> each.engine().close());
    }
}
