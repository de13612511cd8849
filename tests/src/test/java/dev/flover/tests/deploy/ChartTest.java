package dev.flover.tests.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.tests.security.FloverProcess;
import dev.flover.tests.security.Grants;
import io.kubernetes.client.openapi.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.acl.AclBinding;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Renders the Helm chart with Helm, and compares the objects with Kubernetes' classes, the operators' schemas, and the
/// pages of this project.
class ChartTest {
    private static final String[] ALL = {
        "serve.enabled", "true", "serve.tokensSecret", "tokens", "keda.enabled", "true", "keda.prometheusUrl",
        "http://prometheus:9090", "strimzi.enabled", "true", "strimzi.cluster", "kafka",
        "monitoring.serviceMonitor.enabled", "true", "monitoring.alerts.enabled", "true",
        "monitoring.dashboard.enabled", "true", "image.digest", "sha256:" + "0".repeat(64)};

    @TempDir
    private static Path folder;

    private static Chart chart;
    private static Map<String, List<JsonNode>> rendered;

    @BeforeAll
    static void render() throws IOException {
        chart = Chart.withoutHooks(folder);
        rendered = Map.of(
                "default", chart.render(),
                "GPU", chart.render(List.of("values-gpu.yaml"), "gpu.runtimeClassName", "nvidia"),
                "serve", chart.render("serve.enabled", "true", "kafka.clientPropertiesSecret", "client"),
                "KEDA", chart.render("keda.enabled", "true", "keda.prometheusUrl", "http://prometheus:9090"),
                "Strimzi", chart.render("strimzi.enabled", "true", "strimzi.cluster", "kafka"),
                "all", chart.render(List.of("values-gpu.yaml"), ALL));
    }

    @Test
    void helmFindsNothingToCorrect() {
        var result = new Chart(Chart.SOURCE).lint();
        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    }

