package dev.flover.http.openai;

import java.util.Optional;
import java.util.regex.Pattern;

/// The `id` of a stream's event, from which any bridge can resume the stream after that event.
///
/// `c12-3-4711` means: a chat whose next position is 12; the event was the record at offset 4711 in partition 3 of the
/// tokens topic.
///
/// @param position the next position of the event's answer
public record EventId(AnswerKind kind, int position, int partition, long offset) {
    private static final Pattern FORM = Pattern.compile("([a-z])(\\d{1,9})-(\\d{1,6})-(\\d{1,18})");

    /// Parses the id of an event; empty if it has another form.
    public static Optional<EventId> parse(String text) {
        var matcher = FORM.matcher(text);
        return matcher.matches()
                ? AnswerKind.ofLetter(matcher.group(1)).map(kind -> new EventId(kind,
                        Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)),
                        Long.parseLong(matcher.group(4))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return kind.letter() + position + "-" + partition + "-" + offset;
    }
}
