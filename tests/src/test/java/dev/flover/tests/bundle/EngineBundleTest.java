package dev.flover.tests.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands that need no Kafka, with the libraries that the engine's bundle has.
class EngineBundleTest {
    private static final Path HOME = Path.of("").toAbsolutePath().getParent();
    private static final String TEMPLATE =
            "{{ bos_token }}{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}";

    private static final int ALIGNMENT = 32;
    private static final int ENTRY_COUNT_AT = 16;
    private static final int ENTRIES_AT = 24;
    /// The type of an entry that is a text.
    private static final int TEXT = 8;

    @TempDir
    private Path folder;

    @Test
    void aConversationIsThePromptThatTheModelsTemplateMakesOfIt() throws Exception {
        Path model = withTemplate(HOME.resolve("models/novelist-f16.gguf"));
        Path requests = Files.writeString(folder.resolve("requests.jsonl"), """
                {"messages": [{"role": "user", "content": "The old house"}], "max_tokens": 4, "ignore_eos": true}
                {"prompt": "user: The old house\\n", "max_tokens": 4, "ignore_eos": true}
                """);

        var answers = run("generate", "--model", model.toString(), "--requests", requests.toString(), "--json",
                "--backend", "reference");

        assertThat(answers).hasSize(2);
        assertThat(answers.getFirst().get("prompt_ids")).isEqualTo(answers.getLast().get("prompt_ids"));
        assertThat(answers.getFirst().get("token_ids")).hasSize(4).isEqualTo(answers.getLast().get("token_ids"));
    }

    /// Runs a command of `flover` and returns the lines of JSON that it wrote.
    private List<JsonNode> run(String... arguments) throws Exception {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC", "-cp", classPath(), "dev.flover.app.Main"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(err)).isZero();
        var mapper = new ObjectMapper();
        var lines = new ArrayList<JsonNode>();
        for (String line : Files.readAllLines(out)) {
            lines.add(mapper.readTree(line));
        }
        return lines;
    }

    /// The entries of this test's class path that `bundle.sh` puts into the engine's bundle.
    private static String classPath() throws IOException {
        var script = Files.readString(HOME.resolve("bundle/bundle.sh"));
        var list = Pattern.compile("engine\\(\\) \\{.*?for jar in (.*?); do", Pattern.DOTALL).matcher(script);
        assertThat(list.find()).as("the list of jars in bundle.sh").isTrue();
        var names = List.of(list.group(1).replace("\\", " ").strip().split("\\s+"));
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> isBundled(Path.of(entry).toAbsolutePath(), names))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /// @param entry a jar, or the folder of classes of a module of this project
    /// @param names the bundle's jars, without their versions
    private static boolean isBundled(Path entry, List<String> names) {
        var file = entry.getFileName().toString();
        if (file.equals("classes")) {
            var module = "flover-" + entry.getParent().getParent().getFileName();
            return module.equals("flover-app") || names.contains(module);
        }
        return file.startsWith("flover-app") || names.stream().anyMatch(
                name -> file.matches(Pattern.quote(name) + "-\\d.*") || file.startsWith(name) && name.equals("jcuda"));
    }

    /// A copy of a GGUF file with a chat template as its first entry. A comment in the template fills the entry up to a
    /// multiple of the alignment, so that the tensors stay where their offsets say.
    private Path withTemplate(Path gguf) throws IOException {
        byte[] original = Files.readAllBytes(gguf);
        byte[] key = "tokenizer.chat_template".getBytes(StandardCharsets.UTF_8);
        int shortest = Long.BYTES + key.length + Integer.BYTES + Long.BYTES + TEMPLATE.length() + "{##}".length();
        String text = TEMPLATE + "{#" + " ".repeat(Math.floorMod(-shortest, ALIGNMENT)) + "#}";
        var entries = ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN);
        entries.putLong(ENTRY_COUNT_AT, entries.getLong(ENTRY_COUNT_AT) + 1);
        var added = ByteBuffer.allocate(Math.ceilDiv(shortest, ALIGNMENT) * ALIGNMENT).order(ByteOrder.LITTLE_ENDIAN);
        added.putLong(key.length).put(key).putInt(TEXT).putLong(text.length());
        added.put(text.getBytes(StandardCharsets.US_ASCII));
        assertThat(added.hasRemaining()).isFalse();
        Path copy = folder.resolve("model.gguf");
        try (var out = Files.newOutputStream(copy)) {
            out.write(original, 0, ENTRIES_AT);
            out.write(added.array());
            out.write(original, ENTRIES_AT, original.length - ENTRIES_AT);
        }
        return copy;
    }
}
