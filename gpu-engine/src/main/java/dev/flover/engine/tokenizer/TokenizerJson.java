package dev.flover.engine.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tokenizer.subword.BytePairModels;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The content of a `tokenizer.json`. The vocabulary and the merges, which are large, are lists; everything else is
/// JSON.
///
/// @param root   the file without the model
/// @param model  the model without vocabulary and merges
/// @param tokens the vocabulary, in the file's order
/// @param merges the merges of a byte-pair model, in order; empty for other models
record TokenizerJson(
        Path file, ObjectNode root, ObjectNode model, List<Token> tokens, List<BytePairModels.Pair> merges) {
    private static final long MAX_BYTES = 256 << 20;
    private static final int MAX_NESTING = 64;
    private static final int MAX_STRING = 16 << 20;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_NESTING)
                    .maxStringLength(MAX_STRING)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();
    private static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY).build();

    /// @param score the score in a unigram model; 0 for others
    record Token(int id, String spelling, double score) {}

    static TokenizerJson read(Path file) {
        return parsing(file, () -> {
            try (var parser = FACTORY.createParser(file.toFile())) {
                parser.setCodec(MAPPER);
                return new Reading(file).read(parser);
            }
        });
    }

    /// The content of a small JSON file; an empty object if the file is missing.
    static JsonNode readSmall(Path file) {
        if (!Files.exists(file)) {
            return JsonNodeFactory.instance.objectNode();
        }
        return parsing(file, () -> MAPPER.readTree(file.toFile()));
    }

    private interface Parsing<T> {
        T parse() throws IOException;
    }

    private static <T> T parsing(Path file, Parsing<T> parsing) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new ModelFileException(file, "has " + size + " bytes; at most " + MAX_BYTES + " are expected");
            }
            return parsing.parse();
        } catch (JsonProcessingException e) {
            throw new ModelFileException(file, "is not valid JSON: " + JsonFile.problem(e), e);
        } catch (IOException e) {
            throw new ModelFileException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    /// Parses one file with a streaming parser.
    private static final class Reading {
        private final Path file;
        private final ObjectNode root = JsonNodeFactory.instance.objectNode();
        private final ObjectNode model = JsonNodeFactory.instance.objectNode();
        private final List<Token> tokens = new ArrayList<>();
        private final List<BytePairModels.Pair> merges = new ArrayList<>();

        Reading(Path file) {
            this.file = file;
        }

        TokenizerJson read(JsonParser parser) throws IOException {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new ModelFileException(file, "does not hold a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (parser.nextToken() == JsonToken.START_OBJECT && name.equals("model")) {
                    readModel(parser);
                } else {
                    root.set(name, tree(parser));
                }
            }
            return new TokenizerJson(file, root, model, tokens, merges);
        }

        private void readModel(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                var value = parser.nextToken();
                if (name.equals("vocab") && value == JsonToken.START_OBJECT) {
                    readVocabulary(parser);
                } else if (name.equals("vocab") && value == JsonToken.START_ARRAY) {
                    readScoredVocabulary(parser);
                } else if (name.equals("merges") && value == JsonToken.START_ARRAY) {
                    readMerges(parser);
                } else {
                    model.set(name, tree(parser));
                }
            }
        }

        private static JsonNode tree(JsonParser parser) throws IOException {
            JsonNode value = parser.readValueAsTree();
            return value == null ? JsonNodeFactory.instance.nullNode() : value;
        }

        private void readVocabulary(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String spelling = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                    throw unexpected("model.vocab", "an id", parser);
                }
                add(new Token(parser.getIntValue(), spelling, 0));
            }
        }

        private void readScoredVocabulary(JsonParser parser) throws IOException {
            for (int id = 0; parser.nextToken() == JsonToken.START_ARRAY; id++) {
                if (parser.nextToken() != JsonToken.VALUE_STRING) {
                    throw unexpected("model.vocab", "a token and its score", parser);
                }
                String spelling = parser.getText();
                if (!parser.nextToken().isNumeric()) {
                    throw unexpected("model.vocab", "a token and its score", parser);
                }
                add(new Token(id, spelling, parser.getDoubleValue()));
                if (parser.nextToken() != JsonToken.END_ARRAY) {
                    throw unexpected("model.vocab", "a token and its score", parser);
                }
            }
            if (parser.currentToken() != JsonToken.END_ARRAY) {
                throw unexpected("model.vocab", "a list of tokens and scores", parser);
            }
        }

        private void add(Token token) {
            if (tokens.size() >= Vocabulary.MAX_TOKENS) {
                throw new ModelFileException(
                        file, "has too many tokens; at most " + Vocabulary.MAX_TOKENS + " are supported");
            }
            tokens.add(token);
        }

        private void readMerges(JsonParser parser) throws IOException {
            for (var value = parser.nextToken(); value != JsonToken.END_ARRAY; value = parser.nextToken()) {
                if (merges.size() >= BytePairModels.MAX_MERGES) {
                    throw new ModelFileException(
                            file, "has too many merges; at most " + BytePairModels.MAX_MERGES + " are supported");
                }
                if (value == JsonToken.VALUE_STRING) {
                    merges.add(BytePairModels.Pair.parse(file, parser.getText()));
                } else {
                    merges.add(pair(parser, value));
                }
            }
        }

        private BytePairModels.Pair pair(JsonParser parser, JsonToken value) throws IOException {
            if (value == JsonToken.START_ARRAY && parser.nextToken() == JsonToken.VALUE_STRING) {
                String left = parser.getText();
                if (parser.nextToken() == JsonToken.VALUE_STRING) {
                    String right = parser.getText();
                    if (parser.nextToken() == JsonToken.END_ARRAY) {
                        return new BytePairModels.Pair(left, right);
                    }
                }
            }
            throw unexpected("model.merges", "pairs of tokens", parser);
        }

        private ModelFileException unexpected(String where, String expected, JsonParser parser) {
            return new ModelFileException(file, where + " should hold " + expected + " and has "
                    + parser.currentToken() + " in line " + parser.currentLocation().getLineNr());
        }
    }
}
