package dev.flover.tests.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
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

    private static final Set<String> NOT_OURS = Set.of("target", "node_modules");

    private static List<SourceFile> sources;

    @BeforeAll
    static void readSources() throws IOException {
        var files = new TreeSet<Path>();
        for (String module : MODULES) {
            Files.walkFileTree(ROOT.resolve(module), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return NOT_OURS.contains(folder.getFileName().toString())
                            ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (Stream.of(".java", ".cu", ".cuh").anyMatch(file.toString()::endsWith)) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        sources = files.stream().map(file -> SourceFile.read(ROOT, file)).toList();
        assertThat(sources).hasSizeGreaterThan(1000);
    }

    @Test
    void linesAreCleanAndAtMost120Columns() {
        assertThat(sources).flatMap(TextRules::violations).isEmpty();
    }

    @Test
    void codeFollowsTheRules() {
        assertThat(CodeRules.violations(sources.stream().filter(SourceFile::isJava).toList())).isEmpty();
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
        assertThat(CodeRules.violations(List.of(bad))).extracting(violation -> violation.replaceFirst("^\\S+: ", ""))
                .containsExactlyInAnyOrder("a wildcard import", "no braces",
                        "BadHelper: Helper says nothing; name what it is",
                        "g has %d lines, at most %d".formatted(limit + 2, limit));
    }
}
