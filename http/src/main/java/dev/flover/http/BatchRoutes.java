package dev.flover.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.access.Grant;
import dev.flover.http.batches.BatchObject;
import dev.flover.http.batches.Batches;
import dev.flover.http.openai.ApiError;
import dev.flover.http.topics.TopicBridge;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.schemas.json.NearestName;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The routes `/v1/batches`: makes jobs of uploaded files, and tells how far they are.
final class BatchRoutes {
    private static final String INPUT = "input_file_id";
    private static final String ENDPOINT = "endpoint";
    private static final String WINDOW = "completion_window";
    private static final String METADATA = "metadata";
    private static final String EXPIRES = "output_expires_after";
    private static final List<String> KNOWN = List.of(INPUT, ENDPOINT, WINDOW, METADATA, EXPIRES);
    private static final Pattern TIME = Pattern.compile("([1-9]\\d{0,4})([mhd])");
    private static final Duration MOST_TIME = Duration.ofDays(7);
    private static final int MOST_METADATA = 16;
    private static final int MOST_KEY_CHARS = 64;
    private static final int MOST_VALUE_CHARS = 512;
    private static final int PAGE = 20;

    private final BridgeConfig config;
    private final Batches batches;
    private final TopicBridge topics;

    BatchRoutes(BridgeConfig config, Batches batches, TopicBridge topics) {
        this.config = config;
        this.batches = batches;
        this.topics = topics;
    }

    void create(Exchange exchange, Grant grant) throws IOException {
        Guard.requireJson(exchange);
        var body = JsonRequests.parse(exchange.body(config.limits().bodyBytes()));
        requireKnown(body);
        String endpoint = text(body, ENDPOINT);
        if (!Batches.endpoints().contains(endpoint)) {
            throw ApiError.invalid(ENDPOINT, "endpoint must be one of " + String.join(", ", Batches.endpoints())
                    + ", was " + endpoint);
        }
        String window = text(body, WINDOW);
        var asked = new Batches.Asked(text(body, INPUT), endpoint, window, time(window), metadata(body), kept(body),
                Completions.key(exchange));
        String model = topics.cluster().defaultModel().orElseThrow(() -> ApiError.unavailable(
                "no pipeline has registered on these topics yet; `flover up` runs one"));
        exchange.sendJson(200, batches.create(grant, asked, model).json());
    }

    private static void requireKnown(ObjectNode body) {
        body.fieldNames().forEachRemaining(name -> {
            if (!KNOWN.contains(name)) {
                throw ApiError.unknownParameter(name, "there is no parameter " + name + "; the nearest is "
                        + NearestName.to(name, new TreeSet<>(KNOWN)));
            }
        });
    }

    private static String text(ObjectNode body, String name) {
        var value = body.get(name);
        if (value == null || !value.isTextual()) {
            throw ApiError.invalid(name, name + " must be a text, was " + (value == null ? "missing" : value));
        }
        return value.textValue();
    }

    private static Duration time(String window) {
        var matcher = TIME.matcher(window);
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            var time = switch (matcher.group(2)) {
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
            if (time.compareTo(MOST_TIME) <= 0) {
                return time;
            }
        }
        throw ApiError.invalid(WINDOW, WINDOW + " must be a length of time such as 24h, 30m or 7d, of at most "
                + MOST_TIME.toDays() + "d, was " + window);
    }

    private static Map<String, String> metadata(ObjectNode body) {
        var given = body.path(METADATA);
        if (given.isMissingNode() || given.isNull()) {
            return Map.of();
        }
        var metadata = new HashMap<String, String>();
        given.properties().forEach(each -> metadata.put(each.getKey(), each.getValue().textValue()));
        boolean good = given.isObject() && metadata.size() <= MOST_METADATA && metadata.entrySet().stream().allMatch(
                each -> each.getKey().length() <= MOST_KEY_CHARS && each.getValue() != null
                        && each.getValue().length() <= MOST_VALUE_CHARS);
        if (!good) {
            throw ApiError.invalid(METADATA, METADATA + " must be an object of at most " + MOST_METADATA
                    + " texts of at most " + MOST_VALUE_CHARS + " characters, with names of at most " + MOST_KEY_CHARS);
        }
        return metadata;
    }

    private Duration kept(ObjectNode body) {
        JsonNode given = body.path(EXPIRES);
        return given.isMissingNode() || given.isNull() ? config.uploads().kept()
                : FileRoutes.kept(EXPIRES, given.path("anchor").textValue(), given.path("seconds").asText());
    }

    void list(Exchange exchange, Grant grant) throws IOException {
        Pages.send(exchange, batches.list(grant), PAGE, batch -> batch.known().job().id(),
                BatchObject::json);
    }

    void retrieve(Exchange exchange, Grant grant, String id) throws IOException {
        exchange.sendJson(200, batches.find(grant, id).json());
    }

    void cancel(Exchange exchange, Grant grant, String id) throws IOException {
        exchange.sendJson(200, batches.cancel(grant, id).json());
    }
}
