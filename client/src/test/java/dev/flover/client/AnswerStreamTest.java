package dev.flover.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The events of a reader while chunks arrive. `ClientTopicsTest` has the chunks that are on the topic before.
class AnswerStreamTest {
    private final TokenFeed feed = Chunks.feed();
    private final AnswerStream stream = Chunks.stream(feed);
    private long offset;

    @AfterEach
    void close() {
        feed.close();
    }

    private void arrive(TokenChunk chunk) {
        stream.live().offer(new ReadChunk(0, offset++, chunk));
    }

    private List<String> read() throws InterruptedException {
        var texts = new ArrayList<String>();
        for (var chunk = stream.poll(); chunk.isPresent(); chunk = stream.poll()) {
            texts.add(chunk.get().getText());
        }
        return texts;
    }

    @Test
    void chunksThatComeTwiceAreReadOnce() throws InterruptedException {
        arrive(Chunks.chunk(0, 2, null));
        arrive(Chunks.chunk(0, 2, null));
        arrive(Chunks.chunk(2, 1, null));
        arrive(Chunks.chunk(0, 2, null));
        arrive(Chunks.chunk(2, 1, null));
        arrive(Chunks.chunk(3, 1, FinishReason.STOP));

        assertThat(read()).containsExactly("0 1 ", "2 ", "3 ");
        assertThat(stream.isEnded()).isTrue();
        assertThat(stream.verdict()).isNull();
    }

    @Test
    void onlyTheRefusalOfTheReadersOwnRequestEndsIt() throws InterruptedException {
        arrive(Chunks.refusal(6));
        arrive(Chunks.chunk(0, 1, null));
        assertThat(read()).containsExactly("0 ");

        arrive(Chunks.refusal(7));
        assertThatThrownBy(this::read).isInstanceOf(GenerationException.Refused.class)
                .hasMessage("the request one was refused: the id was used");
    }

    @Test
    void aRefusalThatArrivesBeforeTheRequestsPlaceIsKnownIsNotLost() {
        var live = feed.subscribe(Chunks.ID, true);
        live.offer(new ReadChunk(0, 0, Chunks.refusal(3)));
        live.offer(new ReadChunk(0, 1, Chunks.refusal(4)));
        live.requested(new Place(0, 4));

        assertThatThrownBy(live::requireNoFailure).isInstanceOf(GenerationException.Refused.class);
    }

    @Test
    void nothingIsReadOfAnIdThatMayBeUsedUntilTheRequestIsRead() throws InterruptedException {
        var isRead = new CompletableFuture<Void>();
        stream.holdUntil(isRead);
        arrive(Chunks.chunk(0, 1, FinishReason.STOP));
        assertThat(read()).isEmpty();
        assertThat(stream.isEnded()).isFalse();

        arrive(Chunks.refusal(7));
        isRead.complete(null);

        assertThatThrownBy(this::read).isInstanceOf(GenerationException.Refused.class);
    }

    @Test
    void eachWayToEndBadlyHasItsException() {
        assertThat(List.of(FinishReason.CANCELLED, FinishReason.REJECTED, FinishReason.EXPIRED, FinishReason.ERROR)
                .stream().map(reason -> GenerationException.of("x", Chunks.chunk(0, 0, reason).getFinish()))
                .map(problem -> problem.getClass().getSimpleName() + ": " + problem.getMessage()))
                .containsExactly("Cancelled: the request x was cancelled: because",
                        "Rejected: the request x was rejected: because",
                        "Expired: the deadline of the request x has passed: because",
                        "Failed: the request x was given up: because");
    }

    @Test
    void aReaderOfAClosedClientGetsAnException() {
        feed.close();

        assertThatThrownBy(this::read).isInstanceOf(GenerationException.Unavailable.class)
                .hasMessage("the client was closed");
        assertThatThrownBy(() -> Chunks.stream(feed).poll()).hasMessage("the client was closed");
    }
}
