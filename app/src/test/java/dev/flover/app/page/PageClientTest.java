package dev.flover.app.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PageClientTest {
    private final PageClient client = new PageClient(true);

    @Test
    void aClientThatDoesNotReadLosesAllFramesOfItsQueueAndLearnsHowMany() {
        for (int i = 0; i < PageClient.MOST_FRAMES; i++) {
            assertThat(client.offer(new byte[] {1})).isTrue();
        }
        assertThat(client.offer(new byte[] {1})).isFalse();
        assertThat(client.offer(new byte[] {2})).as("the queue is empty again").isTrue();

        assertThat(client.takeDropped()).isEqualTo(PageClient.MOST_FRAMES + 1);
        assertThat(client.takeDropped()).isZero();
    }

    @Test
    void framesAreWrittenInOrderUntilTheClientIsClosed() throws IOException, InterruptedException {
        var written = new CountDownLatch(2);
        var out = new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes, int from, int count) {
                super.write(bytes, from, count);
                written.countDown();
            }

            @Override
            public void write(byte[] bytes) {
                write(bytes, 0, bytes.length);
            }
        };
        client.offer(new byte[] {1, 2});
        client.offer(new byte[] {3});
        var writer = Thread.ofVirtual().start(() -> {
            try {
                client.writeTo(out);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        written.await();
        client.close();
        writer.join();

        assertThat(out.toByteArray()).containsExactly(1, 2, 3);
    }
}
