package dev.flover.engine.tokenizer.pattern;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A compiled regular expression that finds the words of a text. It replaces `java.util.regex`, which recurses for each
/// repetition and can take exponential time, because texts are untrusted.
///
/// A pattern is a small program for a backtracking machine (Thompson 1968, as told by Cox 2009). Open choices are on an
/// explicit stack, and a run of characters from one set is a single choice, however long it is. Steps are counted: the
/// patterns of published tokenizers take a few for each character, and a text that exceeds the limit is refused.
///
/// Immutable; [#matcher] returns the state of one search.
public final class SplitPattern {
    private static final int MAX_PROGRAM = 20_000;
    private static final long BASE_STEPS = 50_000_000;
    private static final long STEPS_PER_CHARACTER = 200;
    private static final int MAX_CHOICES = 1 << 24;

    private enum Operation {
        ONE,
        RUN,
        CHOICE,
        JUMP,
        LOOK_AHEAD,
        PLACE,
        MATCH
    }

    /// @param set        ONE and RUN: the accepted characters; null in other operations
    /// @param first      CHOICE: the address to try first; JUMP: the target; LOOK_AHEAD: the address behind it; RUN:
    ///                   the fewest characters
    /// @param second     CHOICE: the address to try second; RUN: the most characters
    /// @param flag       RUN: possessive; LOOK_AHEAD: negative
    /// @param place      PLACE: the place; null in other operations
    private record Instruction(
            Operation operation, @Nullable CodePointSet set, int first, int second, boolean flag,
            PatternNode.@Nullable Place place) {
        static Instruction of(Operation operation, int first, int second) {
            return new Instruction(operation, null, first, second, false, null);
        }
    }

    private final Instruction[] program;

    private SplitPattern(Instruction[] program) {
        this.program = program;
    }

    /// @throws IllegalArgumentException if the pattern uses unsupported syntax
    public static SplitPattern compile(String pattern) {
        var program = new ArrayList<Instruction>();
        emit(PatternParser.parse(pattern), program);
        program.add(Instruction.of(Operation.MATCH, 0, 0));
        return new SplitPattern(program.toArray(new Instruction[0]));
    }

    /// A pattern that finds exactly this text.
    public static SplitPattern literal(String text) {
        var program = new ArrayList<Instruction>();
        text.codePoints().forEach(c -> program.add(one(CodePointSet.only(c))));
        program.add(Instruction.of(Operation.MATCH, 0, 0));
        return new SplitPattern(program.toArray(new Instruction[0]));
    }

    private static Instruction one(CodePointSet set) {
        return new Instruction(Operation.ONE, set, 0, 0, false, null);
    }

    private static void emit(PatternNode node, List<Instruction> program) {
        if (program.size() > MAX_PROGRAM) {
            throw new IllegalArgumentException("the pattern is too large once its counts are unrolled");
        }
        switch (node) {
            case PatternNode.One(CodePointSet set) -> program.add(one(set));
            case PatternNode.Run(CodePointSet set, int min, int max, boolean possessive) ->
                program.add(new Instruction(Operation.RUN, set, min, max, possessive, null));
            case PatternNode.InOrder(List<PatternNode> parts) -> parts.forEach(part -> emit(part, program));
            case PatternNode.Either(List<PatternNode> choices) -> emitEither(choices, program);
            case PatternNode.Repeated repeated -> emitRepeated(repeated, program);
            case PatternNode.LookAhead(PatternNode body, boolean negative) -> {
                int at = program.size();
                program.add(null);
                emit(body, program);
                program.add(Instruction.of(Operation.MATCH, 0, 0));
                program.set(at, new Instruction(Operation.LOOK_AHEAD, null, program.size(), 0, negative, null));
            }
            case PatternNode.At(PatternNode.Place place) ->
                program.add(new Instruction(Operation.PLACE, null, 0, 0, false, place));
        }
    }

    private static void emitEither(List<PatternNode> choices, List<Instruction> program) {
        var jumps = new ArrayList<Integer>();
        for (int i = 0; i < choices.size() - 1; i++) {
            int choice = program.size();
            program.add(null);
            emit(choices.get(i), program);
            jumps.add(program.size());
            program.add(null);
            program.set(choice, Instruction.of(Operation.CHOICE, choice + 1, program.size()));
        }
        emit(choices.getLast(), program);
        for (int jump : jumps) {
            program.set(jump, Instruction.of(Operation.JUMP, program.size(), 0));
        }
    }

    private static void emitRepeated(PatternNode.Repeated repeated, List<Instruction> program) {
        for (int i = 0; i < repeated.min(); i++) {
            emit(repeated.body(), program);
        }
        if (repeated.max() == PatternNode.UNLIMITED) {
            int choice = program.size();
            program.add(null);
            emit(repeated.body(), program);
            program.add(Instruction.of(Operation.JUMP, choice, 0));
            program.set(choice, Instruction.of(Operation.CHOICE, choice + 1, program.size()));
            return;
        }
        var choices = new ArrayList<Integer>();
        for (int i = repeated.min(); i < repeated.max(); i++) {
            choices.add(program.size());
            program.add(null);
            emit(repeated.body(), program);
        }
        for (int choice : choices) {
            program.set(choice, Instruction.of(Operation.CHOICE, choice + 1, program.size()));
        }
    }

