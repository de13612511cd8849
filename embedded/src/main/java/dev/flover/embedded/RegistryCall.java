package dev.flover.embedded;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An HTTP request to the registry. Calls that change something are stored in the journal in this form.
///
/// @param method GET, POST, PUT or DELETE
/// @param path   as sent: still percent-encoded, without the query
/// @param query  as sent; empty if there is none
/// @param body   JSON; empty if there is none
record RegistryCall(String method, String path, String query, String body) {
    /// Returns the segments of the path, decoded.
    List<String> segments() {
        return Arrays.stream(path.split("/")).filter(segment -> !segment.isEmpty())
                .map(RegistryCall::decoded).toList();
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(parameters().get(name));
    }

    String parameter(String name, String otherwise) {
        return parameters().getOrDefault(name, otherwise);
    }

    private Map<String, String> parameters() {
        var parameters = new HashMap<String, String>();
        for (var pair : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                parameters.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
