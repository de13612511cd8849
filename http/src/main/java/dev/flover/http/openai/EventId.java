package dev.flover.http.openai;

import java.util.Optional;
import java.util.regex.Pattern;

/// What the `id` of a stream's event says: how to go on behind it, on any bridge.
///
/// `c12-3-4711`: a chat; position 12 comes next; the event was the record at offset 4711 of the tokens topic's
/// partition 3.
///
/// @param position of the event's answer that comes next
public record EventId(AnswerKind kind, int position, int partition, long offset) {
    private static final Pattern FORM = Pattern.compile("([a-z])(\\d{1,9})-(\\d{1,6})-(\\d{1,18})");

    /// Empty where it is none of ours.
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
