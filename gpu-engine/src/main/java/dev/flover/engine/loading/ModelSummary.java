package dev.flover.engine.loading;

import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What a model file is, for a person who asks.
///
/// @param format           `GGUF 3`, `GGUF 3 in 2 parts`, `Hugging Face folder`
/// @param name             the publisher's, or null
/// @param architecture     what the file calls its family
/// @param vocabulary       tokens that the model knows
/// @param config           null where the file holds a vocabulary alone
/// @param parameters       numbers in all tensors that are used; a tied vocabulary projection counts once
/// @param tensors          how many, by the type they are stored as
/// @param tokenizer        its kind, or null where there is none
/// @param hasChatTemplate  whether the file says how a conversation becomes a prompt
/// @param samplingDefaults what its publisher suggests, or null
/// @param warnings         what in the file cannot be followed and does not keep it from being used
/// @param bytes            on disk, all files of weights together
/// @param fingerprint      names the content
public record ModelSummary(
        Path path,
        String format,
        String name,
        String architecture,
        int vocabulary,
        ModelConfig config,
        long parameters,
        Map<TensorType, TensorCount> tensors,
        String tokenizer,
        TokenSet endOfText,
        boolean hasChatTemplate,
        SamplingParams samplingDefaults,
        List<String> warnings,
        long bytes,
        String fingerprint) {

    public ModelSummary {
        tensors = Map.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /// @param tensors how many
    /// @param bytes   that they take together
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
