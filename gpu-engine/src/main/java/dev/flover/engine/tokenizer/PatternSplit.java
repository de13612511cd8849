package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.pattern.SplitPattern;

/// Splits a text at the matches of a pattern.
///
/// @param delimiter how a match is treated
/// @param inverted  whether the text between matches is treated as the matches, and the other way round
record PatternSplit(SplitPattern pattern, Delimiter delimiter, boolean inverted) implements PreTokenizer {
    enum Delimiter {
        REMOVED,
        ISOLATED,
        MERGED_WITH_PREVIOUS,
        MERGED_WITH_NEXT,
        CONTIGUOUS
    }

    static PatternSplit isolating(String pattern) {
        return new PatternSplit(SplitPattern.compile(pattern), Delimiter.ISOLATED, false);
    }

    @Override
    public void split(String text, boolean opensInput, PieceSink out) {
        var cutter = new Cutter(text, opensInput, out);
        var matcher = pattern.matcher(text);
        int at = 0;
        int from = 0;
        while (from <= text.length() && matcher.find(from)) {
            cutter.span(at, matcher.start(), inverted);
            cutter.span(matcher.start(), matcher.end(), !inverted);
            at = matcher.end();
            from = matcher.end() > matcher.start() ? at : afterEmptyMatch(text, at);
        }
        cutter.span(at, text.length(), inverted);
        cutter.flush();
    }

    private static int afterEmptyMatch(String text, int at) {
        return at < text.length() ? at + Character.charCount(text.codePointAt(at)) : at + 1;
    }

    /// Joins spans to pieces. At most one span is held back until the next one shows whether they join.
    private final class Cutter {
        private final String text;
        private final boolean opensInput;
        private final PieceSink out;
        private int waitingStart = -1;
        private int waitingEnd;
        private boolean waitingMatches;

        Cutter(String text, boolean opensInput, PieceSink out) {
            this.text = text;
            this.opensInput = opensInput;
            this.out = out;
        }

        void span(int start, int end, boolean matches) {
            if (start == end) {
                return;
            }
            switch (delimiter) {
                case REMOVED -> {
                    if (!matches) {
                        piece(start, end);
                    }
                }
                case ISOLATED -> piece(start, end);
                case MERGED_WITH_PREVIOUS ->
                    joinTo(waitingStart >= 0 && matches && !waitingMatches, start, end, matches);
                case MERGED_WITH_NEXT -> joinTo(waitingStart >= 0 && !matches && waitingMatches, start, end, matches);
                case CONTIGUOUS -> joinTo(waitingStart >= 0 && matches == waitingMatches, start, end, matches);
            }
        }

        private void joinTo(boolean waiting, int start, int end, boolean matches) {
            if (!waiting) {
                flush();
                waitingStart = start;
            }
            waitingEnd = end;
            waitingMatches = matches;
        }

        void flush() {
            if (waitingStart >= 0) {
                piece(waitingStart, waitingEnd);
                waitingStart = -1;
            }
        }

        private void piece(int start, int end) {
            out.accept(text.substring(start, end), opensInput && start == 0);
        }
    }
}
