package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightGenerator;
import dev.flover.engine.model.ModelConfig.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Enums that Java, C and CUDA share have the same constants with the same numbers, and no kernel answers an unknown
/// number with one of the known constants.
class KernelNumbersTest {
    private static final Path C = Path.of("src/main/c");
    private static final Path CUDA = Path.of("src/main/cuda");

    private static final Pattern CONSTANT = Pattern.compile("(\\w+)\\s*(?:=\\s*(-?\\d+))?");

    @Test
    void activationsAreNumberedAlikeInC() throws IOException {
        assertThat(constants(C.resolve("activate.c"), "activation", ""))
                .isEqualTo(numbers(Activation.values(), KernelNumbers::of));
    }

    @Test
    void activationsAreNumberedAlikeInCuda() throws IOException {
        var expected = numbers(Activation.values(), KernelNumbers::of);
        expected.put("NO_ACTIVATION", Product.NO_ACTIVATION);
        assertThat(constants(CUDA.resolve("include/activation.cuh"), "ActivationKind", "")).isEqualTo(expected);
    }

    @Test
    void formsOfWeightsAreNumberedAlike() throws IOException {
        assertThat(constants(CUDA.resolve("include/weight.cuh"), "Storage", "STORE_"))
                .isEqualTo(numbers(Storage.values(), Storage::number));
    }

    @Test
    void formsOfRandomWeightsAreNumberedAlike() throws IOException {
        assertThat(constants(CUDA.resolve("randomise.cu"), "RandomForm", "RANDOM_"))
                .isEqualTo(numbers(WeightGenerator.Form.values(), form -> form.number));
    }

    @Test
    void ordersOfOutputsAreNumberedAlike() throws IOException {
        assertThat(constants(CUDA.resolve("include/project.cuh"), "Pairing", ""))
                .isEqualTo(numbers(Product.Pairing.values(), pairing -> pairing.number));
    }

    @Test
    void wordsOfAPlanAreNumberedAlike() throws IOException {
        var expected = numbers(CudaTensor.Counter.values(), counter -> counter.word);
        expected.put("TILES", StepImage.TILES);
        expected.put("ITEMS", StepImage.ITEMS);
        expected.put("RESULTS", StepImage.RESULTS);
        expected.put("ARRAYS", StepImage.ARRAYS);
        assertThat(constants(CUDA.resolve("include/plan.cuh"), "PlanWord", "PLAN_")).isEqualTo(expected);
        assertThat(constants(CUDA.resolve("include/plan.cuh"), "PlanArray", "")).hasSize(StepImage.ARRAY_COUNT);
    }

    @Test
    void noSwitchOverSharedConstantsHasADefault() throws IOException {
        for (var file : List.of(C.resolve("activate.c"), CUDA.resolve("include/activation.cuh"),
                CUDA.resolve("include/project.cuh"))) {
            assertThat(Files.readString(file)).as("%s: give each constant a case of its own", file)
                    .contains("switch (").doesNotContain("default:");
        }
    }

    @Test
    void anUnnumberedOrMissingConstantIsNoticed() {
        assertThat(constants("enum x : int { A = 0, B = 1 };", "x", ""))
                .isNotEqualTo(constants("enum x { A = 0, B = 2 };", "x", ""))
                .isNotEqualTo(constants("enum x { A = 0 };", "x", ""));
        assertThatThrownBy(() -> constants("enum x { A, B };", "x", "")).hasMessageContaining("A has no number");
        assertThatThrownBy(() -> constants("enum y { A = 0 };", "x", "")).hasMessageContaining("no enum x");
    }

    private static <E extends Enum<E>> Map<String, Integer> numbers(E[] constants, ToIntFunction<E> number) {
        var numbers = new LinkedHashMap<String, Integer>();
        Arrays.stream(constants).forEach(constant -> numbers.put(constant.name(), number.applyAsInt(constant)));
        return numbers;
    }

    private static Map<String, Integer> constants(Path file, String name, String prefix) throws IOException {
        return constants(Files.readString(file), name, prefix);
    }

    /// The constants of an enum in C or C++, with explicit numbers.
    private static Map<String, Integer> constants(String source, String name, String prefix) {
        var body = Pattern.compile("enum " + name + "(?: : int)? \\{([^}]*)}").matcher(source);
        assertThat(body.find()).as("no enum %s in the source", name).isTrue();
        var constants = new LinkedHashMap<String, Integer>();
        var each = CONSTANT.matcher(body.group(1).replaceAll("//[^\n]*", ""));
        while (each.find()) {
            assertThat(each.group(2)).as("%s has no number of its own", each.group(1)).isNotNull();
            assertThat(each.group(1)).startsWith(prefix);
            constants.put(each.group(1).substring(prefix.length()), Integer.valueOf(each.group(2)));
        }
        return constants;
    }
}
