package dev.flover.app.demo;

import dev.flover.app.picture.Frame;
import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.picture.FrameBuilder;
import dev.flover.app.picture.FrameGenerationBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The progress of an act: senders and readers record events in it, and views read it. Thread-safe.
final class Scoreboard {
    private static final int SAMPLES_A_SECOND = 1000 / Frame.SAMPLE_MS;

    private final Script script;
    private final long spanMs;
    private final Entry[] entries;
    private final List<Sample> samples = new ArrayList<>();
    private String notice = "";
    private long tokens;
    private int misplaced;

    private static final class Entry {
        final StringBuilder text = new StringBuilder();
        final List<Integer> tokens = new ArrayList<>();
        @Nullable State state;
        long sentMs;
        long firstMs;
        long endMs;
    }

    private record Sample(long nowMs, long steps, long rows, long tokens) {}

    /// @param spanMs expected duration of the act in ms
    Scoreboard(Script script, long spanMs) {
        this.script = script;
        this.spanMs = spanMs;
        this.entries = new Entry[script.size()];
        Arrays.setAll(entries, i -> new Entry());
    }

    synchronized void sent(int number, long nowMs) {
        Entry entry = entries[number - 1];
        entry.state = State.WAITING;
        entry.sentMs = nowMs;
    }

    /// Records that tokens of an answer were read.
    ///
    /// @param position the position of the first of these tokens in the answer
    synchronized void read(
            int number, int position, List<Integer> newTokens, String text, boolean last, long nowMs) {
        Entry entry = entries[number - 1];
        if (position != entry.tokens.size()) {
            misplaced++;
        }
        if (entry.state == State.WAITING && !newTokens.isEmpty()) {
            entry.state = State.DECODING;
            entry.firstMs = nowMs;
        }
        entry.tokens.addAll(newTokens);
        tokens += newTokens.size();
        entry.text.append(text);
        if (last) {
            entry.state = State.DONE;
            entry.endMs = nowMs;
        }
    }

    /// Records the engine's counters; called every [Frame#SAMPLE_MS] ms.
    ///
    /// @param steps steps that have ended since the pipeline started
    /// @param rows  rows computed in those steps
    synchronized void sample(long steps, long rows, long nowMs) {
        samples.add(new Sample(nowMs, steps, rows, tokens));
    }

    synchronized void notice(String text) {
        notice = text;
    }

    synchronized boolean allDone() {
        return Arrays.stream(entries).allMatch(entry -> entry.state == State.DONE);
    }

    /// Returns the token ids of every answer, in the order of the requests' numbers.
    synchronized List<List<Integer>> answers() {
        return Arrays.stream(entries).map(entry -> List.copyOf(entry.tokens)).toList();
    }

    /// Returns the number of chunks that did not start at the next position of their answer: a chunk was lost or
    /// repeated.
    synchronized int misplaced() {
        return misplaced;
    }

    /// Returns the number of steps between the first sample and the last.
    synchronized long steps() {
        return samples.isEmpty() ? 0 : samples.getLast().steps - samples.getFirst().steps;
    }

    synchronized long rows() {
        return samples.isEmpty() ? 0 : samples.getLast().rows - samples.getFirst().rows;
    }

    synchronized Frame frame(long nowMs) {
        var generations = new ArrayList<Generation>();
        for (var line : script.lines()) {
            Entry entry = entries[line.number() - 1];
            if (entry.state != null) {
                generations.add(FrameGenerationBuilder.builder().number(line.number()).prompt(line.prompt())
                        .text(entry.text.toString()).tokens(entry.tokens.size()).state(entry.state)
                        .sentMs(entry.sentMs).firstMs(entry.firstMs).endMs(entry.endMs).build());
            }
        }
        int last = samples.size() - 1;
        var now = last < 0 ? new Sample(0, 0, 0, 0) : samples.get(last);
        var before = last < 0 ? now : samples.get(Math.max(0, last - SAMPLES_A_SECOND));
        double seconds = Math.max(1, now.nowMs - before.nowMs) / 1e3;
        return FrameBuilder.builder().nowMs(nowMs).generations(generations).total(script.size()).spanMs(spanMs)
                .stepsPerSecond((now.steps - before.steps) / seconds)
                .tokensPerSecond((now.tokens - before.tokens) / seconds)
                .rowsPerStep(ratio(now.rows - before.rows, now.steps - before.steps)).overlap(overlap())
                .notice(notice).build();
    }

    private float[] overlap() {
        var overlap = new float[Math.max(0, samples.size() - 1)];
        for (int i = 0; i < overlap.length; i++) {
            var from = samples.get(i);
            var to = samples.get(i + 1);
            overlap[i] = (float) ratio(to.rows - from.rows, to.steps - from.steps);
        }
        return overlap;
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
