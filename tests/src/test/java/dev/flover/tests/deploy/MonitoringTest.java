package dev.flover.tests.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.topology.metrics.PipelineMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/// Checks the alerts and the dashboard in `deploy/` against the metrics that a pipeline registers, against their pages,
/// and with Prometheus' own tool.
class MonitoringTest {
    private static final Path DEPLOY = Path.of("..", "deploy");
    private static final Path ALERTS = DEPLOY.resolve("helm/flover/files/alerts.yml");
    private static final Path ALERTS_TEST = DEPLOY.resolve("prometheus/alerts-test.yml");
    private static final Path DASHBOARD = DEPLOY.resolve("helm/flover/files/dashboard.json");
    private static final Path RUNBOOK = Path.of("..", "docs/operate/when-something-is-wrong.md");
    private static final Pattern METRIC = Pattern.compile("\\bflover_[a-z_]+");
    private static final Pattern ALERT_ROW = Pattern.compile("(?m)^\\| <a id=\"(\\w+)\"></a>`(Flover\\w+)` \\|");

    @Test
    void everyMetricOfAlertsAndDashboardIsRegisteredByAPipeline() throws IOException {
        var registered = registered();
        assertThat(registered).hasSizeGreaterThan(30);
        for (var file : List.of(ALERTS, ALERTS_TEST, DASHBOARD)) {
            assertThat(namesIn(Files.readString(file))).as(file.toString()).isNotEmpty().isSubsetOf(registered);
        }
    }

    @Test
    void everyAlertHasASummaryAndADescriptionAndARowThatSaysWhatToDo() throws IOException {
        var rows = ALERT_ROW.matcher(Files.readString(RUNBOOK)).results()
                .collect(Collectors.toMap(row -> row.group(2), row -> row.group(1)));
        var alerts = alerts();
        assertThat(rows.keySet()).isEqualTo(alerts.keySet());
        alerts.forEach((name, alert) -> {
            assertThat(alert.at("/labels/severity").asText()).as(name).isIn("critical", "warning");
            assertThat(alert.at("/annotations/summary").asText()).as(name).isNotBlank();
            assertThat(alert.at("/annotations/description").asText()).as(name).hasSizeGreaterThan(80);
            assertThat(alert.at("/annotations/runbook").asText()).as(name)
                    .isEqualTo("docs/operate/when-something-is-wrong.md#" + rows.get(name));
        });
    }

    @Test
    void everyAlertFiresInATestOfPrometheusOwnTool() throws IOException, InterruptedException {
        var tests = Files.readString(ALERTS_TEST);
        assertThat(alerts().keySet()).allSatisfy(name ->
                assertThat(tests).contains("ALERTS{alertname=\"" + name + "\", alertstate=\"firing\""));

        var promtool = ExternalProgram.promtool();
        assertThat(promtool.run("", "check", "rules", ALERTS.toString())).anyMatch(line -> line.contains("SUCCESS"));
        assertThat(promtool.run("", "test", "rules", ALERTS_TEST.toString()))
                .anyMatch(line -> line.contains("SUCCESS"));
    }

    @Test
    void everyPanelSaysInAUnitWhatItShows() throws IOException {
        var panels = new ObjectMapper().readTree(Files.readString(DASHBOARD)).get("panels");
        assertThat(panels).hasSizeGreaterThan(20).filteredOn(panel -> !panel.get("type").asText().equals("row"))
                .allSatisfy(panel -> {
                    assertThat(panel.get("title").asText()).isNotBlank();
                    assertThat(panel.get("description").asText()).isNotBlank();
                    assertThat(panel.at("/fieldConfig/defaults/unit").asText()).isNotBlank();
                    assertThat(panel.get("targets")).isNotEmpty();
                });
        assertThat(panels).extracting(panel -> panel.get("id").asInt()).doesNotHaveDuplicates();
    }

    private static Map<String, JsonNode> alerts() throws IOException {
        return Yaml.read(ALERTS).at("/groups/0/rules").valueStream()
                .collect(Collectors.toMap(rule -> rule.get("alert").asText(), rule -> rule));
    }

    static Set<String> namesIn(String text) {
        return METRIC.matcher(text).results().map(name -> name.group()).collect(Collectors.toCollection(TreeSet::new));
    }

    /// The names of a pipeline's metrics, as Prometheus reads them.
    static Set<String> registered() {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var metrics = new PipelineMetrics(meters, new PipelineMetrics.Readings() {
            @Override
            public int generationsLeft() {
                return 0;
            }

            @Override
            public long transactionTimeMs() {
                return 0;
            }

            @Override
            public long recordsToRestore() {
                return 0;
            }

            @Override
            public double silentSeconds() {
                return 0;
            }

            @Override
            public long stalledPartitions() {
                return 0;
            }
        });
        metrics.lags(Map.of(new TopicPartition("requests", 0), 0L));
        return meters.scrape().lines().filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[ {]")[0]).collect(Collectors.toCollection(TreeSet::new));
    }
}
