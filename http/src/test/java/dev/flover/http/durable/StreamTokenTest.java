package dev.flover.http.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.http.topics.Place;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StreamTokenTest {
    @Test
    void tokensSortAsTheRecordsOfTheStreamDo() {
        var offsets = List.of(0L, 8L, 9L, 10L, 254L, 255L, 256L, 99_999L, 1L << 40, Long.MAX_VALUE - 1);
        var tokens = offsets.stream().map(offset -> StreamToken.after(new Place(11, offset)).toString()).toList();

        assertThat(tokens).isSorted().doesNotHaveDuplicates();
        assertThat(StreamToken.BEGINNING.toString()).isLessThan(StreamToken.after(new Place(0, 0)).toString());
    }

    @Test
    void aTokenNamesTheRecordBeforeIt() {
        for (long offset : LongStream.of(0, 1, 4711, Long.MAX_VALUE - 1).toArray()) {
            var token = StreamToken.after(new Place(3, offset));
            assertThat(StreamToken.parse(token.toString())).contains(token);
            assertThat(token.last()).isEqualTo(new Place(3, offset));
        }
        assertThat(StreamToken.parse(StreamToken.BEGINNING.toString())).contains(StreamToken.BEGINNING);
    }

    @Test
    void otherTextsAreNoTokens() {
        for (var text : List.of("", "-1", "now", "0000-0", "0001-0000000000000000", "0000-ffffffffffffffff",
                "0000-000000000000000G", "00000-0000000000000001", "0000-0000000000000001 ")) {
            assertThat(StreamToken.parse(text)).as(text).isEmpty();
        }
    }

    @Test
    void aCursorIsGreaterThanTheOneThatTheClientSent() {
        var now = Instant.parse("2024-10-09T01:00:05Z");

        assertThat(Cursor.next(null, now)).isEqualTo("180");
        assertThat(Cursor.next("no number", now)).isEqualTo("180");
        assertThat(Cursor.next("179", now)).isEqualTo("180");
        assertThat(Long.parseLong(Cursor.next("180", now))).isBetween(181L, 360L);
        assertThat(Long.parseLong(Cursor.next("5000", now))).isBetween(5001L, 5180L);
    }
}
