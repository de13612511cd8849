package dev.flover.app.demo;

import dev.flover.app.demo.Frame.Generation;
import dev.flover.app.demo.Frame.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Where senders and readers note what happened, and views look. Safe to share between threads.
final class Scoreboard {
    /// Time between two samples of the engine's counters.
    static final int SAMPLE_MS = 100;

    private static final int SAMPLES_A_SECOND = 1000 / SAMPLE_MS;

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
        State state;
        long sentMs;
        long firstMs;
        long endMs;
    }

    private record Sample(long nowMs, long steps, long rows, long tokens) {}

    /// @param spanMs how long it is expected to take
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

    /// Some tokens of an answer were read.
    ///
    /// @param position of the first of them
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

    /// Notes the engine's counters; called every [#SAMPLE_MS].
    ///
    /// @param steps  ended since the pipeline began
    /// @param rows   computed in them
    synchronized void sample(long steps, long rows, long nowMs) {
        samples.add(new Sample(nowMs, steps, rows, tokens));
    }

    synchronized void notice(String text) {
        notice = text;
    }

    synchronized boolean allDone() {
        return Arrays.stream(entries).allMatch(entry -> entry.state == State.DONE);
    }

    /// The tokens of every answer, by number.
    synchronized List<List<Integer>> answers() {
        return Arrays.stream(entries).map(entry -> List.copyOf(entry.tokens)).toList();
    }

    /// Chunks that did not begin where the answer stood: something was lost or came twice.
    synchronized int misplaced() {
        return misplaced;
    }

    /// Steps and rows from the first sample to the last.
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
                generations.add(new Generation(line.number(), line.prompt(), entry.text.toString(),
                        entry.tokens.size(), entry.state, entry.sentMs, entry.firstMs, entry.endMs));
            }
        }
        int last = samples.size() - 1;
        var now = last < 0 ? new Sample(0, 0, 0, 0) : samples.get(last);
        var before = last < 0 ? now : samples.get(Math.max(0, last - SAMPLES_A_SECOND));
        double seconds = Math.max(1, now.nowMs - before.nowMs) / 1e3;
        return new Frame(nowMs, generations, script.size(), spanMs,
                (now.steps - before.steps) / seconds, (now.tokens - before.tokens) / seconds,
                ratio(now.rows - before.rows, now.steps - before.steps), overlap(), notice);
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
