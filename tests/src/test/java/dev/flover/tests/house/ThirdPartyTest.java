package dev.flover.tests.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Compares the libraries that the application runs with to the list of licences in THIRD-PARTY.md. The build writes
/// the class path of each program to `target/class-path.txt`, without the libraries of tests and of the compiler.
class ThirdPartyTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final List<String> PROGRAMS = List.of("app", "benchmarks", "embedded/broker");
    private static final Pattern LISTED = Pattern.compile("\\| `[^:`]+:([^:`]+):([^`]+)` \\|");

    @Test
    void everyLibraryOfTheApplicationIsListedWithItsVersion() throws IOException {
        var listed = listed();
        assertThat(libraries()).hasSizeGreaterThan(listed.size() / 2).allSatisfy(library -> assertThat(listed)
                .as("libraries in THIRD-PARTY.md, which says how to renew it").anyMatch(entry -> is(library, entry)));
    }

    @Test
    void everyListedLibraryIsOneThatTheApplicationRunsWith() throws IOException {
        var libraries = libraries();
        assertThat(listed()).isNotEmpty().allSatisfy(entry -> assertThat(libraries)
                .as("jar files on the class paths").anyMatch(library -> is(library, entry)));
    }

    /// Whether a jar file is this artifact in this version, possibly with a classifier.
    private static boolean is(String library, String entry) {
        return library.equals(entry + ".jar") || library.startsWith(entry + "-");
    }

    private static List<String> listed() throws IOException {
        return LISTED.matcher(Files.readString(ROOT.resolve("THIRD-PARTY.md"))).results()
                .map(row -> row.group(1) + "-" + row.group(2)).toList();
    }

    /// The names of the jar files on the class paths of all programs, without those of this project.
    private static TreeSet<String> libraries() throws IOException {
        var names = new TreeSet<String>();
        for (String program : PROGRAMS) {
            var file = ROOT.resolve(program).resolve("target/class-path.txt");
            assertThat(file).as("written by `./mvnw process-classes`").exists();
            for (String entry : Files.readString(file).strip().split(File.pathSeparator)) {
                String name = Path.of(entry).getFileName().toString();
                if (name.endsWith(".jar") && !name.startsWith("flover-")) {
                    names.add(name);
                }
            }
        }
        return names;
    }
}
