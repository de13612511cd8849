package dev.flover.benchmarks.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.loading.ModelLoader;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class EnginesOfDeliveryTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--backend cpu                                           | 1",
        "--backend cpu --tp 2                                    | 1",
        "--backend cpu --engines 3                               | 3",
        "--backend cuda --devices 0,1,2,3                        | 4",
        "--backend cuda --devices 0,1,2,3 --tp 2                 | 2",
        "--backend cuda --devices 0,1,2,3 --tp 4                 | 1",
        "--backend cuda --devices 0,1,2,3 --tp 2 --engines 1     | 1"
    })
    void thereAreAsManyEnginesAsAreAskedForOrAsDevicesAllow(String options, int engines) {
        var command = new VerifyDeliveryCommand();
        new CommandLine(command).parseArgs(options.split(" "));
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            assertThat(command.engines(model)).isEqualTo(engines);
        }
    }
}
