package dev.flover.benchmarks.engine;

/// The operations of a step, with their names in the report.
enum Operation {
    BEGIN("slot edits"), EMBED("embed"), NORMALISE("normalise"), QUERY_KEY_VALUE("project to heads"),
    APPEND("rotate, append"), ATTENTION("attention"), JOIN("project to hidden"), FEED_FORWARD("project to inner"),
    ACTIVATE("activate"), VOCABULARY("project to logits"), SAMPLE("sample"), OTHER("other");

    final String label;

    Operation(String label) {
        this.label = label;
    }

    boolean isProduct() {
        return switch (this) {
            case QUERY_KEY_VALUE, JOIN, FEED_FORWARD, VOCABULARY -> true;
            case BEGIN, EMBED, NORMALISE, APPEND, ATTENTION, ACTIVATE, SAMPLE, OTHER -> false;
        };
    }
}
