package dev.flover.app.connection;

import dev.flover.app.settings.Setting;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.util.List;

/// The names of the topics according to the settings.
public final class TopicSettings {
    private TopicSettings() {}

    /// Returns the topics' names. The prefix is put before each name that is a default, not before names that are set.
    public static TopicNames names(Settings settings) {
        return new TopicNames(name(settings, SettingTable.REQUESTS_TOPIC), name(settings, SettingTable.TOKENS_TOPIC),
                name(settings, SettingTable.RESULTS_TOPIC), name(settings, SettingTable.DEAD_LETTERS_TOPIC),
                name(settings, SettingTable.MODELS_TOPIC),
                settings.find(SettingTable.FLAT_RESULTS_TOPIC).orElse(null));
    }

    private static String name(Settings settings, Setting<String> topic) {
        return (settings.isSet(topic) ? "" : settings.get(SettingTable.TOPIC_PREFIX)) + settings.get(topic);
    }

    static boolean areSet(Settings settings) {
        return List.of(SettingTable.TOPIC_PREFIX, SettingTable.REQUESTS_TOPIC, SettingTable.TOKENS_TOPIC,
                SettingTable.RESULTS_TOPIC, SettingTable.DEAD_LETTERS_TOPIC, SettingTable.MODELS_TOPIC).stream()
                .anyMatch(settings::isSet);
    }
}
