package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The special tokens of a Hugging Face folder: those that end an answer, and those to which a chat template refers by
/// name.
///
/// Token ids are in `generation_config.json` and `config.json`; spellings are in `tokenizer_config.json` and, in older
/// folders, in `special_tokens_map.json`. Templates prefer the spellings; an answer ends at the tokens of either
/// source.
final class FolderTokens {
    private static final List<String> NAMES =
            List.of("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token");

    private final List<JsonFile> configs;
    private final Optional<JsonFile> generation;
    private final Optional<JsonFile> spellings;
    private final Optional<JsonFile> olderSpellings;
    private final @Nullable Tokenizer tokenizer;
    private final List<String> warnings = new ArrayList<>();

    /// @param outer     `config.json`
    /// @param config    the part of `config.json` about the language model
    /// @param tokenizer null if the folder has none
    FolderTokens(
            Path folder, JsonFile outer, JsonFile config, Optional<JsonFile> generation,
            @Nullable Tokenizer tokenizer) {
        this.configs = List.of(outer, config);
        this.generation = generation;
        this.spellings = JsonFile.readIfPresent(folder.resolve("tokenizer_config.json"));
        this.olderSpellings = JsonFile.readIfPresent(folder.resolve("special_tokens_map.json"));
        this.tokenizer = tokenizer;
        if (tokenizer != null && Files.exists(folder.resolve("tokenizer.json"))) {
            warnOfFlags(tokenizer);
        }
    }

    /// Warns if `tokenizer_config.json` says something else about the tokens around a text than the tokenizer does,
    /// which follows `tokenizer.json`, as transformers 5 does.
    private void warnOfFlags(Tokenizer given) {
        int text = -1;
        int[] framed = given.framed(new int[] {text});
        warnOfFlag("add_bos_token", framed[0] != text, "before");
        warnOfFlag("add_eos_token", framed[framed.length - 1] != text, "after");
    }

    private void warnOfFlag(String flag, boolean adds, String where) {
        spellings.flatMap(config -> config.flag(flag)).filter(said -> said != adds).ifPresent(said ->
                warnings.add("\"" + flag + "\" of tokenizer_config.json is " + said + " and is ignored; the tokenizer"
                        + " puts " + (adds ? "a" : "no") + " token " + where + " a text"));
    }

    /// The tokens that end an answer.
    ///
    /// @param rows the rows of the embedding; a larger id cannot be drawn, and is reported as a warning instead
    TokenSet endOfText(int rows) {
        var ids = new ArrayList<Integer>();
        for (int id : ids("eos_token_id")) {
            if (id < 0 || id >= rows) {
                warnings.add("the end token " + id + " is outside of the model's ids 0 to " + (rows - 1)
                        + " and is ignored");
            } else {
                ids.add(id);
            }
        }
        spelled("eos_token").ifPresent(end -> {
            int id = tokenizer == null ? -1 : tokenizer.idOf(end);
            if (id >= 0 && id < rows) {
                ids.add(id);
            } else if (tokenizer != null) {
                warnings.add("the end token \"" + end + "\" is not in the tokenizer's vocabulary and is ignored");
            }
        });
        return TokenSet.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }

    private List<Integer> ids(String key) {
        var generated = generation.map(file -> file.integers(key)).orElse(List.of());
        if (!generated.isEmpty()) {
            return generated;
        }
        return configs.stream().map(config -> config.integers(key)).filter(ids -> !ids.isEmpty())
                .findFirst().orElse(List.of());
    }

    /// The spellings of special tokens by the names that templates use. A token that the folder explicitly sets to null
    /// stays undefined, as in transformers.
    Map<String, String> forTemplates() {
        var named = new LinkedHashMap<String, String>();
        for (String name : NAMES) {
            spelled(name).or(() -> isNone(name) ? Optional.empty() : byId(name))
                    .ifPresent(spelling -> named.put(name, spelling));
        }
        return named;
    }

    private boolean isNone(String name) {
        return spellings.isPresent() && spellings.get().keys().contains(name);
    }

    private Optional<String> byId(String name) {
        var given = tokenizer;
        return given == null ? Optional.empty() : ids(name + "_id").stream().findFirst()
                .filter(id -> id >= 0 && id < given.vocabulary())
                .map(given::spelling).filter(spelling -> !spelling.isEmpty());
    }

    private Optional<String> spelled(String name) {
        return spellings.flatMap(file -> file.tokenText(name))
                .or(() -> isNone(name) ? Optional.empty() : olderSpellings.flatMap(file -> file.tokenText(name)));
    }

    /// The warnings so far; complete after the other methods were called.
    List<String> warnings() {
        return List.copyOf(warnings);
    }
}
