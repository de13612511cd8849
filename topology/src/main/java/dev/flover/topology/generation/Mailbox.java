package dev.flover.topology.generation;

import java.util.ArrayDeque;
import java.util.Queue;

/// The answers of one partition that have something to send. Whichever partition pumps the engine fills it; only its
/// own empties it.
final class Mailbox {
    private final Queue<LiveAnswer> answers = new ArrayDeque<>();

    void add(LiveAnswer answer) {
        answers.add(answer);
    }

    /// Null where nothing is left.
    LiveAnswer poll() {
        return answers.poll();
    }

    int size() {
        return answers.size();
    }
}
