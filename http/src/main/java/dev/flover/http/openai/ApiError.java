package dev.flover.http.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// An error in the form of OpenAI's API: an HTTP status, and an object with message, type, param and code.
public final class ApiError extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final String INVALID = "invalid_request_error";

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final int retryAfterS;

    private ApiError(
            int status, String type, @Nullable String param, @Nullable String code, int retryAfterS, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfterS = retryAfterS;
    }

    /// @param param the wrong field; null if no field is wrong
    public static ApiError invalid(@Nullable String param, String message) {
        return new ApiError(400, INVALID, param, null, 0, message);
    }

    public static ApiError unknownParameter(@Nullable String param, String message) {
        return new ApiError(400, INVALID, param, "unknown_parameter", 0, message);
    }

    public static ApiError notFound(String code, String message) {
        return new ApiError(404, INVALID, null, code, 0, message);
    }

    public static ApiError unauthorized(String message) {
        return new ApiError(401, "authentication_error", null, "invalid_api_key", 0, message);
    }

    public static ApiError forbidden(String code, String message) {
        return new ApiError(403, "permission_error", null, code, 0, message);
    }

    public static ApiError tooMany(int retryAfterS, String message) {
        return new ApiError(429, "rate_limit_error", null, "backlog", retryAfterS, message);
    }

    public static ApiError unavailable(String message) {
        return new ApiError(503, "server_error", null, "unavailable", 1, message);
    }

    public static ApiError failed(String message) {
        return new ApiError(500, "server_error", null, null, 0, message);
    }

    /// Makes an error with an HTTP status of its own.
    public static ApiError of(int status, String code, String message) {
        return new ApiError(status, status < 500 ? INVALID : "server_error", null, code, 0, message);
    }

    public int status() {
        return status;
    }

    /// Returns the seconds after which the client should retry; 0 if the response does not say.
    public int retryAfterS() {
        return retryAfterS;
    }

    public ObjectNode json() {
        var body = JsonNodeFactory.instance.objectNode();
        body.putObject("error").put("message", getMessage()).put("type", type).put("param", param).put("code", code);
        return body;
    }
}
