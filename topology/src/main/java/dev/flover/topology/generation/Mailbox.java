package dev.flover.topology.generation;

import java.util.ArrayDeque;
import java.util.Queue;

/// The answers of one partition that have tokens to send. The partition that pumps the engine fills the mailboxes of
/// all; each partition empties its own.
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
