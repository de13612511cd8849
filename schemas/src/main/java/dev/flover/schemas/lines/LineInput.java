package dev.flover.schemas.lines;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads a stream line by line. A line ends with LF or CRLF; the last line may have no end. A byte order mark at the
/// beginning of the stream is left out.
///
/// A line that is longer than the limit is read past without being kept.
public final class LineInput implements AutoCloseable {
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final int mostBytes;
    private final byte[] buffer = new byte[1 << 16];
    private int position;
    private int limit;
    private byte[] line = new byte[1 << 12];
    private int kept;
    private long length;
    private long number;

    /// A line of the stream.
    ///
    /// @param number from 1; every line counts, also an empty one
    /// @param bytes  the line without its end; empty if the line is longer than the limit
    /// @param length the number of bytes of the line in the stream, without its end
    /// @param ended  false if the stream ended before the line did
    public record Line(long number, byte[] bytes, long length, boolean ended) {
        public boolean isBlank() {
            for (byte each : bytes) {
                if (each != ' ' && each != '\t') {
                    return false;
                }
            }
            return length == bytes.length;
        }
    }

    /// @param mostBytes the longest line that is kept
    public LineInput(InputStream in, int mostBytes) {
        this.in = in;
        this.mostBytes = mostBytes;
    }

    /// Returns the next line; null at the end of the stream.
    public @Nullable Line next() throws IOException {
        kept = 0;
        length = 0;
        boolean any = false;
        boolean ended = false;
        while (!ended && fill()) {
            any = true;
            int end = position;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            keep(end);
            ended = end < limit;
            position = ended ? end + 1 : end;
        }
        return any ? line(ended) : null;
    }

    private boolean fill() throws IOException {
        if (position < limit) {
            return true;
        }
        position = 0;
        limit = Math.max(0, in.read(buffer));
        return limit > 0;
    }

    /// Appends the buffer's bytes up to `end` to the line, except those beyond the limit.
    private void keep(int end) {
        int count = end - position;
        length += count;
        // one byte and the byte order mark more than the limit, because they may not belong to the line's content
        int room = mostBytes + 1 + BYTE_ORDER_MARK.length - kept;
        int taken = Math.min(count, room);
        if (kept + taken > line.length) {
            line = Arrays.copyOf(line, Math.max(kept + taken, 2 * line.length));
        }
        System.arraycopy(buffer, position, line, kept, taken);
        kept += taken;
    }

    private Line line(boolean ended) {
        number++;
        int from = number == 1 && startsWithMark() ? BYTE_ORDER_MARK.length : 0;
        boolean whole = kept == length;
        int to = whole && ended && kept > from && line[kept - 1] == '\r' ? kept - 1 : kept;
        long content = length - from - (kept - to);
        byte[] bytes = content <= mostBytes ? Arrays.copyOfRange(line, from, to) : new byte[0];
        return new Line(number, bytes, content, ended);
    }

    private boolean startsWithMark() {
        return kept >= BYTE_ORDER_MARK.length && Arrays.equals(
                line, 0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
