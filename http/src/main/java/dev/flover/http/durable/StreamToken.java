package dev.flover.http.durable;

import dev.flover.http.topics.Place;
import java.util.Optional;
import java.util.regex.Pattern;

/// An offset of a durable stream: the number after the place of the last record that was read.
///
/// Its text sorts in the order of the stream, as the protocol demands: partition and number in hexadecimal, with
/// leading zeros. All zeros mean the beginning of the stream.
///
/// @param partition of the tokens topic
/// @param next      the offset after the last record that was read; 0 at the beginning of the stream
public record StreamToken(int partition, long next) {
    public static final StreamToken BEGINNING = new StreamToken(0, 0);

    private static final Pattern FORM = Pattern.compile("([0-9a-f]{4})-([0-7][0-9a-f]{15})");

    static StreamToken after(Place place) {
        return new StreamToken(place.partition(), place.offset() + 1);
    }

    /// Parses a token; empty if the text has another form.
    public static Optional<StreamToken> parse(String text) {
        var matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var token = new StreamToken(Integer.parseInt(matcher.group(1), 16), Long.parseLong(matcher.group(2), 16));
        return token.next > 0 || token.equals(BEGINNING) ? Optional.of(token) : Optional.empty();
    }

    public boolean isBeginning() {
        return next == 0;
    }

    /// Returns the place of the last record that was read. Must not be called at the beginning of a stream, where no
    /// record has been read.
    public Place last() {
        return new Place(partition, next - 1);
    }

    @Override
    public String toString() {
        return "%04x-%016x".formatted(partition, next);
    }
}
