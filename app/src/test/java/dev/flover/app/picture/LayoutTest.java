package dev.flover.app.picture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.terminal.Width;
import java.util.ArrayList;
import java.util.List;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayoutTest {
    private static final String LONG = "and the old man looked at her with a smile that was almost a sigh, ".repeat(4);

    private final Layout layout = new Layout(new Palette(true, true), "title", "subtitle");

    @ParameterizedTest
    @CsvSource({"120, 40", "80, 24", "60, 20", "60, 15", "40, 12", "200, 60"})
    void fitsTheTerminal(int columns, int rows) {
        var lines = layout.layOut(frame(24), columns, rows);

        assertThat(lines.size()).isLessThanOrEqualTo(Math.max(rows, 9));
        assertThat(generationLines(lines)).allSatisfy(
                line -> assertThat(line.columnLength()).isLessThan(columns));
    }

    @Test
    void showsTheEndOfATextThatGrowsAndTheBeginningOfOneThatIsDone() {
        var frame = frame(List.of(
                FrameGenerationBuilder.builder().number(1).prompt("Once").text(LONG + "here it grows").tokens(90)
                        .state(State.DECODING).sentMs(0).firstMs(100).endMs(0).build(),
                FrameGenerationBuilder.builder().number(2).prompt("Twice").text(LONG + "here it ended").tokens(90)
                        .state(State.DONE).sentMs(0).firstMs(100).endMs(900).build()));

        var lines = generationLines(layout.layOut(frame, 100, 30));

        assertThat(lines.get(0).toString()).contains("here it grows").doesNotContain("Once");
        assertThat(lines.get(1).toString()).contains("Twiceand the old man").doesNotContain("here it ended");
    }

    @Test
    void finishedGenerationsGiveWayWhereLinesAreShort() {
        var generations = new ArrayList<Generation>();
        for (int i = 1; i <= 24; i++) {
            generations.add(FrameGenerationBuilder.builder().number(i).prompt("p" + i).text("").tokens(3)
                    .state(i < 15 ? State.DONE : State.DECODING).sentMs(0).firstMs(10).endMs(20).build());
        }

        var numbers = generationLines(layout.layOut(frame(generations), 80, 24)).stream()
                .map(line -> Integer.parseInt(line.toString().substring(0, 3).strip()))
                .toList();

        assertThat(numbers).hasSize(16).contains(15, 24).doesNotContain(1, 8);
    }

    @Test
    void theFusedBatchHasACellForEachGenerationThatIsDecoded() {
        var lines = layout.layOut(frame(24), 120, 40);

        assertThat(lines).anySatisfy(line -> assertThat(line.toString()).contains("fused batch   2   5   8"));
    }

    @Test
    void aModelsTextCannotMoveTheCursor() {
        assertThat(Width.printable("a\nb\u001b[2Jc\u0007\td")).isEqualTo("a b[2Jc d");
    }

    @Test
    void withoutUnicodeOnlyAsciiIsDrawn() {
        var ascii = new Layout(new Palette(false, false), "title", "subtitle");

        assertThat(ascii.layOut(frame(24), 120, 40))
                .allSatisfy(line -> assertThat(line.toString()).matches("\\p{ASCII}*"));
    }

    private static List<AttributedString> generationLines(List<AttributedString> lines) {
        return lines.stream().filter(line -> line.toString().matches(" [ 0-9][0-9] [●○✓].*")).toList();
    }

    private static Frame frame(int count) {
        var generations = new ArrayList<Generation>();
        for (int i = 1; i <= count; i++) {
            var state = State.values()[i % 3 == 0 ? 2 : i % 3 == 1 ? 0 : 1];
            generations.add(FrameGenerationBuilder.builder().number(i).prompt("prompt " + i)
                    .text(state == State.WAITING ? "" : LONG).tokens(state == State.WAITING ? 0 : i).state(state)
                    .sentMs(i * 100L).firstMs(i * 100L + 50).endMs(i * 100L + 900).build());
        }
        return frame(generations);
    }

    private static Frame frame(List<Generation> generations) {
        return FrameBuilder.builder().nowMs(3000).generations(generations).total(24).spanMs(5000)
                .stepsPerSecond(25).tokensPerSecond(190).rowsPerStep(8).overlap(new float[] {1, 2, 5, 8})
                .notice("notice").build();
    }
}
