package dev.flover.engine.model;

import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An open model file: its configuration, its weights as stored, and its tokenizer.
///
/// Owns the mapping of the file, from which backends read the weights; so close it after the engine.
///
/// @param path         the file or folder that was opened
/// @param fingerprint  identifies the file's content: the first 16 hexadecimal digits of a SHA-256 over its metadata
///                     and over samples of every tensor
/// @param endOfText    the token ids that end an answer
/// @param tokenizer    null if the file has only weights
/// @param chatTemplate the model's Jinja template, or null
/// @param toolTemplate the template of conversations with tools, or null if it is the other one
/// @param templateTokens the spellings of special tokens by the names that templates use (`bos_token`); a name without
///                       an entry is undefined in templates
/// @param parsesMessages whether the spelling of a special token inside a message becomes that token, which an operator
///                       can allow; otherwise it is text
/// @param samplingDefaults the sampling parameters that the publisher suggests, or null
/// @param warnings     statements of the file that cannot be followed but do not prevent its use, one sentence each
/// @param arena        owns every [dev.flover.engine.tensor.StoredTensor]
@RecordBuilder
@RecordBuilder.Options(useImmutableCollections = true)
public record Model(
        Path path,
        ModelConfig config,
        Weights weights,
        String fingerprint,
        TokenSet endOfText,
        @Nullable Tokenizer tokenizer,
        @Nullable String chatTemplate,
        @Nullable String toolTemplate,
        Map<String, String> templateTokens,
        boolean parsesMessages,
        @Nullable SamplingParams samplingDefaults,
        List<String> warnings,
        Arena arena)
        implements AutoCloseable, ModelBuilder.With {

    public Model {
        templateTokens = Map.copyOf(templateTokens);
        warnings = List.copyOf(warnings);
    }

    @Override
    public void close() {
        arena.close();
    }
}
