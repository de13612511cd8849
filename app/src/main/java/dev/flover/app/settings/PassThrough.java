package dev.flover.app.settings;

import dev.flover.schemas.json.NearestName;
import io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig;
import io.confluent.kafka.serializers.KafkaAvroDeserializerConfig;
import io.confluent.kafka.serializers.KafkaAvroSerializerConfig;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/// Settings that are passed to a client unchanged, such as `kafka.linger.ms` and
/// `registry.value.subject.name.strategy`.
public enum PassThrough {
    /// Properties of Kafka's clients and of Kafka Streams. A prefix `producer.`, `consumer.` or `admin.`, or another
    /// prefix of Kafka Streams, limits a property to one kind of client.
    KAFKA("kafka",
            List.of("main.consumer.", "restore.consumer.", "global.consumer.", "consumer.", "producer.", "admin."),
            Map.of("bootstrap.servers", "bootstrap-servers", "application.id", "application-id", "state.dir", "data",
                    "processing.guarantee", "delivery")),
    /// Properties of the registry's client and its serializers.
    REGISTRY("registry", List.of("schema.registry."),
            Map.of("schema.registry.url", "schema-registry-url"));

    private static final Pattern SECRET = Pattern.compile(
            "(.*[.])?(password|secret|jaas[.]config|user[.]info|auth[.]token|keystore[.]key|private[.]key"
                    + "|passphrase|credentials)");
    private static final String INTERNAL_TOPICS = "topic.";

    private final String prefix;
    private final List<String> kinds;
    private final Map<String, String> settings;

    PassThrough(String prefix, List<String> kinds, Map<String, String> settings) {
        this.prefix = prefix;
        this.kinds = kinds;
        this.settings = settings;
    }

    /// Returns the client that a name in the configuration file belongs to, if it begins with a client's prefix.
    static Optional<PassThrough> of(String key) {
        return Stream.of(values()).filter(one -> key.startsWith(one.prefix + ".")).findFirst();
    }

    /// Returns the client that a property without prefix is for: the registry's client if only that one knows it.
    public static PassThrough forClientProperty(String property) {
        boolean registry = !KAFKA.known().containsKey(property) && REGISTRY.known().containsKey(property)
                || Stream.of("schema.registry.", "basic.auth.", "bearer.auth.").anyMatch(property::startsWith);
        return registry ? REGISTRY : KAFKA;
    }

    /// Tells whether any client knows a property of that name, without the prefix of its setting.
    static boolean isProperty(String name) {
        return Stream.of(values()).anyMatch(one -> one.known().containsKey(one.bare(name)));
    }

    public String option() {
        return "--" + prefix;
    }

    /// Returns the name of the setting for a property of this client.
    public String key(String property) {
        return prefix + "." + property;
    }

    /// Returns the client's property for the name of a setting.
    String property(String key) {
        return key.substring(prefix.length() + 1);
    }

    String variablePrefix() {
        return "FLOVER_" + prefix.toUpperCase(Locale.ROOT) + "_";
    }

    /// Returns the environment variable for a property of this client.
    String variable(String property) {
        return variablePrefix() + upper(property);
    }

    /// Returns the property for an environment variable: `sasl.jaas.config` for `..._SASL_JAAS_CONFIG`. If no client
    /// knows a property of that spelling, each underscore becomes a full stop.
    String propertyOf(String variable) {
        String rest = variable.substring(variablePrefix().length());
        return named(rest).orElseGet(() -> rest.toLowerCase(Locale.ROOT).replace('_', '.'));
    }

    /// Returns the known property for the end of a variable's name, if there is one.
    Optional<String> named(String rest) {
        for (String kind : Stream.concat(Stream.of(""), kinds.stream()).toList()) {
            for (String name : known().keySet()) {
                if (upper(kind + name).equals(rest)) {
                    return Optional.of(kind + name);
                }
            }
        }
        return Optional.empty();
    }

    private static String upper(String property) {
        return property.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }

    /// Tells whether the property's value must not be shown.
    public boolean isSecret(String property) {
        var key = known().get(bare(property));
        return key != null && key.type == Type.PASSWORD || SECRET.matcher(bare(property)).matches();
    }

