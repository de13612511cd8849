package dev.flover.engine.loading.families;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.RandomFamilies;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Compares the page of models that run with the table of families, the types of tensors, and the models that the tests
/// of families load.
class ModelsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "use", "models.md");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    @Test
    void everyFamilyHasARowAndEveryRowAFamily() throws IOException {
        var modelTypes = new TreeSet<String>();
        var architectures = new TreeSet<String>();
        for (String[] row : rows()) {
            modelTypes.addAll(codes(row[2]));
            architectures.addAll(codes(row[3]));
        }

        assertThat(modelTypes).isEqualTo(Families.ALL.stream().flatMap(family -> family.modelTypes().stream())
                .collect(Collectors.toCollection(TreeSet::new)));
        assertThat(architectures).isEqualTo(Families.ALL.stream().flatMap(family -> family.architectures().stream())
                .collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void everyFamilyIsLoadedByTheTestsOfFamilies() {
        Set<String> tested = RandomFamilies.folders().stream().map(folder -> folder.getFileName().toString())
                .collect(Collectors.toSet());
        // Gemma 1 is Gemma 2 without windows, soft caps and norms after; FamiliesTest loads a folder of it
        var untested = Families.ALL.stream().filter(family -> family.modelTypes().stream().noneMatch(type ->
                tested.contains(type) || tested.contains(type.replace("_text", "")))).map(Family::modelTypes).toList();

        assertThat(untested).containsExactly(List.of("gemma"));
    }

    @Test
    void everyTypeOfTensorsIsNamed() throws IOException {
        String page = Files.readString(PAGE);
        for (var type : TensorType.values()) {
            assertThat(page).as("a type that GGUF files may have").contains(type.name());
        }
    }

    /// The cells of the rows of the page's first table, without its heading.
    private static List<String[]> rows() throws IOException {
        return Files.readAllLines(PAGE).stream().dropWhile(line -> !line.startsWith("| Published")).skip(2)
                .takeWhile(line -> line.startsWith("|")).map(line -> line.split("\\|")).toList();
    }

    private static List<String> codes(String cell) {
        return Arrays.stream(CODE.matcher(cell).results().map(match -> match.group(1)).toArray(String[]::new)).toList();
    }
}
