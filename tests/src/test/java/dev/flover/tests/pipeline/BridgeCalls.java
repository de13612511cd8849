package dev.flover.tests.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/// Calls of a bridge's files and batches by the holder of a bearer token, without a library of OpenAI's.
record BridgeCalls(String url, String token, HttpClient client) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String BOUNDARY = "boundary-of-the-test";

    /// The answer of a call: the body is JSON, or a text node.
    record Said(int status, JsonNode body) {
        String text(String path) {
            return body.at(path).asText();
        }
    }

    static BridgeCalls of(String url, String token) {
        return new BridgeCalls(url, token, HttpClient.newHttpClient());
    }

    Said upload(String content) {
        String head = "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"";
        return send(request("/v1/files").header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(BodyPublishers.ofString(head + "purpose\"\r\n\r\nbatch\r\n" + head
                        + "file\"; filename=\"in.jsonl\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content
                        + "\r\n--" + BOUNDARY + "--\r\n")));
    }

    Said create(String file) {
        return post("/v1/batches", "{\"input_file_id\": \"%s\", \"endpoint\": \"/v1/completions\", "
                .formatted(file) + "\"completion_window\": \"24h\"}");
    }

    Said post(String path, String body) {
        return send(request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    Said get(String path) {
        return send(request(path).GET());
    }

    Said delete(String path) {
        return send(request(path).DELETE());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "Bearer " + token);
    }

    private Said send(HttpRequest.Builder request) {
        try {
            var said = client.send(request.build(), BodyHandlers.ofString());
            boolean json = said.headers().firstValue("content-type").orElse("").equals("application/json");
            return new Said(said.statusCode(), json ? MAPPER.readTree(said.body())
                    : MAPPER.getNodeFactory().textNode(said.body()));
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
