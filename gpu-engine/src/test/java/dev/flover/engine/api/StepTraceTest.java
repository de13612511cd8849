package dev.flover.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.StepTrace.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepTraceTest {
    private final List<String> read = new ArrayList<>();
    private long lost;

    private final StepTrace.Reader reader = new StepTrace.Reader() {
        @Override
        public void entry(Kind kind, int a, int b, long x, long y) {
            read.add(kind + " " + a + " " + b + " " + x + " " + y);
        }

        @Override
        public void lost(long entries) {
            lost += entries;
        }
    };

    @Test
    void entriesAreReadInOrderWithAllTheirNumbersAndOnlyOncePublished() {
        var trace = new StepTrace(1024);
        trace.put(Kind.STEP, 0, 0, 1, -5);
        trace.put(Kind.MOVE, (1 << 24) - 1, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE);
        assertThat(trace.read(0, reader)).isZero();

        trace.publish();
        long next = trace.read(0, reader);
        trace.put(Kind.COMMIT, 0, 0, 0, 7);
        trace.publish();
        trace.read(next, reader);

        assertThat(read).containsExactly("STEP 0 0 1 -5", "MOVE 16777215 2147483647 " + Long.MAX_VALUE + " "
                + Long.MIN_VALUE, "COMMIT 0 0 0 7");
        assertThat(lost).isZero();
    }

    @Test
    void aSlowReaderLosesTheOldestEntriesAndLearnsHowMany() {
        var trace = new StepTrace(1024);
        for (int i = 0; i < 5000; i++) {
            trace.put(Kind.DECODE, 0, 0, i, 0);
        }
        trace.publish();

        long next = trace.read(0, reader);

        assertThat(next).isEqualTo(5000);
        assertThat(lost + read.size()).isEqualTo(5000);
        assertThat(read).hasSizeGreaterThanOrEqualTo(512).startsWith("DECODE 0 0 " + lost + " 0")
                .endsWith("DECODE 0 0 4999 0");
    }

    @Test
    void aReaderOnAnotherThreadNeverSeesAnEntryThatWasNotWritten() throws InterruptedException {
        int entries = 2_000_000;
        var trace = new StepTrace(1024);
        var writer = new Thread(() -> {
            for (int i = 0; i < entries; i++) {
                trace.put(Kind.PREFILL, i & 0xffffff, i, i, ~(long) i);
                if (i % 7 == 0) {
                    trace.publish();
                }
            }
            trace.publish();
        });
        var checking = new StepTrace.Reader() {
            private long expected;
            private long seen;
            private long missed;

            @Override
            public void entry(Kind kind, int a, int b, long x, long y) {
                assertThat(x).isEqualTo(expected);
                assertThat(kind == Kind.PREFILL && a == (x & 0xffffff) && b == x && y == ~x).isTrue();
                expected++;
                seen++;
            }

            @Override
            public void lost(long count) {
                expected += count;
                missed += count;
            }
        };
        writer.start();
        long next = 0;
        while (next < entries) {
            next = trace.read(next, checking);
        }
        writer.join();

        assertThat(checking.seen + checking.missed).isEqualTo(entries);
        assertThat(checking.seen).isPositive();
    }
}
