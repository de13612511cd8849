package dev.flover.app.logging;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/// Writes each event as one line of JSON to standard error: time, level, logger, thread, message, and the stack trace
/// of a failure.
final class JsonLogger extends LegacyAbstractLogger {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final transient Logger levels;

    /// @param levels decides which events are written
    JsonLogger(String name, Logger levels) {
        this.name = name;
        this.levels = levels;
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level, Marker marker, String pattern, Object[] arguments, Throwable failure) {
        System.err.println(line(Instant.now(), level, MessageFormatter.basicArrayFormat(pattern, arguments), failure));
    }

    String line(Instant time, Level level, String message, Throwable failure) {
        ObjectNode event = JSON.createObjectNode()
                .put("time", time.toString())
                .put("level", level.name().toLowerCase(Locale.ROOT))
                .put("logger", name)
                .put("thread", Thread.currentThread().getName())
                .put("message", message);
        if (failure != null) {
            var trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace, true));
            event.put("failure", trace.toString());
        }
        return event.toString();
    }

    @Override
    public boolean isTraceEnabled() {
        return levels.isTraceEnabled();
    }

    @Override
    public boolean isDebugEnabled() {
        return levels.isDebugEnabled();
    }

    @Override
    public boolean isInfoEnabled() {
        return levels.isInfoEnabled();
    }

    @Override
    public boolean isWarnEnabled() {
        return levels.isWarnEnabled();
    }

    @Override
    public boolean isErrorEnabled() {
        return levels.isErrorEnabled();
    }
}
