package dev.flover.app.watch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.app.picture.Frame;
import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.picture.FrameBuilder;
import dev.flover.app.picture.FrameGenerationBuilder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The last minute of a running pipeline, collected from looks at it, as frames of the picture.
///
/// A generation that is listed no more has ended; it stays in the picture until the minute is over. The time axis ends
/// at the present, and begins a minute before.
final class TopBoard {
    static final long WINDOW_MS = 60_000;
    /// The most generations that are kept; the oldest ended ones are dropped first.
    private static final int MOST = 500;

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final List<Interval> intervals = new ArrayList<>();
    private @Nullable Look last;
    private long lastMs;
    private double tokensPerSecond;
    private double stepsPerSecond;
    private int numbers;

    private static final class Entry {
        int number;
        String title = "";
        String detail = "";
        int tokens;
        State state = State.WAITING;
        long sentMs;
        long firstMs;
        long endMs;
    }

    /// The rows in a step, on average, from one look to the next.
    private record Interval(long fromMs, long toMs, double rows) {}

    /// Takes in a look and the generations that were listed then.
    ///
    /// @param nowMs the wall clock, ms since 1970
    void take(Look look, JsonNode generations, long nowMs) {
        if (last != null) {
            tokensPerSecond = look.rateSince(last, "tokens");
            stepsPerSecond = look.rateSince(last, "steps");
            double rows = stepsPerSecond == 0 ? 0 : look.rateSince(last, "rows") / stepsPerSecond;
            intervals.add(new Interval(lastMs, nowMs, rows));
        }
        last = look;
        lastMs = nowMs;
        var listed = new HashSet<String>();
        for (var each : generations) {
            String key = each.path("partition").asInt() + "/" + each.path("id").asText();
            listed.add(key);
            update(entries.computeIfAbsent(key, unknown -> begin(each, nowMs)), each, nowMs);
        }
        entries.forEach((key, entry) -> {
            if (!listed.contains(key) && entry.state != State.DONE) {
                entry.state = State.DONE;
                entry.firstMs = entry.firstMs == 0 ? nowMs : entry.firstMs;
                entry.endMs = nowMs;
            }
        });
        forget(nowMs - WINDOW_MS);
    }

    private Entry begin(JsonNode generation, long nowMs) {
        var entry = new Entry();
        entry.number = ++numbers;
        entry.title = generation.path("id").asText();
        entry.sentMs = Math.min(nowMs, generation.path("read_at").asLong());
        return entry;
    }

    private static void update(Entry entry, JsonNode generation, long nowMs) {
        boolean live = generation.path("state").asText().equals("live");
        String tenant = generation.path("tenant").asText();
        entry.tokens = generation.path("tokens").asInt();
        entry.detail = "  " + (tenant.isEmpty() ? "" : tenant + ", ") + "prompt of "
                + generation.path("prompt_tokens").asInt()
                + (live ? ", at most " + generation.path("max_tokens").asInt() + " tokens" : "");
        if (!live) {
            entry.state = State.WAITING;
        } else if (entry.state != State.DECODING) {
            entry.state = State.DECODING;
            entry.firstMs = entry.firstMs == 0 ? nowMs : entry.firstMs;
        }
    }

    private void forget(long beforeMs) {
        entries.values().removeIf(entry -> entry.state == State.DONE && entry.endMs < beforeMs);
        intervals.removeIf(interval -> interval.toMs() < beforeMs);
        int surplus = entries.size() - MOST;
        for (var each = entries.values().iterator(); surplus > 0 && each.hasNext();) {
            if (each.next().state == State.DONE) {
                each.remove();
                surplus--;
            }
        }
    }

    /// @param notice the last line of the screen
    Frame frame(long nowMs, String notice) {
        long base = nowMs - WINDOW_MS;
        var generations = new ArrayList<Generation>();
        for (var entry : entries.values()) {
            generations.add(FrameGenerationBuilder.builder().number(entry.number).prompt(entry.title)
                    .text(entry.detail).tokens(entry.tokens).state(entry.state)
                    .sentMs(Math.max(0, entry.sentMs - base)).firstMs(Math.max(0, entry.firstMs - base))
                    .endMs(Math.max(0, entry.endMs - base)).build());
        }
        return FrameBuilder.builder().nowMs(WINDOW_MS).generations(generations).total(generations.size())
                .spanMs(WINDOW_MS).stepsPerSecond(stepsPerSecond).tokensPerSecond(tokensPerSecond)
                .rowsPerStep(intervals.isEmpty() ? 0 : intervals.getLast().rows()).overlap(overlap(base))
                .notice(notice).build();
    }

    private float[] overlap(long base) {
        var overlap = new float[(int) (WINDOW_MS / Frame.SAMPLE_MS)];
        for (var interval : intervals) {
            int from = (int) Math.max(0, (interval.fromMs() - base) / Frame.SAMPLE_MS);
            int to = (int) Math.min(overlap.length, (interval.toMs() - base) / Frame.SAMPLE_MS);
            for (int i = from; i < to; i++) {
                overlap[i] = (float) interval.rows();
            }
        }
        return overlap;
    }
}
