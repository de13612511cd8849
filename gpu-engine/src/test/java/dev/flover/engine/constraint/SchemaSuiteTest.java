package dev.flover.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.TestData;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Alphabet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Runs the JSON Schema test suite, draft 2020-12, without its optional part.
class SchemaSuiteTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private int groups;
    private int refusedGroups;
    private int right;
    private final List<String> accepted = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    @Test
    void noInvalidInstanceIsReachableAndEveryValidOneIs() throws IOException {
        var suite = JSON.readTree(TestData.of("json-schema-test-suite/draft2020-12.json").toFile());
        suite.properties().forEach(file -> file.getValue().forEach(group -> judge(file.getKey(), group)));

        assertThat(accepted).isEmpty();
        // Three known differences from the suite: formats are asserted here, which is an option of the standard; a
        // whole number must be written without a fraction; and the meta-schema of a dialect is not read.
        assertThat(refused).filteredOn(name -> !name.startsWith("format.json") && !name.contains("float")
                && !name.contains("0.0") && !name.contains("1.0") && !name.startsWith("vocabulary.json")).isEmpty();
        assertThat(refused).hasSize(26);
        assertThat(groups).isEqualTo(383);
        assertThat(refusedGroups).isEqualTo(119);
        assertThat(right).isEqualTo(930);
    }

    private void judge(String file, JsonNode group) {
        groups++;
        Accepting constraint;
        try {
            constraint = Accepting.schema(group.get("schema").toString());
        } catch (ConstraintException e) {
            if (e.getMessage().contains("no value satisfies")) {
                group.get("tests").forEach(test -> assertThat(test.get("valid").asBoolean()).as(file + test).isFalse());
                right += group.get("tests").size();
            } else {
                refusedGroups++;
            }
            return;
        }
        for (var test : group.get("tests")) {
            boolean reached = constraint.accepts(write(test.get("data")));
            String name = file + ": " + group.get("description").asText() + ": " + test.get("description").asText();
            if (reached == test.get("valid").asBoolean()) {
                right++;
            } else {
                (reached ? accepted : refused).add(name);
            }
        }
    }

    private static String write(JsonNode value) {
        if (value.isTextual()) {
            return new String(Alphabet.JSON.write(value.asText()), StandardCharsets.UTF_8);
        }
        if (value.isObject()) {
            return value.properties().stream()
                    .map(entry -> new String(Alphabet.JSON.write(entry.getKey()), StandardCharsets.UTF_8) + ":"
                            + write(entry.getValue())).collect(Collectors.joining(",", "{", "}"));
        }
        if (value.isArray()) {
            return value.valueStream().map(SchemaSuiteTest::write).collect(Collectors.joining(",", "[", "]"));
        }
        return value.toString();
    }
}
