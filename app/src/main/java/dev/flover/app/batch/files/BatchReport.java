package dev.flover.app.batch.files;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.terminal.ProgressLine;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Shows how far a job is, and its summary at the end.
public final class BatchReport implements AutoCloseable {
    private static final double TOKENS_A_PRICE = 1e6;

    private final BatchInput input;
    private final ProgressLine line;
    private final Prices prices;
    private final long startNanos = System.nanoTime();
    private final Tally before;

    /// Prices of a million tokens; null for unknown ones.
    public record Prices(@Nullable Double in, @Nullable Double out) {
        static final Prices UNKNOWN = new Prices(null, null);

        /// Returns the cost of a job; null if no price is known.
        @Nullable Double cost(Tally tally) {
            if (in == null && out == null) {
                return null;
            }
            return ((in == null ? 0 : in) * tally.tokensIn() + (out == null ? 0 : out) * tally.tokensOut())
                    / TOKENS_A_PRICE;
        }
    }

    /// @param before what the job had done before this run of the command
    public BatchReport(PrintWriter err, BatchInput input, Prices prices, Tally before) {
        this.input = input;
        this.prices = prices;
        this.before = before;
        line = new ProgressLine(err, "batch", Math.toIntExact(input.lines()));
    }

    public void show(Tally tally, int live) {
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        double lines = tally.written() - before.written();
        String left = lines == 0 ? "" : ", " + words(Math.round(
                (input.lines() - tally.written()) * seconds / lines)) + " left";
        line.show(Math.toIntExact(tally.written()), String.format(Locale.ROOT,
                "%d failed, %d live, %.1f lines/s, %.0f tokens/s%s", tally.failed(), live, lines / seconds,
                (tally.tokensOut() - before.tokensOut()) / seconds, left));
    }

    private static String words(long seconds) {
        var time = Duration.ofSeconds(seconds);
        return time.toHours() > 0 ? time.toHours() + "h " + time.toMinutesPart() + "m"
                : time.toMinutes() > 0 ? time.toMinutesPart() + "m " + time.toSecondsPart() + "s" : seconds + "s";
    }

    /// @param finished whether all lines are done
    public String summary(Tally tally, boolean finished) {
        double seconds = tally.runMs() / 1e3;
        Double cost = prices.cost(tally);
        return String.format(Locale.ROOT, "%s %s: %d of %d lines answered, %d failed; tokens: %d in (%d cached), "
                        + "%d out; %.1f s, %.1f tokens/s%s", input.job(), finished ? "is done" : "is not done",
                tally.answered(), input.lines(), tally.failed(), tally.tokensIn(), tally.tokensCached(),
                tally.tokensOut(), seconds, tally.tokensOut() / Math.max(seconds, 1e-3),
                cost == null ? "" : String.format(Locale.ROOT, "; cost %.4f", cost));
    }

    public ObjectNode json(Tally tally, boolean finished, JobFiles files) {
        double seconds = tally.runMs() / 1e3;
        var object = JsonNodeFactory.instance.objectNode().put("job", input.job()).put("finished", finished)
                .put("lines", input.lines()).put("answered", tally.answered()).put("failed", tally.failed())
                .put("cached", tally.cached()).put("tokens_in", tally.tokensIn())
                .put("tokens_in_cached", tally.tokensCached()).put("tokens_out", tally.tokensOut())
                .put("seconds", seconds).put("tokens_per_second", tally.tokensOut() / Math.max(seconds, 1e-3))
                .put("out", files.answers().toString()).put("errors", files.errors().toString());
        Double cost = prices.cost(tally);
        return cost == null ? object : object.put("cost", cost);
    }

    /// Removes the line of progress from a terminal.
    public void clear() {
        line.close();
    }

    @Override
    public void close() {
        clear();
    }
}
