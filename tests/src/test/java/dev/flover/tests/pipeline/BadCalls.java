package dev.flover.tests.pipeline;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// HTTP requests that a careless or a hostile client may send to a bridge, as bytes.
final class BadCalls {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LIMIT_MS = 60_000;
    private static final String COMPLETIONS = "/v1/completions";
    private static final String JSON_TYPE = "Content-Type: application/json\r\n";

    private final List<BadCall> calls = new ArrayList<>();

    /// @param what   the request in words, as on the page bad-input.md
    /// @param status the status of the response; 0 if the connection is closed without a response
    /// @param stops  whether the bridge answers only because the client stops for too long
    record BadCall(String what, byte[] bytes, int status, boolean stops) {}

    private BadCalls() {}

    /// @param bodyBytes the most bytes of a body that the bridge takes
    static List<BadCall> all(int bodyBytes) {
        var all = new BadCalls();
        all.transport(bodyBytes);
        all.bodies();
        all.values();
        all.paths();
        return all.calls;
    }

    private void transport(int bodyBytes) {
        raw("a first line that is not HTTP", "hello\r\n\r\n", 400);
        raw("another version of HTTP", "GET /livez HTTP/7.0\r\nHost: localhost\r\n\r\n", 505);
        raw("no Host header", "GET /livez HTTP/1.1\r\n\r\n", 400);
        raw("the Host of another machine", "GET /livez HTTP/1.1\r\nHost: rebound.example\r\n\r\n", 403);
        raw("a web page of another origin", get("/v1/models", "Origin: https://evil.example\r\n"), 403);
        raw("10,000 headers", get("/livez", "A: b\r\n".repeat(10_000)), 431);
        stops("headers that do not end", "GET /livez HTTP/1.1\r\nHost: local", 0);
        stops("a body that stops", post(COMPLETIONS, JSON_TYPE + "Content-Length: 100\r\n", "{"), 408);
        raw("a negative length", post(COMPLETIONS, JSON_TYPE + "Content-Length: -5\r\n", ""), 400);
        raw("two different lengths",
                post(COMPLETIONS, JSON_TYPE + "Content-Length: 5\r\nContent-Length: 6\r\n", "{}    "), 400);
        raw("a chunk whose length is not a number",
                post(COMPLETIONS, JSON_TYPE + "Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n"), 400);
        raw("a body larger than http-max-body",
                post(COMPLETIONS, JSON_TYPE + "Content-Length: " + (bodyBytes + 1) + "\r\n", ""), 413);
        raw("a body that is not declared as JSON", body(COMPLETIONS, "Content-Type: text/plain\r\n", "{}"), 415);
        raw("the wrong method", body("/v1/models", JSON_TYPE, "{}"), 405);
        raw("a path that does not exist", get("/v2/everything", ""), 404);
    }

    private void bodies() {
        json("no body", "", 400);
        json("JSON that ends too early", "{\"prompt\": \"x\"", 400);
        json("an array instead of an object", "[]", 400);
        json("NaN as a number", "{\"prompt\": \"x\", \"temperature\": NaN}", 400);
        json("a repeated name", "{\"prompt\": \"x\", \"prompt\": \"y\"}", 400);
        json("text after the JSON object", "{\"prompt\": \"x\"} {}", 400);
        json("50,000 nested arrays", "{\"prompt\": " + "[".repeat(50_000), 400);
        byte[] broken = body(COMPLETIONS, JSON_TYPE, "{\"prompt\": \"?\"}").getBytes(UTF_8);
        broken[broken.length - 3] = (byte) 0xff;
        calls.add(new BadCall("bytes that are not UTF-8", broken, 400, false));
        json("half a surrogate pair", "{\"prompt\": \"\\ud83d\"}", 400);
    }

