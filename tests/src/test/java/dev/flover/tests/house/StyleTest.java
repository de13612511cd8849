package dev.flover.tests.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Applies the style rules to every source file of every module.
class StyleTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Set<String> MODULES =
            Set.of("schemas", "client", "gpu-engine", "topology", "http", "embedded", "app", "tests", "benchmarks");

    private static List<SourceFile> sources;

    @BeforeAll
    static void readSources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            sources = files.filter(StyleTest::isSource).sorted().map(file -> SourceFile.read(ROOT, file)).toList();
        }
        assertThat(sources).hasSizeGreaterThan(20);
    }

    @Test
    void linesAreCleanAndAtMost120Columns() {
        assertThat(sources).flatMap(TextRules::violations).isEmpty();
    }

    @Test
    void codeFollowsTheRules() {
        assertThat(sources.stream().filter(SourceFile::isJava).toList()).flatMap(CodeRules::violations).isEmpty();
    }

    @Test
    void everyPackageOpensWithItsPicture() {
        var packages = new TreeSet<String>();
        var described = new TreeSet<String>();
        for (var source : sources) {
            if (source.isJava() && source.path().contains("/src/main/java/")) {
                packages.add(source.folder());
                if (source.path().endsWith("/package-info.java") && source.text().contains("///")) {
                    described.add(source.folder());
                }
            }
        }
        assertThat(described).isEqualTo(packages);
    }

    /// A package without code of its own, only with generated classes, is not marked.
    @Test
    void everyPackageIsMarkedForTheCheckForNull() {
        var written = sources.stream()
                .filter(source -> source.isJava() && source.path().contains("/src/main/java/")).toList();
        var withCode = written.stream().filter(source -> !source.path().endsWith("/package-info.java"))
                .map(SourceFile::folder).distinct().toList();
        var marked = written.stream().filter(source -> source.text().contains("\n@NullMarked\npackage "))
                .map(SourceFile::folder).toList();
        assertThat(marked).containsExactlyInAnyOrderElementsOf(withCode);
    }

    @Test
    void rulesFindWhatBreaksThem() {
        int limit = CodeRules.MAX_METHOD_LINES;
        var bad = new SourceFile("x/BadHelper.java", """
                import java.util.*;
                class BadHelper {
                \tint x; // \124ODO later\s
                    void f(boolean b) { if (b) x = 1; }
                    void g() {
                %s    }
                }
                """.formatted("        x++;\n".repeat(limit)));

        assertThat(TextRules.violations(bad)).extracting(violation -> violation.replaceFirst("^\\S+: ", ""))
                .containsExactly("a tab", "a blank at the end of the line", "a \124ODO: do it or open an issue");
        assertThat(CodeRules.violations(bad)).extracting(violation -> violation.replaceFirst("^\\S+: ", ""))
                .containsExactlyInAnyOrder("a wildcard import", "no braces",
                        "BadHelper: Helper says nothing; name what it is",
                        "g has %d lines, at most %d".formatted(limit + 2, limit));
    }

    private static boolean isSource(Path file) {
        var relative = ROOT.relativize(file);
        return MODULES.contains(relative.getName(0).toString())
                && Stream.of("target", "node_modules").noneMatch(folder -> hasFolder(relative, folder))
                && Stream.of(".java", ".cu", ".cuh").anyMatch(end -> relative.toString().endsWith(end));
    }

    private static boolean hasFolder(Path path, String name) {
        for (var part : path) {
            if (part.toString().equals(name)) {
                return true;
            }
        }
        return false;
    }
}
