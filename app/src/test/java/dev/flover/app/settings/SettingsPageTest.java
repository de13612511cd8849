package dev.flover.app.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.settings.Setting.Reader;
import dev.flover.app.settings.Setting.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Compares `docs/operate/settings.md` with the table of settings, and checks that other pages link to existing
/// settings.
class SettingsPageTest {
    private static final String RENEW = "flover.renew";
    private static final Path ROOT = Path.of("..");
    private static final Path PAGE = ROOT.resolve("docs/operate/settings.md");
    private static final Pattern ANCHOR = Pattern.compile("(?m)<a id=\"([a-z-]+)\">|^## (.+)$");
    private static final Pattern LINK = Pattern.compile("settings\\.md#([a-z0-9-]+)");

    @Test
    void thePageIsTheTable() throws IOException {
        String page = page();
        if (Boolean.getBoolean(RENEW)) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
                .as("docs/operate/settings.md, which says how to renew it").isEqualTo(page);
    }

    @Test
    void theExampleCanBeUsed() {
        var example = ROOT.resolve("flover.properties.example");

        var settings = Settings.resolve(Optional.of(example.toString()), new HashMap<>(), Map.of(), Map.of());

        assertThat(settings.get(SettingTable.MAX_SEQUENCES)).isEqualTo(32);
        assertThat(settings.get(SettingTable.TENANT_WEIGHTS)).containsEntry("trainees", 0.5);
        assertThat(settings.passed(PassThrough.REGISTRY)).containsEntry("auto.register.schemas", "false");
    }

    @Test
    void linksToASettingFindIt() throws IOException {
        List<String> anchors = ANCHOR.matcher(Files.readString(PAGE)).results()
                .map(found -> found.group(1) != null ? found.group(1)
                        : found.group(2).toLowerCase(Locale.ROOT).replace(' ', '-'))
                .toList();
        try (Stream<Path> pages = Files.walk(ROOT.resolve("docs"))) {
            for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
                LINK.matcher(Files.readString(page)).results()
                        .forEach(link -> assertThat(anchors).as(page.toString()).contains(link.group(1)));
            }
        }
    }

    private static String page() {
        var page = new StringBuilder("""
                # Settings

                Every setting of `up`, of `serve` and of the clients `submit`, `tail`, `cancel`, `parked` and `forget`.
                `SettingsPageTest` compares this page with the table that the commands themselves use. Renew it with

                ```
                ./mvnw -pl app -am test -Dtest=SettingsPageTest -Dsurefire.failIfNoSpecifiedTests=false \\
                    -Dflover.renew=true
                ```

                ## Where a setting is given

                Each has one name in three spellings, and each place overrides the one before:

                | place | spelling |
                |---|---|
                | the file of `--config FILE` or `$FLOVER_CONFIG`: Java properties in UTF-8 | `max-sequences = 64` |
                | the environment | `FLOVER_MAX_SEQUENCES=64` |
                | the command line | `--max-sequences 64` |

                `flover config` takes the same options, checks everything, and shows each value with its place:
                default, file and line, variable, or option; `--json` for programs. One file serves the pipeline and
                its clients: a command ignores what only others use, but refuses what nobody knows, with the nearest
                name that there is. [An example](../../flover.properties.example).

                - A length of time is a number with `ms`, `s`, `m`, `h` or `d`; a bare number counts milliseconds. A
                  size is a number with `KiB`, `MiB` or `GiB`; a bare number counts bytes.
                - A flag is `--name` or `--no-name` on the command line, `true` or `false` elsewhere.
                - An empty variable says nothing. A relative path begins at the working directory.
                - `FLOVER_NAME_FILE` names a file that holds the value of `FLOVER_NAME`, as container secrets come.
                - `FLOVER_LOG_LEVEL` and `FLOVER_LOG_FORMAT` stand for `--log-level` and `--log-format`;
                  `FLOVER_JAVA_OPTS` and `FLOVER_JAVA_HOME` are for the launcher. What Kubernetes sets for services
                  named `flover` or `flover-...` is passed over.

                ## Properties of clients

                | spelling | goes to |
                |---|---|
                | `kafka.NAME`, `FLOVER_KAFKA_NAME`, `--kafka NAME=VALUE` | Kafka Streams and Kafka's clients |
                | `kafka.producer.NAME`, and `consumer.`, `admin.` | one kind of client; also `main.consumer.` and \
                `restore.consumer.` of Kafka Streams |
                | `registry.NAME`, `FLOVER_REGISTRY_NAME`, `--registry NAME=VALUE` | the registry's client and its \
                serializers |

                They win over what Flover sets by itself. In a variable an underscore stands for each full stop. A name
                that is a letter or two off a known one is refused, and so is a value that the client would refuse;
                other names are handed on. `registry.ssl.*` is the registry's own TLS. The file of
                `--client-properties` is one as Kafka's tools take it, without prefixes; what the registry's client
                alone knows (`value.subject.name.strategy`, `auto.register.schemas`, ...) goes there, all else to
                Kafka, and everything above wins over it.

                Secrets (passwords, `sasl.jaas.config`, `basic.auth.user.info`, tokens, keys) come from files or
                variables: as options they are refused, `flover config` shows them as set or not, and no message or log
                line repeats them.
                """);
        for (var section : Section.values()) {
            append(page, section);
        }
        return page.toString();
    }

    private static void append(StringBuilder page, Section section) {
        page.append("\n## ").append(section.title())
                .append("\n\n| setting | values | default | |\n|---|---|---|---|\n");
        SettingTable.all().stream().filter(setting -> setting.section() == section)
                .forEach(setting -> page.append(row(setting)));
    }

    private static String row(Setting<?> setting) {
        String standard = setting.standard().filter(text -> !text.isEmpty()).map(text -> "`" + text + "`").orElse("");
        String clients = !setting.readers().contains(Reader.CLIENT) ? ""
                : setting.readers().contains(Reader.PIPELINE) ? " Clients too." : " Clients only.";
        return "| <a id=\"" + setting.name() + "\"></a>`" + setting.name() + "` | " + cell(setting.kind().expected())
                + " | " + standard + " | " + cell(setting.description()) + clients + " |\n";
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;");
    }
}
