package dev.flover.engine.tokenizer;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.GgufMetadata;
import dev.flover.engine.format.GgufValue;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tokenizer.subword.BytePairModels;
import dev.flover.engine.tokenizer.subword.Fallback;
import dev.flover.engine.tokenizer.subword.SubwordModel;
import dev.flover.engine.tokenizer.subword.TokenKind;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Builds a tokenizer from the `tokenizer.ggml.*` metadata of a GGUF file.
final class GgufTokenizerReader {
    private static final char MARK = SentencePieceModels.MARK;
    private static final String PREFIX = "tokenizer.ggml.";
    private static final SubwordTokenizer.Frame NO_FRAME = new SubwordTokenizer.Frame(new int[0], new int[0]);

    private final Path file;
    private final GgufMetadata metadata;
    private final Vocabulary vocabulary;

    private GgufTokenizerReader(Path file, GgufMetadata metadata) {
        this.file = file;
        this.metadata = metadata;
        this.vocabulary = vocabulary();
    }

    /// The kind of tokenizer model that a file names; empty if the file has no tokenizer.
    private static Optional<String> model(GgufMetadata metadata) {
        return metadata.text(PREFIX + "model").filter(name -> !name.equals("none") && !name.equals("no_vocab"));
    }

    /// The tokenizer of a file; null if it has none.
    static @Nullable Tokenizer read(GgufFile gguf) {
        var metadata = gguf.metadata();
        var model = model(metadata);
        return model.isEmpty() ? null : new GgufTokenizerReader(gguf.path(), metadata).build(model.get());
    }

    private Tokenizer build(String model) {
        return switch (model) {
            case "llama" -> sentencePiece();
            case "gpt2" -> bytePairs(metadata.text(PREFIX + "pre").orElse("default"));
            case "gemma4" -> bytePairs("gemma4");
            case "t5" -> unigram();
            default -> throw new ModelFileException(file, "has a tokenizer of the kind " + Vocabulary.quoted(model)
                    + "; supported are llama (SentencePiece), gpt2 (byte pairs) and t5 (unigram)");
        };
    }

    private Vocabulary vocabulary() {
        List<String> tokens = metadata.texts(PREFIX + "tokens");
        int[] kinds = metadata.integers(PREFIX + "token_type");
        if (kinds.length != 0 && kinds.length < tokens.size()) {
            throw tooFew("token_type", kinds.length, tokens.size());
        }
        var read = new Vocabulary(file, tokens.size());
        for (int id = 0; id < tokens.size(); id++) {
            var kind = kinds.length == 0 ? TokenKind.NORMAL : TokenKind.ofGguf(kinds[id]);
            String spelling = tokens.get(id);
            // A file that declares an end token as ordinary text is wrong. One that declares it as an added word is
            // right: the word must be found in texts.
            boolean end = kind == TokenKind.NORMAL && EndSpellings.isEnd(spelling);
            read.set(id, spelling, end ? TokenKind.CONTROL : kind);
        }
        return read;
    }

    private ModelFileException tooFew(String key, int found, int expected) {
        return new ModelFileException(file, "has " + found + " values in " + PREFIX + key + " for a vocabulary of "
                + expected + " tokens");
    }

    private Tokenizer sentencePiece() {
        boolean prefix = metadata.flag(PREFIX + "add_space_prefix").orElse(true);
        TextNormalizer marking = text -> (prefix ? MARK + text : text).replace(' ', MARK);
        var fallback = new Fallback(vocabulary.byteTokens(), token("unknown_token_id", 0), false);
        var models = new SentencePieceModels(vocabulary, scores(), fallback);
        return tokenizer(marking, new PreTokenizer.Sequence(List.of()), models.bytePairs(), models.spelling(), prefix,
                frame(true, false, 1, 2));
    }

    private Tokenizer bytePairs(String name) {
        PreTokenizerCatalog.Recipe recipe;
        try {
            recipe = PreTokenizerCatalog.find(name);
        } catch (IllegalArgumentException unknown) {
            throw new ModelFileException(file, unknown.getMessage());
        }
        int[] byteTokens = recipe.bytes() ? null : vocabulary.byteTokens();
        var fallback = new Fallback(byteTokens, token("unknown_token_id", -1), false);
        var model = BytePairModels.ofMerges(file, vocabulary, merges(), fallback, wholePieces(recipe));
        TokenTable.Spelling spelling = recipe.bytes()
                ? new TokenTable.Spelling.Bytes()
                : new TokenTable.Spelling.Marked(MARK, false);
        TextNormalizer marking = recipe.bytes() ? text -> text : text -> text.replace(' ', MARK);
        return tokenizer(marking, recipe.build(), model, spelling, false, frame(recipe.beginsText(), false, -1, -1));
    }

    private List<BytePairModels.Pair> merges() {
        List<String> listed = metadata.texts(PREFIX + "merges");
        if (listed.isEmpty()) {
            throw new ModelFileException(file, "has no " + PREFIX + "merges, which byte pairs need");
        }
        return listed.stream().map(merge -> BytePairModels.Pair.parse(file, merge)).toList();
    }

