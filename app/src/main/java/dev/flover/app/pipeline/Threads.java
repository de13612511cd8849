package dev.flover.app.pipeline;

import java.util.Comparator;
import java.util.Map;

/// The stacks of all platform threads of this process, as text.
final class Threads {
    private Threads() {}

    static String stacks() {
        var text = new StringBuilder();
        Thread.getAllStackTraces().entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getKey().getName()))
                .forEach(entry -> append(text, entry));
        return text.toString();
    }

    private static void append(StringBuilder text, Map.Entry<Thread, StackTraceElement[]> entry) {
        var thread = entry.getKey();
        text.append(thread.getName()).append("  ").append(thread.getState())
                .append(thread.isDaemon() ? "  daemon\n" : "\n");
        for (var frame : entry.getValue()) {
            text.append("    at ").append(frame).append('\n');
        }
        text.append('\n');
    }
}
