package dev.flover.engine.loading;

import dev.flover.engine.format.GgufMetadata;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.EndSpellings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/// The special tokens of a GGUF file: those that end an answer, and those to which a chat template refers by name.
///
/// An id outside the vocabulary counts as absent and is reported as a warning.
final class GgufTokens {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final List<String> ENDING = List.of("eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep");
    /// By the kind in the metadata key `tokenizer.ggml.KIND_token_id`: the id in a SentencePiece vocabulary if the file
    /// has no such key (-1 for none), and, in NAMES, the name that templates use.
    private static final Map<String, Integer> NAMED = Map.of("bos", 1, "eos", 2, "unknown", 0, "padding", -1);
    private static final Map<String, String> NAMES = Map.of(
            "bos", "bos_token", "eos", "eos_token", "unknown", "unk_token", "padding", "pad_token");

    private final GgufMetadata metadata;
    private final List<String> spellings;
    private final List<String> warnings = new ArrayList<>();

    GgufTokens(GgufMetadata metadata) {
        this.metadata = metadata;
        this.spellings = metadata.texts(PREFIX + "tokens");
        for (String key : metadata.keys()) {
            if (key.startsWith(PREFIX) && key.endsWith("_token_id") && !spellings.isEmpty()) {
                int id = metadata.integer(key).orElse(-1);
                if (id < -1 || id >= spellings.size()) {
                    warnings.add("metadata " + key + " is " + id + ", and the vocabulary has ids from 0 to "
                            + (spellings.size() - 1) + "; it is ignored");
                }
            }
        }
    }

    /// The tokens that end an answer.
    ///
    /// @param rows the rows of the embedding; a larger id cannot be drawn and is left out
    TokenSet endOfText(int rows) {
        var ids = new ArrayList<>(EndSpellings.among(spellings));
        for (String kind : ENDING) {
            id(kind).ifPresent(ids::add);
        }
        if (isSentencePiece() && !metadata.keys().contains(PREFIX + "eos_token_id")) {
            ids.add(Objects.requireNonNull(NAMED.get("eos")));
        }
        return TokenSet.of(ids.stream().filter(id -> id < rows).mapToInt(Integer::intValue).toArray());
    }

    private boolean isSentencePiece() {
        return metadata.text(PREFIX + "model").orElse("").equals("llama");
    }

    private OptionalInt id(String kind) {
        int id = metadata.integer(PREFIX + kind + "_token_id").orElse(-1);
        int end = spellings.isEmpty() ? Integer.MAX_VALUE : spellings.size();
        return id >= 0 && id < end ? OptionalInt.of(id) : OptionalInt.empty();
    }

    /// The spellings of special tokens by the names that templates use; empty for an absent token.
    Map<String, String> forTemplates() {
        var named = new LinkedHashMap<String, String>();
        NAMES.forEach((key, name) -> {
            int id = id(key).orElse(isSentencePiece() ? Objects.requireNonNull(NAMED.get(key)) : -1);
            named.put(name, id >= 0 && id < spellings.size() ? spellings.get(id) : "");
        });
        return named;
    }

    List<String> warnings() {
        return List.copyOf(warnings);
    }
}
