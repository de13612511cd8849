package dev.flover.topology.generation;

import java.util.ArrayDeque;
import java.util.Queue;

/// A queue of the answers of one partition that have tokens to send. The partition that pumps the engine fills the
/// mailboxes of all partitions; each partition empties its own.
final class Mailbox {
    private final Queue<LiveAnswer> answers = new ArrayDeque<>();

    void add(LiveAnswer answer) {
        answers.add(answer);
    }

    /// Takes the next answer; null where the queue is empty.
    LiveAnswer poll() {
        return answers.poll();
    }

    int size() {
        return answers.size();
    }
}
