package dev.flover.engine.model;

import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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
/// @param templateTokens how special tokens are spelled, by the names that templates call them (`bos_token`); one
///                       that is
///                     missing is not defined there
/// @param parsesMessages whether special tokens that a message spells are those tokens, as an operator may allow; else
///                     they are text
/// @param samplingDefaults what its publisher suggests, or null
/// @param warnings     what in the file cannot be followed and does not keep it from being used, a sentence each
/// @param arena        owns every [dev.flover.engine.tensor.StoredTensor]
public record Model(
        Path path,
        ModelConfig config,
        Weights weights,
        String fingerprint,
        TokenSet endOfText,
        Tokenizer tokenizer,
        String chatTemplate,
        Map<String, String> templateTokens,
        boolean parsesMessages,
        SamplingParams samplingDefaults,
        List<String> warnings,
        Arena arena)
        implements AutoCloseable {

    public Model {
        templateTokens = Map.copyOf(templateTokens);
        warnings = List.copyOf(warnings);
    }

    /// A model whose file suggests nothing for sampling, and gives no reason to warn.
    public Model(
            Path path, ModelConfig config, Weights weights, String fingerprint, TokenSet endOfText,
            Tokenizer tokenizer, String chatTemplate, Arena arena) {
        this(path, config, weights, fingerprint, endOfText, tokenizer, chatTemplate, Map.of(), false, null, List.of(),
                arena);
    }

    /// The same model, whose messages may spell special tokens.
    public Model parsingMessages() {
        return new Model(path, config, weights, fingerprint, endOfText, tokenizer, chatTemplate, templateTokens, true,
                samplingDefaults, warnings, arena);
    }

    @Override
    public void close() {
        arena.close();
    }
}
