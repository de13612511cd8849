package dev.flover.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.http.openai.ApiError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPartConfig;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/// An HTTP request and its response; reads and writes block the calling virtual thread.
final class Exchange {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int READ_BYTES = 8 << 10;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int MOST_PARTS = 8;
    private static final String TRACE_PARENT = "traceparent";
    private static final String TRACE_STATE = "tracestate";
    private static final int MOST_TRACE_PARENT = 256;
    private static final int MOST_TRACE_STATE = 2_048;

    private final Request request;
    private final Response response;

    Exchange(Request request, Response response) {
        this.request = request;
        this.response = response;
    }

    String method() {
        return request.getMethod();
    }

    String path() {
        return request.getHttpURI().getDecodedPath();
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    /// The trace that the request belongs to, as headers of W3C Trace Context; empty where there is none. A list of
    /// states that is too long is left out, as that standard allows.
    Map<String, String> trace() {
        var trace = new HashMap<String, String>();
        header(TRACE_PARENT).filter(parent -> parent.length() <= MOST_TRACE_PARENT).ifPresent(parent -> {
            trace.put(TRACE_PARENT, parent);
            String states = String.join(",", request.getHeaders().getValuesList(TRACE_STATE));
            if (!states.isEmpty() && states.length() <= MOST_TRACE_STATE) {
                trace.put(TRACE_STATE, states);
            }
        });
        return trace;
    }

    Optional<String> query(String name) {
        return Optional.ofNullable(Request.extractQueryParameters(request).getValue(name));
    }

    /// Returns all values of a parameter of the query.
    List<String> queries(String name) {
        return List.copyOf(Request.extractQueryParameters(request).getValuesOrEmpty(name));
    }

    void setHeader(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /// @throws ApiError with status 413 if the body has more than `most` bytes
    byte[] body(int most) throws IOException {
        long said = request.getLength();
        if (said > most) {
            throw tooLarge(most);
        }
        var body = new ByteArrayOutputStream((int) Math.max(said, 32));
        var in = Request.asInputStream(request);
        var buffer = new byte[READ_BYTES];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            body.write(buffer, 0, read);
            if (body.size() > most) {
                throw tooLarge(most);
            }
        }
        return body.toByteArray();
    }

    /// Reads a body of the type `multipart/form-data`. Its files are kept in a folder, which the caller deletes.
    ///
    /// @throws ApiError if the body is larger than `most` bytes, or is no form
    MultiPartFormData.Parts form(Path folder, long most) {
        String type = header("Content-Type").orElse("");
        if (!type.regionMatches(true, 0, "multipart/form-data", 0, "multipart/form-data".length())) {
            throw ApiError.of(415, "content_type", "the Content-Type must be multipart/form-data, was "
                    + (type.isEmpty() ? "missing" : type));
        }
        var config = new MultiPartConfig.Builder().location(folder).maxParts(MOST_PARTS).maxSize(most)
                .maxPartSize(most).maxMemoryPartSize(READ_BYTES).build();
        try {
            return MultiPartFormData.getParts(request, request, type, config);
        } catch (RuntimeException e) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");      // the rest is not read
            if (String.valueOf(rootOf(e).getMessage()).contains("max")) {
                throw FileRoutes.tooLarge();
            }
            throw ApiError.of(400, "bad_request", "the body could not be read as a form: " + rootOf(e).getMessage());
        }
    }

    private static Throwable rootOf(Throwable problem) {
        return problem.getCause() == null ? problem : rootOf(problem.getCause());
    }

    /// Begins a response whose length is not known.
    Body body(String type) {
        response.setStatus(200);
        setHeader("Content-Type", type);
        return new Body(this);
    }

    /// The body of a response, which is sent in pieces.
    static final class Body extends OutputStream {
        private final Exchange exchange;
        private final ByteArrayOutputStream piece = new ByteArrayOutputStream(PIECE_BYTES);

        Body(Exchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void write(int each) throws IOException {
            piece.write(each);
            sendFull();
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            piece.write(bytes, from, count);
            sendFull();
        }

        private void sendFull() throws IOException {
            if (piece.size() >= PIECE_BYTES) {
                exchange.write(piece.toByteArray(), false);
                piece.reset();
            }
        }

        @Override
        public void close() throws IOException {
            exchange.write(piece.toByteArray(), true);
        }
    }

    private ApiError tooLarge(int most) {
        response.getHeaders().put(HttpHeader.CONNECTION, "close");      // the rest is not read
        return ApiError.of(413, "body_too_large", "the body must have at most " + most + " bytes");
    }

    void sendJson(int status, ObjectNode body) throws IOException {
        sendBytes(status, "application/json", bytes(body));
    }

    void sendText(int status, String text) throws IOException {
        sendBytes(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    void sendBytes(int status, String type, byte[] body) throws IOException {
        response.setStatus(status);
        setHeader("Content-Type", type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
        Content.Sink.write(response, true, ByteBuffer.wrap(body));
    }

    void sendNothing(int status) throws IOException {
        response.setStatus(status);
        Content.Sink.write(response, true, ByteBuffer.allocate(0));
    }

    void sendError(ApiError error) throws IOException {
        if (error.retryAfterS() > 0) {
            setHeader("Retry-After", Integer.toString(error.retryAfterS()));
        }
        sendJson(error.status(), error.json());
    }

    static byte[] bytes(ObjectNode body) {
        try {
            return JSON.writeValueAsBytes(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
    }

    /// Writes a part of the response's body.
    ///
    /// @param last whether the body ends with it
    void write(byte[] part, boolean last) throws IOException {
        Content.Sink.write(response, last, ByteBuffer.wrap(part));
    }

    boolean isCommitted() {
        return response.isCommitted();
    }

    /// Answers a request that the server refuses before it reaches the routes: it cannot be parsed, or it is too large.
    static boolean refuseUnread(Request request, Response response, Callback callback) {
        int status = response.getStatus();
        var cause = (Throwable) request.getAttribute(ErrorHandler.ERROR_EXCEPTION);
        if (cause instanceof HttpException problem) {
            status = problem.getCode();
        }
        String reason = cause instanceof HttpException problem && problem.getReason() != null ? problem.getReason()
                : String.valueOf(request.getAttribute(ErrorHandler.ERROR_MESSAGE));
        var error = ApiError.of(status, status == 431 ? "headers_too_large" : "bad_request", status == 431
                ? "the request line and its headers are too large: at most 16 KiB are read"
                : "the request could not be read: " + reason);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.write(true, ByteBuffer.wrap(bytes(error.json())), callback);
        return true;
    }

    /// Returns the error for a failed read of the body, if the client caused the failure.
    static Optional<ApiError> ofReading(IOException problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return Optional.of(ApiError.of(408, "timeout", "the body stopped, or came too slowly"));
            }
            if (cause instanceof HttpException bad) {
                return Optional.of(ApiError.of(bad.getCode(), "bad_request", "the body could not be read: "
                        + bad.getReason()));
            }
        }
        return Optional.empty();
    }
}
