package dev.flover.tests.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Makes the folder that the image contains, without a container engine, and runs its entry point.
@Tag("long")
class ImageTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final int LIMIT_S = 400;

    @TempDir
    private static Path temporary;

    private static Path image;

    @BeforeAll
    static void assemble() throws Exception {
        for (var jar : new String[] {"app/target/flover-app.jar", "embedded/broker/target/flover-broker.jar",
                "app/target/jvm.options"}) {
            assumeTrue(Files.exists(ROOT.resolve(jar)), jar + " is missing: run ./mvnw -DskipTests package first");
        }
        assumeTrue(Files.exists(Path.of(System.getProperty("java.home"), "bin", "jlink")), "this JDK has no jlink");
        image = temporary.resolve("flover");
        run(Map.of("JAVA_HOME", System.getProperty("java.home")), ROOT.resolve("docker/assemble.sh").toString(),
                image.toString());
    }

    @Test
    void theCacheForQuickStartsIsUsable() throws Exception {
        // With AOTMode=on Java ends with an error if it cannot use the cache.
        assertThat(run(Map.of("FLOVER_JAVA_OPTS", "-XX:AOTMode=on"), entryPoint(), "up", "--help"))
                .contains("--max-sequences");
    }

    @Test
    void theSmallModelAnswersWithTheCompiledKernels() throws Exception {
        var answer = run(Map.of(), entryPoint(), "generate", "--prompt", "The old house", "--max-tokens", "4",
                "--backend", "cpu", "--json");
        assertThat(answer).contains("token_ids").doesNotContain("WARNING");
    }

    @Test
    void commandsThatNeedMoreThanTheImageHasAreAbsent() throws Exception {
        assertThat(run(Map.of(), entryPoint(), "--help")).contains("serve").doesNotContain("verify-delivery");
    }

    private static String entryPoint() {
        return image.resolve("entrypoint.sh").toString();
    }

    private static String run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        var out = temporary.resolve("out");
        var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        process.environment().putAll(environment);
        var running = process.start();
        boolean ended = running.waitFor(LIMIT_S, TimeUnit.SECONDS);
        if (!ended) {
            running.descendants().forEach(ProcessHandle::destroyForcibly);
            running.destroyForcibly();
        }
        assertThat(ended).as(Files.readString(out)).isTrue();
        assertThat(running.exitValue()).as(Files.readString(out)).isZero();
        return Files.readString(out);
    }
}
