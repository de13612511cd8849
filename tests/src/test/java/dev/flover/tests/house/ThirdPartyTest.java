package dev.flover.tests.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Compares the libraries that the application runs with to the list of licences in THIRD-PARTY.md.
class ThirdPartyTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Pattern LISTED = Pattern.compile("\\| `[^:`]+:([^:`]+):([^`]+)` \\|");

    @Test
    void everyLibraryOfTheApplicationIsListedWithItsVersion() throws IOException {
        var list = Files.readString(ROOT.resolve("THIRD-PARTY.md"));
        var listed = LISTED.matcher(list).results().map(row -> row.group(1) + "-" + row.group(2)).toList();

        assertThat(libraries()).isNotEmpty().allSatisfy(library -> assertThat(listed)
                .as("libraries in THIRD-PARTY.md, which says how to renew it")
                .anyMatch(entry -> library.equals(entry + ".jar") || library.startsWith(entry + "-")));
    }

    /// Returns the jar files on this test's class path, without the libraries that only tests and the compiler use.
    private static List<String> libraries() {
        var notRun = Pattern.compile("junit|assertj|jqwik|archunit|opentest4j|apiguardian|byte-buddy"
                + "|surefire|flover|record-builder"
                + "|openai|okhttp|okio|kotlin|error_prone|swagger|jsonschema|classmate|langchain4j|jtokkit|jspecify"
                + "|annotations-13|jackson-datatype-jsr310"
                + "|spring-|commons-lang3-3.20|helm-java|lib-api|linux-amd64|client-java-api|gson"
                + "|jakarta.annotation|jna-");
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).getFileName().toString())
                .filter(name -> name.endsWith(".jar"))
                .filter(name -> !notRun.matcher(name).find())
                .toList();
    }
}