    private void values() {
        json("neither prompt nor messages", "{}", 400);
        json("a number as a text", "{\"prompt\": \"x\", \"max_tokens\": \"5\"}", 400);
        json("a number of 20 digits", "{\"prompt\": \"x\", \"max_tokens\": 99999999999999999999}", 400);
        json("a value out of range", "{\"prompt\": \"x\", \"top_p\": 7}", 400);
        json("a misspelt parameter", "{\"prompt\": \"x\", \"temprature\": 1}", 400);
        json("an id", "{\"prompt\": \"x\", \"id\": \"mine\"}", 400);
        json("an empty prompt", "{\"prompt\": \"\"}", 400);
        json("129 prompts", "{\"prompt\": [" + "\"x\", ".repeat(128) + "\"x\"]}", 400);
        json("a model that is not served", "{\"prompt\": \"x\", \"model\": \"gpt\"}", 404);
        json("a JSON Schema that cannot be compiled",
                "{\"prompt\": \"x\", \"json_schema\": {\"type\": \"unicorn\"}}", 400);
        raw("a chat with a prompt", body("/v1/chat/completions", JSON_TYPE,
                "{\"messages\": [], \"prompt\": \"x\"}"), 400);
        raw("an Idempotency-Key of other characters",
                body(COMPLETIONS, JSON_TYPE + "Idempotency-Key: two words\r\n", "{\"prompt\": \"x\"}"), 400);
    }

    private void paths() {
        raw("the stream of an unknown id", get("/v1/generations/nobody/stream", ""), 404);
        raw("a Last-Event-ID of another form", get("/v1/generations/nobody/stream", "Last-Event-ID: 12\r\n"), 400);
        raw("a negative position", get("/v1/generations/nobody/stream?from=-1", ""), 400);
        raw("an unknown form of events", get("/v1/generations/nobody/stream?as=xml", ""), 400);
        raw("an offset of another form", get("/v1/generations/nobody?offset=7", ""), 400);
        raw("long-poll without an offset", get("/v1/generations/nobody?live=long-poll", ""), 400);
        raw("an append to a durable stream", body("/v1/generations/nobody", JSON_TYPE, "{}"), 405);
        raw("a cancel of an unknown id", body("/v1/generations/nobody/cancel", JSON_TYPE, "{}"), 404);
        raw("an id with a line break", get("/v1/generations/a%0ab/stream", ""), 400);
        raw("a path that leaves the root", get("/../../etc/passwd", ""), 400);
        raw("tokens to detokenize for a bridge without a tokenizer", body("/detokenize", JSON_TYPE, "{}"), 501);
    }

    private static String get(String path, String headers) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n";
    }

    private static String post(String path, String headers, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n" + body;
    }

    private static String body(String path, String headers, String body) {
        return post(path, headers + "Content-Length: " + body.length() + "\r\n", body);
    }

    private void json(String what, String body, int status) {
        raw(what, body(COMPLETIONS, JSON_TYPE, body), status);
    }

    private void raw(String what, String bytes, int status) {
        calls.add(new BadCall(what, bytes.getBytes(UTF_8), status, false));
    }

    private void stops(String what, String bytes, int status) {
        calls.add(new BadCall(what, bytes.getBytes(UTF_8), status, true));
    }

    /// Sends a request, and returns the status and the error's message, such as `404: there is nothing at /v2`.
    static String answer(int port, BadCall call) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(LIMIT_MS);
            socket.getOutputStream().write(call.bytes());
            socket.getOutputStream().flush();
            var in = new BufferedInputStream(socket.getInputStream());
            String first = line(in);
            if (first.isEmpty()) {
                return "0: the connection is closed";
            }
            int length = 0;
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(header.substring("content-length:".length()).strip());
                }
            }
            String message = JSON.readTree(in.readNBytes(length)).at("/error/message").asText("no message");
            // A message may quote half a surrogate pair, which the page cannot contain.
            return first.split(" ")[1] + ": " + new String(message.getBytes(UTF_8), UTF_8);
        }
    }

    private static String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int read = in.read(); read >= 0 && read != '\n'; read = in.read()) {
            if (read != '\r') {
                line.write(read);
            }
        }
        return line.toString(ISO_8859_1);
    }
}
