package dev.flover.app.page;

import dev.flover.app.connection.Connection;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.http.Bridge;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The configuration of the page.
///
/// @param host       the address to listen at
/// @param port       the port to listen on; 0 takes a free one
/// @param orAnyPort  whether another port is taken if this one is in use
/// @param shownToken the token, if it was made for this start and may be printed
public record PageConfig(
        String host, int port, boolean orAnyPort, PageAccess access, Optional<String> shownToken, Topics topics) {
    private static final String LOOPBACK = "127.0.0.1";
    private static final int USUAL_PORT = 9465;
    private static final int MOST_PORT = 65_535;
    private static final String OFF = "off";

    /// The topics of the pipeline, and its consumer group.
    ///
    /// @param group the application id
    public record Topics(Connection connection, TopicNames names, String group) {}

    /// The page of a pipeline without settings: on loopback, at any free port if the usual one is in use.
    public static PageConfig usual(Topics topics) {
        return of(LOOPBACK, USUAL_PORT, true, Set.of(), topics);
    }

    private static PageConfig of(String host, int port, boolean orAnyPort, Set<String> hosts, Topics topics) {
        String token = PageAccess.randomToken();
        return new PageConfig(host, port, orAnyPort, new PageAccess(Bridge.isLoopback(host), hosts, () -> token),
                Optional.of(token), topics);
    }

    /// The page that the settings describe; empty if they turn it off.
    public static Optional<PageConfig> of(Settings settings, Topics topics) {
        String address = settings.find(SettingTable.PAGE).orElse(Integer.toString(USUAL_PORT));
        if (address.equals(OFF)) {
            return Optional.empty();
        }
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? LOOPBACK : address.substring(0, colon).replaceAll("[\\[\\]]", "");
        var hosts = settings.find(SettingTable.PAGE_HOSTS).stream().flatMap(list -> Stream.of(list.split(",")))
                .map(name -> name.strip().toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
        var config = of(host, portOf(address),
                settings.find(SettingTable.PAGE).isEmpty(), hosts, topics);
        var file = settings.find(SettingTable.PAGE_TOKEN);
        if (file.isEmpty()) {
            return Optional.of(config);
        }
        return Optional.of(new PageConfig(host, config.port(), config.orAnyPort(), new PageAccess(
                config.access().onLoopback(), hosts, () -> token(file.get())), Optional.empty(),
                topics));
    }

    private static int portOf(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    /// Checks what can be checked before anything is started.
    ///
    /// @throws CommandException if the port does not exist, or the file of the token cannot be used
    public static void check(Settings settings) {
        settings.find(SettingTable.PAGE).filter(address -> !address.equals(OFF)).ifPresent(address -> {
            int port = portOf(address);
            if (port > MOST_PORT) {
                throw new CommandException(settings.words(SettingTable.PAGE) + ": the port must be in [0, " + MOST_PORT
                        + "], was " + port);
            }
        });
        settings.find(SettingTable.PAGE_TOKEN).ifPresent(PageConfig::token);
    }

    private static String token(Path file) {
        return PipelineListener.token(file, SettingTable.PAGE_TOKEN);
    }

    PageConfig onAnyPort() {
        return new PageConfig(host, 0, false, access, shownToken, topics);
    }
}
