package dev.flover.http;

import dev.flover.http.durable.StreamToken;
import dev.flover.http.openai.ApiError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The query of a read of a durable stream.
///
/// @param from   the token after which to read; the beginning if the client wants only what comes after the present end
/// @param atEnd  whether the client wants only what comes after the present end
/// @param cursor the cursor of the last live response; null if the client has none
record DurableQuery(StreamToken from, boolean atEnd, Live live, @Nullable String cursor) {
    private static final String OFFSET = "offset";
    private static final String BEGINNING = "-1";
    private static final String END = "now";

    /// Whether and how the client waits for further content.
    enum Live { NO, LONG_POLL, EVENTS }

    /// @throws ApiError if a parameter is wrong
    static DurableQuery of(Exchange exchange) {
        var live = exchange.query("live").map(DurableQuery::live).orElse(Live.NO);
        List<String> offsets = exchange.queries(OFFSET);
        if (offsets.size() > 1) {
            throw ApiError.invalid(OFFSET, "offset must be given once, was given " + offsets.size() + " times");
        }
        if (offsets.isEmpty() && live != Live.NO) {
            throw ApiError.invalid(OFFSET, "live needs offset: -1 for the beginning, now for the end, or a "
                    + "Stream-Next-Offset");
        }
        String offset = offsets.isEmpty() ? BEGINNING : offsets.getFirst();
        boolean special = offset.equals(BEGINNING) || offset.equals(END);
        var from = special ? StreamToken.BEGINNING : StreamToken.parse(offset).orElseThrow(() -> ApiError.invalid(
                OFFSET, "offset must be -1, now or a Stream-Next-Offset of this stream, was '" + offset + "'"));
        return new DurableQuery(from, offset.equals(END), live, exchange.query("cursor").orElse(null));
    }

    private static Live live(String said) {
        return switch (said) {
            case "long-poll" -> Live.LONG_POLL;
            case "sse" -> Live.EVENTS;
            default -> throw ApiError.invalid("live", "live must be long-poll or sse, was '" + said + "'");
        };
    }
}
