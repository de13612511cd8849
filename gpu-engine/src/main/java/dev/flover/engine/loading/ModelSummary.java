package dev.flover.engine.loading;

import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A description of a model file for a person, as the command `inspect` prints it.
///
/// @param format           `GGUF 3`, `GGUF 3 in 2 parts` or `Hugging Face folder`
/// @param name             the publisher's name of the model, or null
/// @param architecture     the file's name of the model family
/// @param vocabulary       the number of tokens that the model knows
/// @param config           null if the file holds only a vocabulary
/// @param parameters       the number of elements of all used tensors; a vocabulary projection tied to the embedding
///                         counts once
/// @param tensors          the number and size of tensors, by stored type
/// @param tokenizer        the kind of the tokenizer, or null if there is none
/// @param chatTemplate     the template that turns a conversation into a prompt; null if the file has none
/// @param toolTemplate     the template for conversations with tools; null if it is the other one
/// @param samplingDefaults the sampling parameters that the publisher suggests, or null
/// @param warnings         statements of the file that cannot be followed but do not prevent its use
/// @param bytes            the size on disk of all weight files together
/// @param fingerprint      a digest that identifies the content
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
public record ModelSummary(
        Path path,
        String format,
        @Nullable String name,
        String architecture,
        int vocabulary,
        @Nullable ModelConfig config,
        long parameters,
        Map<TensorType, TensorCount> tensors,
        @Nullable String tokenizer,
        TokenSet endOfText,
        @Nullable String chatTemplate,
        @Nullable String toolTemplate,
        @Nullable SamplingParams samplingDefaults,
        List<String> warnings,
        long bytes,
        String fingerprint) {

    public ModelSummary {
        tensors = Map.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /// The bytes that the KV cache holds for one position in all layers; 0 if the file holds only a vocabulary.
    ///
    /// @param kvBits the size of a number that an operator chooses: 16, which is 32 if all weights are f32; or 8,
    ///     beside which each head's key, and its value, has a scale of 32 bits
    public long cachedBytes(int kvBits) {
        if (config == null) {
            return 0;
        }
        int layers = config.layers().size();
        if (kvBits == Byte.SIZE) {
            int scales = config.latent() == null ? 2 * config.kvHeads() : config.kvHeads();
            return (long) layers * (config.cachedWidth() + Float.BYTES * scales);
        }
        int number = tensors.keySet().equals(Set.of(TensorType.F32)) ? Float.BYTES : Short.BYTES;
        return (long) number * layers * config.cachedWidth();
    }

    /// The part of [#cachedBytes] in layers without a window; what a sequence longer than the windows still grows by.
    public long cachedBytesOfAllPositions(int kvBits) {
        if (config == null) {
            return 0;
        }
        long all = config.layers().stream().filter(layer -> layer.window() == 0).count();
        return cachedBytes(kvBits) / config.layers().size() * all;
    }

    /// @param tensors the number of tensors
    /// @param bytes   the size of these tensors together
    public record TensorCount(int tensors, long bytes) {
        TensorCount plus(StoredTensor tensor) {
            return new TensorCount(tensors + 1, bytes + tensor.data().byteSize());
        }
    }

    static Map<TensorType, TensorCount> count(Collection<StoredTensor> tensors) {
        var counts = new EnumMap<TensorType, TensorCount>(TensorType.class);
        for (var tensor : tensors) {
            counts.put(tensor.type(), counts.getOrDefault(tensor.type(), new TensorCount(0, 0)).plus(tensor));
        }
        return counts;
    }

    static long parameters(Collection<StoredTensor> tensors) {
        return tensors.stream().mapToLong(tensor -> (long) tensor.rows() * tensor.columns()).sum();
    }
}
