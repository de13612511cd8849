package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.SchemaProvider;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.RestService;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/// Fetches a registry's schemas by GUID with Confluent's client, which can only ask by integer id. Each GUID gets a
/// number; when the client asks for `/schemas/ids/NUMBER`, the request goes to `/schemas/guids/GUID` instead.
///
/// The numbers are valid within this object only. Thread-safe.
public final class SchemasByGuid {
    private static final Pattern BY_ID = Pattern.compile("/schemas/ids/(\\d+)(\\?.*)?$");

    private final Map<Integer, UUID> guids = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();
    private final SchemaRegistryClient client;

    /// @param properties configuration of the registry's client
    public SchemasByGuid(List<String> urls, int cached, List<SchemaProvider> providers, Map<String, ?> properties) {
        client = new CachedSchemaRegistryClient(new ByGuid(urls), cached, providers, properties, Map.of());
    }

    /// Assigns a new number to a GUID.
    public int number(UUID guid) {
        int number = last.incrementAndGet();
        guids.put(number, guid);
        return number;
    }

    /// Frees a number that no caller needs any more.
    public void forget(int number) {
        guids.remove(number);
    }

    public SchemaRegistryClient client() {
        return client;
    }

    private final class ByGuid extends RestService {
        ByGuid(List<String> urls) {
            super(urls);
        }

        @Override
        protected HttpURLConnection buildConnection(URL url, String method, Map<String, String> properties)
                throws IOException {
            var byId = BY_ID.matcher(url.toString());
            var guid = byId.find() ? guids.get(Integer.parseInt(byId.group(1))) : null;
            return super.buildConnection(guid == null
                    ? url
                    : URI.create(byId.replaceFirst("/schemas/guids/" + guid)).toURL(), method, properties);
        }
    }
}