    @Test
    void everyObjectOfKubernetesHasOnlyFieldsThatKubernetesKnows() throws ClassNotFoundException {
        for (var objects : rendered.values()) {
            for (var object : objects) {
                if (!isOfAnOperator(object)) {
                    var type = Class.forName("io.kubernetes.client.openapi.models.V1" + object.get("kind").asText());
                    assertThat((Object) JSON.getGson().fromJson(object.toString(), type)).isNotNull();
                }
            }
        }
        assertThat(kinds("default")).containsExactlyInAnyOrder(
                "ConfigMap", "Pod", "PodDisruptionBudget", "Service", "StatefulSet");
        assertThat(kinds("all")).contains("Deployment", "KafkaTopic", "KafkaUser", "PrometheusRule", "ScaledObject",
                "ServiceMonitor");
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsFound() {
        var wrong = one("default", "StatefulSet").deepCopy();
        ((ObjectNode) container(wrong)).put("enviroment", 1);
        assertThatThrownBy(() -> JSON.getGson().fromJson(wrong.toString(),
                Class.forName("io.kubernetes.client.openapi.models.V1StatefulSet")))
                .hasMessageContaining("enviroment");
    }

    @Test
    void everyObjectOfAnOperatorFitsTheOperatorsSchema() throws IOException, InterruptedException {
        var objects = new ArrayNode(JsonNodeFactory.instance);
        rendered.values().forEach(list -> list.stream().filter(ChartTest::isOfAnOperator).forEach(objects::add));
        var wrong = one("all", "ScaledObject").deepCopy();
        ((ObjectNode) wrong.at("/spec/triggers/0")).remove("type");
        ((ObjectNode) wrong.get("metadata")).put("name", "wrong");
        objects.add(wrong);

        var outcomes = ExternalProgram.node("manifests.mjs", "@kubernetes-models/keda").run(objects.toString());

        assertThat(outcomes).hasSize(objects.size()).last().asString().contains("wrong").contains("type");
        assertThat(outcomes.subList(0, outcomes.size() - 1)).allMatch(line -> line.endsWith(": ok"));
    }

    @Test
    void noContainerHasMoreRightsThanItNeeds() {
        for (var object : rendered.get("all")) {
            var pod = pod(object);
            for (var container : pod.path("containers")) {
                assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)).isFalse();
                assertThat(container.at("/securityContext/capabilities/drop/0").asText()).isEqualTo("ALL");
                assertThat(container.get("image").asText()).contains("@sha256:");
                assertThat(container.at("/resources/limits/memory").asText()).isNotEmpty();
                assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
                assertThat(pod.at("/securityContext/runAsUser").asInt()).isEqualTo(10001);
                assertThat(pod.get("automountServiceAccountToken").asBoolean(true)).isFalse();
            }
        }
    }

    @Test
    void everyMountHasAVolume() {
        for (var object : rendered.values().stream().flatMap(List::stream).toList()) {
            var pod = pod(object);
            assertThat(pod.at("/containers/0/volumeMounts").findValuesAsText("name"))
                    .containsExactlyInAnyOrderElementsOf(volumes(pod)).doesNotHaveDuplicates();
        }
    }

    @Test
    void aPodThatIsReplacedKeepsItsNameInTheConsumerGroup() {
        assertThat(environment(one("default", "StatefulSet")))
                .containsEntry("FLOVER_KAFKA_MAIN_CONSUMER_GROUP_INSTANCE_ID", "$(POD_NAMESPACE).$(POD_NAME)")
                .containsEntry("FLOVER_WAIT_FOR_SERVERS", "true");
    }

    @Test
    void whilePartitionsMoveAPipelineIsAliveAndNotReady() {
        var pipeline = container(one("default", "StatefulSet"));
        assertThat(pipeline.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/health");
        assertThat(pipeline.at("/startupProbe/httpGet/path").asText()).isEqualTo("/health");
        assertThat(pipeline.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/ready");
        var serve = container(one("serve", "Deployment"));
        assertThat(serve.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/livez");
        assertThat(serve.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/readyz");
    }

    @Test
    void aGpuIsClaimedOnlyWithTheValuesForGpus() {
        assertThat(container(one("GPU", "StatefulSet")).at("/resources/limits").get("nvidia.com/gpu").asText())
                .isEqualTo("1");
        assertThat(environment(one("GPU", "StatefulSet"))).containsEntry("FLOVER_BACKEND", "cuda");
        assertThat(container(one("default", "StatefulSet")).at("/resources/limits").has("nvidia.com/gpu")).isFalse();
        assertThat(environment(one("default", "StatefulSet"))).doesNotContainKey("FLOVER_BACKEND");
    }

    @Test
    void kedaScalesByMetricsThatAPipelineRegistersAndNeverToZero() {
        var scaled = one("KEDA", "ScaledObject").get("spec");
        assertThat(scaled.get("minReplicaCount").asInt()).isPositive();
        assertThat(scaled.has("idleReplicaCount")).isFalse();
        assertThat(MonitoringTest.namesIn(scaled.at("/triggers/0/metadata/query").asText()))
                .containsExactly("flover_lag", "flover_live", "flover_waiting")
                .isSubsetOf(MonitoringTest.registered());
        assertThat(scaled.at("/scaleTargetRef/name").asText()).isEqualTo("novels-flover");
        assertThat(one("KEDA", "StatefulSet").get("spec").has("replicas")).isFalse();
    }

    @Test
    void usersOfStrimziHaveTheGrantsOfThePage() throws IOException {
        var documented = Grants.listed().stream().map(ChartTest::grant).collect(Collectors.toCollection(TreeSet::new));
        var users = rendered.get("Strimzi").stream().filter(object -> object.get("kind").asText().equals("KafkaUser"))
                .toList();
        var granted = new TreeSet<String>();
        for (var user : users) {
            String role = user.at("/metadata/name").asText().replaceFirst("novels-flover-", "");
            for (var acl : user.at("/spec/authorization/acls")) {
                for (var operation : acl.get("operations")) {
                    granted.add("%s %s %s %s %s".formatted(role, acl.at("/resource/type").asText(),
                            acl.at("/resource/patternType").asText(), acl.at("/resource/name").asText(),
                            operation.asText()).toLowerCase(Locale.ROOT));
                }
            }
        }
        assertThat(users).hasSize(5);
        assertThat(granted.stream().filter(grant -> !grant.startsWith("serve "))).containsExactlyElementsOf(documented);
    }

    @Test
    void topicsOfStrimziHaveThePoliciesOfThePage() {
        var topics = rendered.get("Strimzi").stream().filter(object -> object.get("kind").asText().equals("KafkaTopic"))
                .collect(Collectors.toMap(topic -> topic.at("/spec/topicName").asText(), topic -> topic.get("spec")));
        assertThat(topics).containsOnlyKeys("generation-requests", "generation-tokens", "generation-results",
                "generation-dead-letters", "generation-models");
        assertThat(topics.get("generation-requests").at("/config/cleanup.policy").asText()).isEqualTo("delete");
        assertThat(topics.get("generation-results").at("/config/cleanup.policy").asText()).isEqualTo("compact,delete");
        assertThat(topics.get("generation-models").at("/config/retention.ms").asText()).isEqualTo("-1");
        assertThat(topics.get("generation-models").get("partitions").asInt()).isEqualTo(1);
        assertThat(topics.get("generation-tokens").get("partitions").asInt()).isEqualTo(4);
    }

    @Test
    void settingsReachTheFileAsTheyWereWritten() {
        var objects = chart.render("settings.max-sequences", "2000000", "settings.prefix-caching", "false",
                "settings.topic-prefix", "novels-", "strimzi.enabled", "true", "strimzi.cluster", "kafka");
        var file = objects.stream().filter(object -> object.get("kind").asText().equals("ConfigMap")).findFirst()
                .orElseThrow().at("/data/flover.properties").asText();
        assertThat(file.lines()).contains("bootstrap-servers = broker:9092", "max-sequences = 2000000",
                "prefix-caching = false", "topic-prefix = novels-");
        assertThat(objects).extracting(object -> object.at("/spec/topicName").asText())
                .contains("novels-generation-requests", "novels-generation-models");
    }

    @Test
    void floverAcceptsTheSettingsOfAPod() throws Exception {
        var file = Files.writeString(folder.resolve("flover.properties"),
                one("default", "ConfigMap").at("/data/flover.properties").asText());
        var environment = new HashMap<>(environment(one("default", "StatefulSet")));
        environment.put("FLOVER_CONFIG", file.toString());
        try (var config = FloverProcess.start(folder, environment, "config")) {
            assertThat(config.awaitEnd()).as(config.output()).isZero();
            assertThat(config.output()).contains("main.consumer.group.instance.id", "broker:9092", "0.0.0.0");
        }
    }

    @Test
    void valuesThatCannotWorkAreRefusedWithTheRemedy() {
        assertThatThrownBy(chart::renderWithoutRequiredValues)
                .hasMessageContaining("kafka.bootstrapServers is required");
        assertRefused("'replcas' not allowed", "replcas", "1");
        assertRefused("minReplicas", "keda.minReplicas", "0");
        assertRefused("settings.model is set by the chart", "settings.model", "/models/x");
        assertRefused("keda.prometheusUrl is required", "keda.enabled", "true");
        assertRefused("strimzi.cluster is required", "strimzi.enabled", "true");
        assertRefused("keda.maxReplicas must be at most strimzi.partitions (4)", "keda.enabled", "true",
                "keda.prometheusUrl", "http://prometheus", "keda.maxReplicas", "5", "strimzi.enabled", "true",
                "strimzi.cluster", "kafka");
    }

    private static void assertRefused(String message, String... values) {
        assertThatThrownBy(() -> chart.render(values)).as("%s", List.of(values)).hasMessageContaining(message);
    }

    private static String grant(AclBinding binding) {
        var resource = binding.pattern();
        return "%s %s %s %s %s".formatted(binding.entry().principal().replaceFirst("User:", ""),
                resource.resourceType().name().replace("_", ""),
                resource.patternType().name().replace("PREFIXED", "prefix"), resource.name(),
                binding.entry().operation().name().replace("_", "")).toLowerCase(Locale.ROOT);
    }

    private static boolean isOfAnOperator(JsonNode object) {
        return object.get("apiVersion").asText().matches(".*(strimzi\\.io|keda\\.sh|coreos\\.com)/.*");
    }

    private static Set<String> kinds(String values) {
        return rendered.get(values).stream().map(object -> object.get("kind").asText())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static JsonNode one(String values, String kind) {
        return rendered.get(values).stream().filter(object -> object.get("kind").asText().equals(kind)).findFirst()
                .orElseThrow();
    }

    private static JsonNode pod(JsonNode object) {
        return object.get("kind").asText().equals("Pod") ? object.get("spec") : object.at("/spec/template/spec");
    }

    private static JsonNode container(JsonNode object) {
        return object.at("/spec/template/spec/containers/0");
    }

    private static Map<String, String> environment(JsonNode object) {
        return container(object).get("env").valueStream()
                .collect(Collectors.toMap(entry -> entry.get("name").asText(), entry -> entry.path("value").asText()));
    }

    private static List<String> volumes(JsonNode pod) {
        var names = new ArrayList<String>();
        pod.path("volumes").forEach(volume -> names.add(volume.get("name").asText()));
        return names;
    }
}
