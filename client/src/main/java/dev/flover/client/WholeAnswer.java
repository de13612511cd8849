package dev.flover.client;

import dev.flover.schemas.TokenChunk;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/// The subscriber that puts all chunks together and completes a future.
final class WholeAnswer implements Flow.Subscriber<TokenChunk> {
    private final CompletableFuture<Completion> future = new CompletableFuture<>();
    private final Completion.Builder answers = new Completion.Builder();
    private final String id;

    WholeAnswer(String id) {
        this.id = id;
    }

    CompletableFuture<Completion> future() {
        return future;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        future.whenComplete((completion, problem) -> {
            if (future.isCancelled()) {
                subscription.cancel();
            }
        });
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenChunk chunk) {
        answers.add(chunk);
    }

    @Override
    public void onError(Throwable problem) {
        future.completeExceptionally(problem);
    }

    @Override
    public void onComplete() {
        future.complete(answers.build(id));
    }
}
