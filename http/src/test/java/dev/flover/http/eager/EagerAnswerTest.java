package dev.flover.http.eager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.http.eager.EagerAnswer.Change;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EagerAnswerTest {
    static {
        TrustedRecords.trust();
    }

    private final EagerAnswer answer = new EagerAnswer();
    private final List<Change> changes = new ArrayList<>();

    /// Returns a chunk whose tokens are the characters of a text.
    private static TokenChunk.Builder chunk(int position, String text) {
        return TokenChunk.newBuilder().setRequestId("a").setPosition(position).setText(text)
                .setTokenIds(text.chars().boxed().toList());
    }

    private static TokenChunk last(int position, String text) {
        return chunk(position, text).setTerminal(true)
                .setFinish(Finish.newBuilder().setReason(FinishReason.STOP).build()).build();
    }

    private void drawn(int position, String text) {
        changes.addAll(answer.drawn(chunk(position, text).build()));
    }

    private void committed(int position, String text) {
        changes.addAll(answer.committed(chunk(position, text).build()));
    }

    private static Change further(int position, String text) {
        return new Change.Further(position, text.chars().boxed().toList(), text);
    }

    /// Returns the text that a client has after all changes, and checks that their positions have no gaps.
    private static String seen(List<Change> changes) {
        var text = new StringBuilder();
        for (var change : changes) {
            switch (change) {
                case Change.Further(int position, List<Integer> ids, String further) -> {
                    assertThat(position).isEqualTo(text.length());
                    assertThat(ids).hasSameSizeAs(further.chars().boxed().toList());
                    text.append(further);
                }
                case Change.Retraction(int position, int characters) -> {
                    assertThat(position).isEqualTo(characters).isLessThan(text.length());
                    text.setLength(characters);
                }
            }
        }
        return text.toString();
    }

    @Test
    void eachTokenIsShownOnceWhenItIsDrawn() {
        drawn(0, "ab");
        drawn(2, "c");
        committed(0, "ab");
        drawn(3, "d");
        committed(2, "c");
        committed(3, "d");

        assertThat(changes).containsExactly(further(0, "ab"), further(2, "c"), further(3, "d"));
        assertThat(answer.committedPosition()).isEqualTo(4);
    }

    @Test
    void tokensThatAreDrawnAgainAfterACrashAreNotShownAgain() {
        drawn(0, "ab");
        committed(0, "ab");
        drawn(2, "c");
        drawn(3, "d");
        drawn(2, "cde");        // the same tokens in chunks of other bounds
        drawn(5, "f");
        committed(2, "cde");

        assertThat(changes).containsExactly(further(0, "ab"), further(2, "c"), further(3, "d"), further(4, "e"),
                further(5, "f"));
    }

    @Test
    void anAnswerThatWasCancelledEndsWhereTheCommittedOneEnds() {
        drawn(0, "ab");
        drawn(2, "cd");
        changes.addAll(answer.committed(last(0, "ab")));

        assertThat(changes).containsExactly(further(0, "ab"), further(2, "cd"), new Change.Retraction(2, 2));
    }

    @Test
    void otherTokensReplaceThoseThatWereShown() {
        drawn(0, "ab");
        drawn(2, "cd");
        committed(0, "ab");
        committed(2, "cx");

        assertThat(changes).containsExactly(further(0, "ab"), further(2, "cd"), new Change.Retraction(2, 2),
                further(2, "cx"));
    }

    @Test
    void aRetractionCountsCharactersAsAClientDoes() {
        answer.drawn(TokenChunk.newBuilder().setRequestId("a").setPosition(0).setText("\uD83D\uDE00é")
                .setTokenIds(List.of(1, 2)).build());
        answer.drawn(TokenChunk.newBuilder().setRequestId("a").setPosition(2).setText("x").setTokenIds(List.of(3))
                .build());
        var changes = answer.committed(TokenChunk.newBuilder(last(0, "")).setText("\uD83D\uDE00é")
                .setTokenIds(List.of(1, 2)).build());

        assertThat(changes).containsExactly(new Change.Retraction(2, 2));
    }

    @Test
    void chunksWhoseBeginningWasMissedAreShownWhenTheyAreCommitted() {
        drawn(2, "c");
        committed(0, "ab");
        committed(2, "c");
        drawn(3, "d");

        assertThat(changes).containsExactly(further(0, "ab"), further(2, "c"), further(3, "d"));
    }

    /// A pipeline draws, commits and crashes at random times; the client's text always becomes the committed one.
    @Test
    void theEndIsTheCommittedAnswerWhateverCrashed() {
        for (int seed = 0; seed < 2_000; seed++) {
            var random = new Random(seed);
            var one = new EagerAnswer();
            var all = new ArrayList<Change>();
            String text = random.ints(random.nextInt(1, 30), 'a', 'd').collect(StringBuilder::new,
                    StringBuilder::appendCodePoint, StringBuilder::append).toString();
            var open = new ArrayList<TokenChunk>();
            int at = 0;
            int safe = 0;
            while (safe < text.length()) {
                switch (random.nextInt(4)) {
                    case 0 -> {
                        for (var each : open) {
                            all.addAll(one.committed(each));
                        }
                        open.clear();
                        safe = at;
                    }
                    case 1 -> {
                        open.clear();
                        at = safe;
                    }
                    default -> {
                        int end = Math.min(text.length(), at + random.nextInt(1, 4));
                        boolean differs = random.nextInt(8) == 0;
                        var next = chunk(at, differs ? "z".repeat(end - at) : text.substring(at, end)).build();
                        if (end > at) {
                            open.add(next);
                            text = text.substring(0, at) + next.getText() + text.substring(end);
                            if (random.nextInt(10) > 0) {
                                all.addAll(one.drawn(next));
                            }
                            at = end;
                        }
                    }
                }
            }
            all.addAll(one.committed(last(safe, "")));
            assertThat(seen(all)).as("seed %d", seed).isEqualTo(text);
        }
    }
}
