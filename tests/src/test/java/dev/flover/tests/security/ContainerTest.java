package dev.flover.tests.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// Checks the users, files and ports in `docker-compose.yml` and in the Dockerfile, by reading these files without
/// Docker.
class ContainerTest {
    private static final Path ROOT = Path.of("..");

    private static Map<String, Map<String, Object>> services;

    @BeforeAll
    static void read() throws IOException {
        Map<String, Map<String, Map<String, Object>>> file = new Yaml(new SafeConstructor(new LoaderOptions()))
                .load(Files.readString(ROOT.resolve("docker-compose.yml")));
        services = file.get("services");
    }

    @Test
    void thePipelineRunsAsNobodySpecialOnAReadOnlyRoot() {
        for (var name : List.of("pipeline", "pipeline-gpu")) {
            assertThat(services.get(name)).as(name)
                    .containsEntry("read_only", true)
                    .containsEntry("user", "10001:10001")
                    .containsEntry("cap_drop", List.of("ALL"))
                    .containsEntry("security_opt", List.of("no-new-privileges:true"));
        }
    }

    @Test
    void theImageRunsAsANumberedUserAlsoWithoutCompose() throws IOException {
        var users = Files.readAllLines(ROOT.resolve("docker/Dockerfile")).stream()
                .filter(line -> line.startsWith("USER ")).toList();
        assertThat(users).containsExactly("USER 10001:10001");
    }

    @Test
    void cpuAndGpuHaveTheSameImage() {
        for (var key : List.of("build", "image", "command")) {
            assertThat(services.get("pipeline-gpu").get(key)).as(key).isEqualTo(services.get("pipeline").get(key));
        }
    }

    @Test
    void everyFileThatIsMountedExists() {
        assertThat(services).allSatisfy((_, service) -> {
            for (var volume : (List<?>) service.getOrDefault("volumes", List.of())) {
                var source = ((String) volume).split(":")[0];
                assertThat(!source.startsWith("./") || Files.exists(ROOT.resolve(source))).as(source).isTrue();
            }
        });
    }

    @Test
    void everyPublishedPortIsOnLoopbackAndNoServiceIsPrivileged() {
        assertThat(services).allSatisfy((name, service) -> {
            assertThat(service).doesNotContainKeys("privileged", "network_mode", "pid", "cap_add");
            List<?> ports = (List<?>) service.getOrDefault("ports", List.of());
            assertThat(ports).allSatisfy(port -> assertThat((String) port).startsWith("127.0.0.1:"));
        });
    }
}
