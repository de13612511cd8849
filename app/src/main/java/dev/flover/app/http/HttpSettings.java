package dev.flover.app.http;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.app.settings.UnknownParameters;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.BridgeStartException;
import dev.flover.http.access.AccessTokens;
import dev.flover.http.access.TokenFileException;
import dev.flover.http.batches.Uploads;
import dev.flover.http.openai.TokenTexts;
import dev.flover.http.topics.TopicAccess;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Makes the configuration of the HTTP bridge from the settings.
public record HttpSettings(Settings settings) {
    private static final String LOOPBACK = "127.0.0.1";
    private static final int USUAL_PORT = 8080;

    /// Starts the bridge of the command `serve`, on port 8080 unless the settings name another.
    ///
    /// @param texts the model's tokenizer; null if there is none
    /// @throws CommandException if it cannot start
    Bridge start(Connection connection, TopicNames topics, @Nullable TokenTexts texts) {
        return start(connection, topics, texts,
                settings.find(SettingTable.HTTP).orElse(Integer.toString(USUAL_PORT)));
    }

    /// Starts a bridge beside a pipeline, if the settings ask for one. A pipeline with embedded servers always has one,
    /// on any free port if port 8080 is in use.
    ///
    /// @param texts the model's tokenizer; null if there is none
    /// @throws CommandException if it cannot start
    public Optional<Bridge> startBeside(
            Connection connection, TopicNames topics, @Nullable TokenTexts texts, boolean embedded) {
        var address = settings.find(SettingTable.HTTP);
        if (address.isPresent()) {
            return Optional.of(start(connection, topics, texts, address.get()));
        }
        if (!embedded) {
            return Optional.empty();
        }
        try {
            return Optional.of(start(connection, topics, texts, Integer.toString(USUAL_PORT)));
        } catch (CommandException e) {
            return Optional.of(start(connection, topics, texts, "0"));
        }
    }

    /// Checks what can be checked before anything is started.
    ///
    /// @throws CommandException if the file of tokens cannot be used
    public void check() {
        try {
            settings.find(SettingTable.HTTP_TOKENS).ifPresent(AccessTokens::open);
        } catch (TokenFileException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    /// Starts a bridge without settings, on port 8080 or, if it is in use, on any free port.
    ///
    /// @param texts the model's tokenizer; null if there is none
    /// @throws CommandException if it cannot start
    public static Bridge startUsual(Connection connection, TopicNames topics, @Nullable TokenTexts texts) {
        var access = access(connection, topics);
        try {
            return start(BridgeConfig.of(LOOPBACK, USUAL_PORT, access), texts);
        } catch (CommandException e) {
            return start(BridgeConfig.of(LOOPBACK, 0, access), texts);
        }
    }

    private Bridge start(Connection connection, TopicNames topics, @Nullable TokenTexts texts, String address) {
        return start(config(connection, topics, address), texts);
    }

    private static Bridge start(BridgeConfig config, @Nullable TokenTexts texts) {
        try {
            return Bridge.start(config, texts);
        } catch (BridgeStartException e) {
            throw new CommandException("the HTTP bridge does not start: " + e.getMessage(), e);
        }
    }

    private BridgeConfig config(Connection connection, TopicNames topics, String address) {
        int colon = address.lastIndexOf(':');
        String host = colon < 0 ? LOOPBACK : address.substring(0, colon).replaceAll("[\\[\\]]", "");
        var limits = BridgeConfig.Limits.standard()
                .withBodyBytes(Math.toIntExact(settings.get(SettingTable.HTTP_BODY)))
                .withConnections(settings.get(SettingTable.HTTP_CONNECTIONS))
                .withWaiting(settings.get(SettingTable.HTTP_WAITING));
        return new BridgeConfig(host, Integer.parseInt(address.substring(colon + 1)),
                access(connection, topics),
                new BridgeConfig.Access(settings.find(SettingTable.HTTP_TOKENS),
                        names(settings.find(SettingTable.HTTP_HOSTS)), names(settings.find(SettingTable.HTTP_ORIGINS))),
                limits, new Uploads(settings.get(SettingTable.HTTP_FILES_QUOTA),
                        settings.get(SettingTable.HTTP_FILES_KEPT)),
                settings.get(SettingTable.HTTP_UNKNOWN) == UnknownParameters.IGNORE);
    }

    /// Returns the names of a pipeline's topics, and the properties of their clients.
    public static TopicAccess access(Connection connection, TopicNames topics) {
        return new TopicAccess(new TopicAccess.TopicsOfBridge(topics.requests(), topics.tokens(),
                topics.results(), topics.models()),
                connection.consumer(), connection.producer(), connection.registry());
    }

    private static Set<String> names(Optional<String> list) {
        return list.stream().flatMap(text -> Stream.of(text.split(","))).map(String::strip)
                .collect(Collectors.toSet());
    }

    /// Returns a warning if the bridge is reachable from other machines and needs no token; otherwise empty.
    public Optional<String> warning() {
        var address = settings.find(SettingTable.HTTP).filter(text -> text.contains(":"));
        boolean open = address.isPresent() && settings.find(SettingTable.HTTP_TOKENS).isEmpty()
                && !Bridge.isLoopback(address.get().substring(0, address.get().lastIndexOf(':')));
        return open
                ? Optional.of("everybody who can reach " + address.get()
                        + " may send requests, because http-tokens is not set")
                : Optional.empty();
    }
}
