package dev.flover.tests.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Checks that the links of all pages lead to existing targets, and that the indexes are complete.
class DocumentsTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final Path DECISIONS = ROOT.resolve("docs").resolve("decisions");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\n]*`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern SCHEME = Pattern.compile("[a-z]+:.*");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");
    private static final Pattern ANCHOR = Pattern.compile("<a id=\"([^\"]+)\"");
    private static final Pattern TEXT_OF_LINK = Pattern.compile("\\[([^]]*)]\\([^)]*\\)");
    private static final Pattern METRIC = Pattern.compile("\"(flover\\.[a-z.]+)\"");
    private static final Pattern PACKAGE_INFO =
            Pattern.compile("[a-z/-]*src/main/java/dev/flover/([a-z/]+)/package-info\\.java");
    private static final Pattern METRIC_IN_PAGE = Pattern.compile("`(flover_[a-z_]+)");

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        var broken = new ArrayList<String>();
        for (var page : pages()) {
            var links = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll("")).results()
                    .map(link -> link.group(1)).filter(target -> !SCHEME.matcher(target).matches()).toList();
            for (var target : links) {
                if (!resolves(page, target)) {
                    broken.add(ROOT.relativize(page) + ": " + target);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyDecisionIsInTheIndexAndHasANumberOfItsOwn() throws IOException {
        var index = Files.readString(DECISIONS.resolve("README.md"));
        var numbers = new ArrayList<String>();
        try (Stream<Path> files = Files.list(DECISIONS)) {
            for (var file : files.map(Path::getFileName).map(Path::toString).filter(name -> !name.equals("README.md"))
                    .sorted().toList()) {
                assertThat(file).matches("[0-9]{2}-[a-z0-9-]+\\.md");
                assertThat(index).contains("| " + file.substring(0, 2) + " | [").contains("](" + file + ") | 20");
                numbers.add(file.substring(0, 2));
            }
        }
        assertThat(numbers).doesNotHaveDuplicates().hasSizeGreaterThan(20);
    }

    @Test
    void thePageOfMetricsHasThemAll() throws IOException {
        var source = Files.readString(find("PipelineMetrics.java"));
        var page = Files.readString(ROOT.resolve("docs").resolve("operate").resolve("watch.md"));
        var registered = METRIC.matcher(source).results().map(name -> name.group(1).replace('.', '_'))
                .collect(Collectors.toCollection(TreeSet::new));
        var described = METRIC_IN_PAGE.matcher(page).results().map(name -> name.group(1))
                .map(name -> name.replaceAll("_total$", ""))
                .map(name -> registered.contains(name) ? name : name.replaceAll("_seconds$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(registered).hasSizeGreaterThan(20);
        assertThat(described).isEqualTo(registered);
    }

    @Test
    void theArchitectureHasALineForEveryPackage() throws IOException {
        var page = Files.readString(ROOT.resolve("docs").resolve("understand").resolve("architecture.md"));
        var packages = new TreeSet<String>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.map(file -> ROOT.relativize(file).toString().replace('\\', '/'))
                    .map(PACKAGE_INFO::matcher).filter(Matcher::matches)
                    .forEach(info -> packages.add(info.group(1).replace('/', '.')));
        }
        assertThat(packages).hasSizeGreaterThan(40).allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
    }

    private static boolean resolves(Path page, String target) throws IOException {
        String[] parts = target.split("#", 2);
        var file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
        return Files.exists(file)
                && (parts.length == 1 || !file.toString().endsWith(".md") || anchors(file).contains(parts[1]));
    }

    private static Set<String> anchors(Path page) throws IOException {
        var text = Files.readString(page);
        var anchors = ANCHOR.matcher(text).results().map(anchor -> anchor.group(1)).collect(Collectors.toSet());
        HEADING.matcher(text).results().forEach(heading -> anchors.add(
                TEXT_OF_LINK.matcher(heading.group(1)).replaceAll("$1").toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}_\\- ]", "").replace(' ', '-')));
        return anchors;
    }

    private static List<Path> pages() throws IOException {
        var pages = new ArrayList<Path>();
        try (Stream<Path> top = Files.list(ROOT)) {
            top.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
        }
        for (var folder : List.of("docs", "examples", "models", "deploy")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
            }
        }
        assertThat(pages).hasSizeGreaterThan(40);
        return pages;
    }

    private static Path find(String name) throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve("topology").resolve("src").resolve("main"))) {
            return files.filter(file -> file.endsWith(name)).findFirst().orElseThrow();
        }
    }
}
