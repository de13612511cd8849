package dev.flover.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tokenizer.AddedTokens.AddedToken;
import dev.flover.engine.tokenizer.subword.Fallback;
import dev.flover.engine.tokenizer.subword.TokenKind;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Builds a tokenizer from a folder's `tokenizer.model`, and from the added tokens in `tokenizer_config.json` or
/// `added_tokens.json`.
final class SentencePieceReader {
    private static final int UNIGRAM = 1;
    private static final int BYTE_PAIRS = 2;
    private static final Pattern SPACES = Pattern.compile(" +");

    private final Path file;
    private final SentencePieceFile content;
    private final JsonNode config;
    /// By id: the tokens that the folder adds to those of `tokenizer.model`.
    private final TreeMap<Integer, AddedToken> added = new TreeMap<>();
    private final Vocabulary vocabulary;

    private SentencePieceReader(Path folder) {
        file = folder.resolve("tokenizer.model");
        content = SentencePieceFile.read(file);
        config = TokenizerJson.readSmall(folder.resolve("tokenizer_config.json"));
        if (content.pieces().isEmpty()) {
            throw new ModelFileException(file, "is not a SentencePiece model: it has no tokens");
        }
        if (!content.escapes() || content.suffixes()) {
            throw new ModelFileException(file, "marks spaces in another way than by \u2581 before words, which is not"
                    + " supported");
        }
        readAdded(TokenizerJson.readSmall(folder.resolve("added_tokens.json")));
        vocabulary = vocabulary();
    }

    static Tokenizer read(Path folder) {
        return new SentencePieceReader(folder).build();
    }

    private void readAdded(JsonNode names) {
        config.path("added_tokens_decoder").properties().forEach(entry -> {
            var token = entry.getValue();
            add(entry.getKey(), token.path("content").asText(""), token.path("special").asBoolean(),
                    token.path("lstrip").asBoolean(), token.path("rstrip").asBoolean());
        });
        names.properties().forEach(entry -> {
            if (!added.containsKey(entry.getValue().asInt(-1))) {
                add(entry.getValue().asText(""), entry.getKey(), true, false, false);
            }
        });
    }

    private void add(String number, String text, boolean special, boolean eatsLeft, boolean eatsRight) {
        int id;
        try {
            id = Integer.parseInt(number);
        } catch (NumberFormatException e) {
            id = -1;
        }
        if (id < 0 || id >= Vocabulary.MAX_TOKENS || text.isEmpty()) {
            throw new ModelFileException(file.resolveSibling("tokenizer_config.json"), "adds the token "
                    + Vocabulary.quoted(text) + " with the id " + number + "; expected a text and an id below "
                    + Vocabulary.MAX_TOKENS);
        }
        added.put(id, new AddedToken(id, text, special, eatsLeft, eatsRight, false));
    }

    private Vocabulary vocabulary() {
        int pieces = content.pieces().size();
        var read = new Vocabulary(file, added.isEmpty() ? pieces : Math.max(pieces, added.lastKey() + 1));
        for (int id = 0; id < pieces; id++) {
            var piece = content.pieces().get(id);
            if (!Float.isFinite(piece.score())) {
                throw new ModelFileException(file, "gives token " + id + " the score " + piece.score()
                        + "; expected a finite number");
            }
            if (!added.containsKey(id)) {
                read.set(id, piece.text(), TokenKind.ofGguf(piece.kind()));
            }
        }
        added.forEach((id, token) ->
                read.set(id, token.text(), token.special() ? TokenKind.CONTROL : TokenKind.USER_DEFINED));
        return read;
    }

    private Tokenizer build() {
        float[] scores = new float[vocabulary.size()];
        for (int id = 0; id < content.pieces().size(); id++) {
            scores[id] = content.pieces().get(id).score();
        }
        var fallback = new Fallback(
                content.bytes() ? vocabulary.byteTokens() : null, within(content.unknown()), true);
        var models = new SentencePieceModels(vocabulary, scores, fallback);
        boolean unigram = switch (content.model()) {
            case UNIGRAM -> true;
            case BYTE_PAIRS -> false;
            default -> throw new ModelFileException(file, "has a tokenizer model of the type " + content.model()
                    + "; supported are 1 (unigram) and 2 (byte pairs)");
        };
        var stages = new SubwordTokenizer.Stages(
                raw(), normalizer(), words(), new PreTokenizer.Sequence(List.of()),
                unigram ? models.unigram() : models.bytePairs());
        boolean stripsLeadingSpace = content.prefixes() || content.merges();
        return new SubwordTokenizer(
                stages, TokenTable.meaning(vocabulary, models.spelling(), stripsLeadingSpace), frame());
    }

    private TextNormalizer normalizer() {
        return TextNormalizer.inOrder(Stream.concat(
                characterMap().stream(), Stream.<TextNormalizer>of(this::spaced)).toList());
    }

    /// Merges spaces where the model does, puts one in front, and replaces all of them by marks.
    private String spaced(String text) {
        String words = text;
        if (content.merges()) {
            String merged = SPACES.matcher(text).replaceAll(" ");
            words = merged.substring(merged.startsWith(" ") ? 1 : 0);
        }
        boolean prefixed = content.prefixes() && !words.isEmpty();
        String marked = ((prefixed ? " " : "") + words).replace(' ', SentencePieceModels.MARK);
        int end = marked.length();
        while (content.merges() && end > 0 && marked.charAt(end - 1) == SentencePieceModels.MARK) {
            end--;
        }
        return marked.substring(0, end);
    }

    private Optional<TextNormalizer> characterMap() {
        if (content.map().length == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(new CharacterMap(content.map()));
        } catch (IllegalArgumentException broken) {
            throw new ModelFileException(file, "has " + broken.getMessage());
        }
    }

    /// The tokens that are found in a text before all else: markup, and tokens that the folder adds.
    private AddedTokens raw() {
        var tokens = new ArrayList<>(added.values());
        for (int id = 0; id < vocabulary.size(); id++) {
            if (!added.containsKey(id) && vocabulary.kind(id).isMarkup()) {
                tokens.add(new AddedToken(id, vocabulary.spelling(id), true, false, false, false));
            }
        }
        return new AddedTokens(tokens);
    }

    /// The words of `tokenizer.model` that are never split. They are found after spaces have become marks.
    private AddedTokens words() {
        var tokens = new ArrayList<AddedToken>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (!added.containsKey(id) && vocabulary.kind(id) == TokenKind.USER_DEFINED) {
                tokens.add(new AddedToken(id, vocabulary.spelling(id), false, false, false, false));
            }
        }
        return new AddedTokens(tokens);
    }

    private SubwordTokenizer.Frame frame() {
        int begin = within(content.begin());
        int end = within(content.end());
        boolean begins = config.path("add_bos_token").asBoolean(true) && begin >= 0;
        boolean ends = config.path("add_eos_token").asBoolean(false) && end >= 0;
        return new SubwordTokenizer.Frame(begins ? new int[] {begin} : new int[0], ends ? new int[] {end} : new int[0]);
    }

    private int within(int id) {
        return id < vocabulary.size() ? Math.max(id, -1) : -1;
    }
}
