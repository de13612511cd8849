package dev.flover.tests.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The Helm chart of `deploy/`, as Helm renders it.
record Chart(Path folder) {
    static final Path SOURCE = Path.of("..", "deploy/helm/flover");
    private static final String KUBERNETES = "1.34.0";
    private static final Map<String, String> REQUIRED = Map.of("kafka.bootstrapServers", "broker:9092",
            "kafka.schemaRegistryUrl", "http://registry:8081");

    /// A copy of the chart. The library's `helm template` leaves out hooks, such as the pod of `helm test`; in the copy
    /// they are ordinary objects.
    static Chart withoutHooks(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(SOURCE)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var copy = folder.resolve(SOURCE.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.writeString(copy, Files.readString(file).replaceAll("(?m)^ *helm\\.sh/hook.*\n", ""));
            }
        }
        return new Chart(folder);
    }

    LintResult lint() {
        return new Helm(folder).lint().strict().call();
    }

    /// The objects of a release `novels` in the namespace `llm`.
    ///
    /// @param values name and value in turn, after those that the chart requires
    List<JsonNode> render(String... values) {
        return render(List.of(), values);
    }

    List<JsonNode> render(List<String> valueFiles, String... values) {
        return template(REQUIRED, valueFiles, values);
    }

    List<JsonNode> renderWithoutRequiredValues() {
        return template(Map.of(), List.of());
    }

    private List<JsonNode> template(Map<String, String> required, List<String> valueFiles, String... values) {
        var template = new Helm(folder).template().withName("novels").withNamespace("llm").withKubeVersion(KUBERNETES);
        required.forEach(template::set);
        valueFiles.forEach(file -> template.withValuesFile(folder.resolve(file)));
        for (int i = 0; i < values.length; i += 2) {
            template.set(values[i], values[i + 1]);
        }
        return Yaml.documents(template.call());
    }
}
