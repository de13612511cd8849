package dev.flover.engine.sharding;

import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.Matrix;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The bytes that the matrices of weights take in the file's types.
public final class StoredBytes {
    private StoredBytes() {}

    public static long of(Weights weights) {
        var own = Stream.of(weights.embedding(), weights.positions(),
                weights.head().equals(weights.embedding()) ? null : weights.head());
        return Stream.concat(own, weights.layers().stream().flatMap(StoredBytes::matrices)).filter(Objects::nonNull)
                .mapToLong(StoredBytes::of).sum();
    }

    /// The matrices of a layer; null in place of those that it does not have.
    private static Stream<@Nullable Matrix> matrices(Weights.Layer layer) {
        var plain = Stream.of(layer.queryKeyValue(), layer.attentionOut(), layer.feedForwardIn(),
                layer.feedForwardOut());
        return Stream.of(plain, latent(layer.latent()), experts(layer.experts())).flatMap(each -> each);
    }

    private static Stream<@Nullable Matrix> latent(Weights.@Nullable Latent latent) {
        return latent == null ? Stream.empty() : Stream.of(
                Stream.of(latent.queryDown(), latent.queryUp(), latent.keyDown()),
                latent.keyUp().stream(), latent.valueUp().stream()).flatMap(each -> each);
    }

    private static Stream<@Nullable Matrix> experts(Weights.@Nullable Experts experts) {
        if (experts == null) {
            return Stream.empty();
        }
        var shared = experts.shared();
        var common = shared == null ? Stream.of(experts.router())
                : Stream.of(experts.router(), shared.in(), shared.out(), shared.gate());
        return Stream.of(List.copyOf(experts.in()).stream(), experts.out().stream(), common).flatMap(each -> each);
    }

    private static long of(Matrix matrix) {
        long bytes = 0;
        for (var range : matrix.ranges()) {
            var tensor = range.tensor();
            bytes += range.rows() * (tensor.rowBytes() * matrix.inputs() / tensor.columns());
        }
        return bytes;
    }
}
