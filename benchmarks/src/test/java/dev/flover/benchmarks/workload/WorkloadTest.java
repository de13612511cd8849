package dev.flover.benchmarks.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkloadTest {
    private static final long SEED = 20261122;

    @TempDir
    private Path folder;

    @Test
    void theSameSeedDrawsTheSameRequestsAtAnotherRate() {
        var lengths = new Lengths.Uniform(3, 9);
        var fast = Workload.draw(new Arrivals.Exponential(10), lengths, 8, 50, SEED);
        var slow = Workload.draw(new Arrivals.Exponential(100), lengths, 8, 50, SEED);

        assertThat(fast).isEqualTo(Workload.draw(new Arrivals.Exponential(10), lengths, 8, 50, SEED));
        assertThat(slow.demands()).extracting(Demand::tokens)
                .isEqualTo(fast.demands().stream().map(Demand::tokens).toList());
        for (int i = 0; i < fast.size(); i++) {
            assertThat(slow.demands().get(i).arrival())
                    .isCloseTo(10 * fast.demands().get(i).arrival(), within(10L));
        }
    }

    @Test
    void gapsHaveTheirMeanAndLengthsTheirRange() {
        var workload = Workload.draw(new Arrivals.Exponential(10), new Lengths.Uniform(3, 9), 8, 20_000, SEED);

        double mean = (double) workload.demands().getLast().arrival() / Demand.UNIT / (workload.size() - 1);
        assertThat(mean).as("seed " + SEED).isCloseTo(10, within(5 * 10 / Math.sqrt(20_000)));     // five sigma
        assertThat(workload.demands()).extracting(Demand::tokens).contains(3, 4, 5, 6, 7, 8, 9)
                .allMatch(tokens -> tokens >= 3 && tokens <= 9);
        assertThat(workload.mostPositions()).isEqualTo(17);
    }

    @Test
    void aConstantGapIsConstantAndABurstComesAtOnce() {
        var constant = Workload.draw(new Arrivals.Constant(2.5), new Lengths.Equal(4), 1, 3, SEED);
        var burst = Workload.draw(new Arrivals.Constant(0), new Lengths.Equal(4), 1, 3, SEED);

        assertThat(constant.demands()).extracting(Demand::arrival).containsExactly(0L, 2500L, 5000L);
        assertThat(burst.demands()).extracting(Demand::arrival).containsOnly(0L);
        assertThat(burst.tokens()).isEqualTo(12);
    }

    @Test
    void aTraceIsReadFromItsFirstRequestOnWithItsLengthsScaled() throws IOException {
        var workload = AzureTrace.read(trace("2023-11-16 18:15:46.6805900,374,44", "2023-11-16 18:15:46.7,10,3",
                "2023-11-16 18:15:48.6805900,1,1000", "2023-11-16 18:15:49.0000000,5,5"), 3, 100, 0.1);

        assertThat(workload.demands()).containsExactly(
                new Demand(0, 37, 4), new Demand(1941, 1, 1), new Demand(200_000, 1, 100));
    }

    @Test
    void whatIsNoTraceIsNamed() throws IOException {
        var broken = trace("2023-11-16 18:15:46.6805900,374,44", "yesterday,1,2");
        var other = Files.writeString(folder.resolve("other.csv"), "a,b\n1,2\n");

        assertThatThrownBy(() -> AzureTrace.read(broken, 2, 1, 1)).isInstanceOf(CommandException.class)
                .hasMessageContaining("line 3").hasMessageContaining("yesterday,1,2");
        assertThatThrownBy(() -> AzureTrace.read(broken, 3, 1, 1)).isInstanceOf(CommandException.class)
                .hasMessageContaining("has 2 requests");
        assertThatThrownBy(() -> AzureTrace.read(other, 1, 1, 1)).isInstanceOf(CommandException.class)
                .hasMessageContaining("first line should be TIMESTAMP");
        assertThatThrownBy(() -> AzureTrace.read(folder.resolve("none"), 1, 1, 1))
                .isInstanceOf(CommandException.class).hasMessageContaining("there is no such file");
    }

    @Test
    void aWorkloadBeginsWithItsFirstRequest() {
        assertThatThrownBy(() -> new Workload(List.of(new Demand(5, 1, 1))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("arrived at 5");
    }

    private Path trace(String... lines) throws IOException {
        return Files.writeString(folder.resolve("trace.csv"),
                "TIMESTAMP,ContextTokens,GeneratedTokens\n" + String.join("\n", lines) + "\n");
    }
}
