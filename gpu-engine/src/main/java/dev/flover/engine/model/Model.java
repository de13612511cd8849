package dev.flover.engine.model;

import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/// A model file, opened: what it is, its weights as stored, and its tokenizer.
///
/// Owns the mapping of the file; backends read the weights from it, so close it after the engine.
///
/// @param path         what was opened
/// @param fingerprint  names the file's content: first 16 hex digits of a SHA-256 over its metadata and samples of
///                     every tensor
/// @param endOfText    token ids that end an answer
/// @param tokenizer    null where the file has none (weights only)
/// @param chatTemplate the model's own Jinja template, or null
/// @param samplingDefaults what its publisher suggests, or null
/// @param arena        owns every [dev.flover.engine.format.StoredTensor]
public record Model(
        Path path,
        ModelConfig config,
        Weights weights,
        String fingerprint,
        TokenSet endOfText,
        Tokenizer tokenizer,
        String chatTemplate,
        SamplingParams samplingDefaults,
        Arena arena)
        implements AutoCloseable {

    /// A model whose file suggests nothing for sampling.
    public Model(
            Path path, ModelConfig config, Weights weights, String fingerprint, TokenSet endOfText,
            Tokenizer tokenizer, String chatTemplate, Arena arena) {
        this(path, config, weights, fingerprint, endOfText, tokenizer, chatTemplate, null, arena);
    }

    @Override
    public void close() {
        arena.close();
    }
}