    public Matcher matcher(String text) {
        return new Matcher(text);
    }

    /// The state of one search for matches in one text.
    public final class Matcher {
        private static final int PLAIN = -1;

        private final String text;
        private final int length;
        private long stepsLeft;
        /// The stack of open choices, three ints each: program counter, position, and, for a run, the position to which
        /// it can be shortened.
        private int[] choices = new int[48];
        private int top;
        private int start;
        private int end;

        private Matcher(String text) {
            this.text = text;
            this.length = text.length();
            this.stepsLeft = BASE_STEPS + STEPS_PER_CHARACTER * length;
        }

        /// Moves to the first match that begins at or after a position; false if there is none.
        ///
        /// @throws TokenizationException if the search takes too many steps
        public boolean find(int from) {
            for (int at = from; at <= length; at += at < length ? Character.charCount(text.codePointAt(at)) : 1) {
                int found = match(0, at);
                if (found >= 0) {
                    start = at;
                    end = found;
                    return true;
                }
            }
            return false;
        }

        public int start() {
            return start;
        }

        public int end() {
            return end;
        }

        /// The end of a match that begins at `position`, with the program from `counter` on; -1 if there is none.
        private int match(int counter, int position) {
            int bottom = top;
            while (true) {
                stepsLeft--;
                Instruction instruction = program[counter];
                int next = -1;
                switch (instruction.operation) {
                    case ONE -> {
                        int c = position < length ? text.codePointAt(position) : -1;
                        next = c >= 0 && accepts(instruction, c) ? counter + 1 : -1;
                        position += c >= 0 ? Character.charCount(c) : 0;
                    }
                    case RUN -> {
                        position = run(counter, instruction, position);
                        next = position >= 0 ? counter + 1 : -1;
                    }
                    case CHOICE -> {
                        push(instruction.second, position, PLAIN);
                        next = instruction.first;
                    }
                    case JUMP -> next = instruction.first;
                    case LOOK_AHEAD -> next = match(counter + 1, position) >= 0 != instruction.flag
                            ? instruction.first
                            : -1;
                    case PLACE -> next = holds(instruction, position) ? counter + 1 : -1;
                    case MATCH -> {
                        top = bottom;
                        return position;
                    }
                }
                if (next < 0) {
                    if (top == bottom) {
                        return -1;
                    }
                    position = choices[top - 2];
                    next = pop();
                }
                counter = next;
            }
        }

        /// The end of a run that begins at `position`; -1 if the run is too short.
        private int run(int counter, Instruction run, int position) {
            int count = 0;
            int shortest = run.first == 0 ? position : -1;
            int at = position;
            while (at < length && count < run.second) {
                int c = text.codePointAt(at);
                if (!accepts(run, c)) {
                    break;
                }
                at += Character.charCount(c);
                if (++count == run.first) {
                    shortest = at;
                }
            }
            stepsLeft -= count;
            if (shortest >= 0 && !run.flag && at > shortest) {
                push(counter + 1, Character.offsetByCodePoints(text, at, -1), shortest);
            }
            return shortest < 0 ? -1 : at;
        }

        private void push(int counter, int position, int floor) {
            if (top + 3 > choices.length) {
                if (top > MAX_CHOICES) {
                    throw tooHard();
                }
                choices = Arrays.copyOf(choices, choices.length * 2);
            }
            choices[top++] = counter;
            choices[top++] = position;
            choices[top++] = floor;
        }

        /// Pops the latest choice. A run that can be shortened further stays on the stack, one character shorter.
        private int pop() {
            if (stepsLeft < 0) {
                throw tooHard();
            }
            int counter = choices[top - 3];
            int position = choices[top - 2];
            if (choices[top - 1] != PLAIN && position > choices[top - 1]) {
                choices[top - 2] = Character.offsetByCodePoints(text, position, -1);
            } else {
                top -= 3;
            }
            return counter;
        }

        private static boolean accepts(Instruction instruction, int codePoint) {
            assert instruction.set != null;
            return instruction.set.contains(codePoint);
        }

        private boolean holds(Instruction instruction, int position) {
            assert instruction.place != null;
            return switch (instruction.place) {
                case LINE_START -> position == 0 || text.charAt(position - 1) == '\n';
                case LINE_END -> position == length || text.charAt(position) == '\n';
                case TEXT_START -> position == 0;
                case TEXT_END -> position == length;
                case WORD_BOUNDARY -> wordBefore(position) != wordAt(position);
                case NO_WORD_BOUNDARY -> wordBefore(position) == wordAt(position);
            };
        }

        private boolean wordBefore(int position) {
            return position > 0 && CodePointRules.WORD.test(text.codePointBefore(position));
        }

        private boolean wordAt(int position) {
            return position < length && CodePointRules.WORD.test(text.codePointAt(position));
        }

        private TokenizationException tooHard() {
            return new TokenizationException("splitting this text of " + length + " characters exceeds the tokenizer's"
                    + " step limit; shorten its runs of equal or similar characters");
        }
    }
}