    private Map<String, Integer> wholePieces(PreTokenizerCatalog.Recipe recipe) {
        var pieces = new HashMap<String, Integer>();
        for (int id = 0; id < vocabulary.size(); id++) {
            String spelling = vocabulary.spelling(id);
            boolean lines = !recipe.bytes() && !spelling.isEmpty() && spelling.chars().allMatch(c -> c == '\n');
            if (vocabulary.kind(id) == TokenKind.NORMAL && (recipe.ignoresMerges() || lines)) {
                pieces.put(spelling, id);
            }
        }
        return pieces;
    }

    private Tokenizer unigram() {
        boolean prefix = metadata.flag(PREFIX + "add_space_prefix").orElse(true);
        boolean merging = metadata.flag(PREFIX + "remove_extra_whitespaces").orElse(false);
        var spacing = new WordSpacing(MARK, prefix, merging);
        var normalizer = TextNormalizer.inOrder(Stream.concat(characterMap().stream(), Stream.of(spacing)).toList());
        var fallback = new Fallback(null, token("unknown_token_id", 2), true);
        var models = new SentencePieceModels(vocabulary, scores(), fallback);
        return tokenizer(normalizer, new PreTokenizer.Sequence(List.of()), models.unigram(), models.spelling(),
                prefix || merging, frame(false, true, -1, 1));
    }

    private Optional<TextNormalizer> characterMap() {
        return switch (metadata.value(PREFIX + "precompiled_charsmap").orElse(null)) {
            case null -> Optional.empty();
            case GgufValue.Wholes(long[] values) -> {
                byte[] compiled = new byte[values.length];
                for (int i = 0; i < compiled.length; i++) {
                    compiled[i] = (byte) values[i];
                }
                try {
                    yield Optional.of(new CharacterMap(compiled));
                } catch (IllegalArgumentException broken) {
                    throw new ModelFileException(file, "has " + broken.getMessage());
                }
            }
            case GgufValue other -> throw new ModelFileException(file, "metadata " + PREFIX
                    + "precompiled_charsmap should be an array of bytes and is " + other.kind());
        };
    }

    private float[] scores() {
        float[] scores = switch (metadata.value(PREFIX + "scores").orElse(null)) {
            case null -> new float[vocabulary.size()];
            case GgufValue.Wholes(long[] values) -> {
                float[] whole = new float[values.length];
                for (int i = 0; i < values.length; i++) {
                    whole[i] = values[i];
                }
                yield whole;
            }
            default -> metadata.reals(PREFIX + "scores");
        };
        if (scores.length < vocabulary.size()) {
            throw tooFew("scores", scores.length, vocabulary.size());
        }
        for (int id = 0; id < vocabulary.size(); id++) {
            if (!Float.isFinite(scores[id])) {
                throw new ModelFileException(file, "gives token " + id + " the score " + scores[id]
                        + "; expected a finite number");
            }
        }
        return scores;
    }

    private Tokenizer tokenizer(
            TextNormalizer normalizer,
            PreTokenizer preTokenizer,
            SubwordModel model,
            TokenTable.Spelling spelling,
            boolean stripsLeadingSpace,
            SubwordTokenizer.Frame frame) {
        var stages = new SubwordTokenizer.Stages(added(), normalizer, new AddedTokens(List.of()), preTokenizer, model);
        return new SubwordTokenizer(stages, TokenTable.meaning(vocabulary, spelling, stripsLeadingSpace), frame);
    }

    private AddedTokens added() {
        var added = new ArrayList<AddedTokens.AddedToken>();
        for (int id = 0; id < vocabulary.size(); id++) {
            var kind = vocabulary.kind(id);
            String text = vocabulary.spelling(id);
            if (kind.isMarkup() || kind == TokenKind.USER_DEFINED) {
                added.add(new AddedTokens.AddedToken(id, text, kind.isMarkup(), false, eatsRight(text), false));
            }
        }
        return new AddedTokens(added);
    }

    /// Whether a markup token includes the white space after it. GGUF files do not say so; in Phi-3 it does.
    private boolean eatsRight(String spelling) {
        String name = metadata.text("general.name").orElse("").toLowerCase(Locale.ROOT);
        return (name.contains("phi-3") || name.contains("phi3"))
                && !Set.of("<unk>", "<s>", "<|endoftext|>").contains(spelling);
    }

    private SubwordTokenizer.Frame frame(boolean begins, boolean ends, int begin, int end) {
        boolean addsBegin = metadata.flag(PREFIX + "add_bos_token").orElse(begins);
        boolean addsEnd = metadata.flag(PREFIX + "add_eos_token").orElse(ends);
        return new SubwordTokenizer.Frame(
                addsBegin ? new int[] {framing("bos_token_id", begin)} : NO_FRAME.before(),
                addsEnd ? new int[] {framing("eos_token_id", end)} : NO_FRAME.after());
    }

    private int framing(String key, int otherwise) {
        int id = token(key, otherwise);
        if (id < 0) {
            throw new ModelFileException(file, "adds a token to every prompt, but " + PREFIX + key
                    + ", its id, is missing");
        }
        return id;
    }

    /// The token id under a key. An id outside of the vocabulary counts as absent, as in other readers; the loader
    /// warns of it.
    private int token(String key, int otherwise) {
        int id = metadata.integer(PREFIX + key).orElse(otherwise);
        int found = id < -1 || id >= vocabulary.size() ? otherwise : id;
        return found >= vocabulary.size() ? -1 : found;
    }
}