    /// @throws SettingException if the name is misspelt, the client does not accept the value, or the property has a
    ///                          setting of its own
    void check(String property, Given given) {
        String bare = bare(property);
        if (settings.containsKey(bare)) {
            throw new SettingException(place(property, given) + " has a setting of its own: set "
                    + settings.get(bare) + " instead");
        }
        var key = known().get(bare);
        if (key == null) {
            requireNoTypo(property, bare, given);
            return;
        }
        try {
            Object value = ConfigDef.parseType(bare, given.text(), key.type);
            if (key.validator != null) {
                key.validator.ensureValid(bare, value);
            }
        } catch (ConfigException e) {
            if (isSecret(property)) {
                throw new SettingException(place(property, given) + " cannot be used; its value is not shown");
            }
            throw new SettingException(place(property, given) + " cannot be used: " + e.getMessage(), e);
        }
    }

    /// Refuses a property that the client does not know but whose name is close to a known one. Other unknown
    /// properties are allowed, since they may belong to an interceptor or a login module.
    private void requireNoTypo(String property, String bare, Given given) {
        String nearest = NearestName.to(bare, known().keySet());
        int near = bare.length() / 8 + 1;
        if (!bare.startsWith(INTERNAL_TOPICS) && NearestName.distance(bare, nearest) <= near) {
            throw new SettingException(place(property, given) + " is not a property of the client; the nearest is "
                    + key(property.substring(0, property.length() - bare.length()) + nearest));
        }
    }

    private String place(String property, Given given) {
        return given.source().words() + ": " + key(property);
    }

    /// Removes the prefix for one kind of client from a property's name.
    private String bare(String property) {
        return kinds.stream().filter(property::startsWith).findFirst()
                .map(kind -> property.substring(kind.length()))
                .filter(rest -> !known().containsKey(property)).orElse(property);
    }

    /// Returns the secrets that `flover config` lists even if they are not set.
    public List<String> usualSecrets() {
        return switch (this) {
            case KAFKA -> List.of("sasl.jaas.config", "ssl.key.password", "ssl.keystore.password",
                    "ssl.truststore.password");
            case REGISTRY -> List.of("basic.auth.user.info", "bearer.auth.token");
        };
    }

    /// Returns the client's properties by name. They are loaded at the first call, so that a command that passes no
    /// property on does not load the client's classes.
    private Map<String, ConfigKey> known() {
        return switch (this) {
            case KAFKA -> KafkaKeys.KEYS;
            case REGISTRY -> RegistryKeys.KEYS;
        };
    }

    private static final class KafkaKeys {
        private static final Map<String, ConfigKey> KEYS = keys();

        private static Map<String, ConfigKey> keys() {
            var keys = new TreeMap<String, ConfigKey>();
            for (var client : List.of(StreamsConfig.configDef(), AdminClientConfig.configDef(),
                    ConsumerConfig.configDef(), ProducerConfig.configDef())) {
                keys.putAll(client.configKeys());
            }
            return keys;
        }
    }

    private static final class RegistryKeys {
        private static final Map<String, ConfigKey> KEYS = keys();

        private static Map<String, ConfigKey> keys() {
            var keys = new TreeMap<>(AbstractKafkaSchemaSerDeConfig.baseConfigDef().configKeys());
            var more = new ConfigDef();
            for (String name : List.of(KafkaAvroSerializerConfig.AVRO_REMOVE_JAVA_PROPS_CONFIG,
                    KafkaAvroSerializerConfig.AVRO_USE_LOGICAL_TYPE_CONVERTERS_CONFIG,
                    KafkaAvroSerializerConfig.AVRO_REFLECTION_ALLOW_NULL_CONFIG,
                    KafkaAvroDeserializerConfig.SPECIFIC_AVRO_READER_CONFIG, "missing.cache.size",
                    "missing.id.cache.ttl.sec", "missing.version.cache.ttl.sec", "missing.schema.cache.ttl.sec",
                    "url.randomize", "bearer.auth.cache.expiry.buffer.seconds")) {
                more.define(name, Type.STRING, ConfigDef.Importance.LOW, name);
            }
            more.configKeys().forEach(keys::putIfAbsent);
            return keys;
        }
    }
}
