package dev.flover.engine.loading;

import dev.flover.engine.tensor.TensorType;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// A Llama of random weights with a byte-level vocabulary, small enough to be written anew in each test. The same seed
/// and shape give the same file.
///
/// @param type the type of the matrices; norms are floats
@RecordBuilder
public record TinyLlama(
        int hidden, int layers, int heads, int kvHeads, int feedForward, int context, TensorType type, long seed)
        implements TinyLlamaBuilder.With {
    /// 256 bytes, one merge for "th", and the end-of-text token.
    public static final int VOCABULARY = 258;
    public static final int END_OF_TEXT = 257;

    public static TinyLlama of(TensorType type, long seed) {
        return TinyLlamaBuilder.builder().hidden(64).layers(2).heads(4).kvHeads(2).feedForward(128).context(256)
                .type(type).seed(seed).build();
    }

    public GgufWriter writer() {
        return addVocabulary(withoutTokenizer());
    }

    public GgufWriter withoutTokenizer() {
        var writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("general.name", "tiny")
                .put("llama.context_length", context)
                .put("llama.embedding_length", hidden)
                .put("llama.block_count", layers)
                .put("llama.feed_forward_length", feedForward)
                .put("llama.attention.head_count", heads)
                .put("llama.attention.head_count_kv", kvHeads)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .put("llama.rope.freq_base", 10_000f)
                .put("llama.rope.dimension_count", hidden / heads);
        addTensors(writer);
        return writer;
    }

    private static GgufWriter addVocabulary(GgufWriter writer) {
        var tokens = byteTokens();
        tokens.add("th");
        tokens.add("<|endoftext|>");
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 1);
        types[END_OF_TEXT] = 3;
        return writer.put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", "gpt-2")
                .put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.token_type", types)
                .put("tokenizer.ggml.merges", List.of("t h"))
                .put("tokenizer.ggml.bos_token_id", END_OF_TEXT)
                .put("tokenizer.ggml.eos_token_id", END_OF_TEXT);
    }

    /// GPT-2's printable characters for the 256 bytes, in the order of GPT-2's vocabulary.
    private static List<String> byteTokens() {
        var printable = new ArrayList<String>();
        for (int b = 0; b < 256; b++) {
            if (b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE) {
                printable.add(String.valueOf((char) b));
            }
        }
        for (int other = 0; printable.size() < 256; other++) {
            printable.add(String.valueOf((char) (256 + other)));
        }
        return printable;
    }

    private void addTensors(GgufWriter writer) {
        var random = new Random(seed);
        int kvWidth = hidden / heads * kvHeads;
        matrix(writer, random, "token_embd", VOCABULARY, hidden);
        for (int layer = 0; layer < layers; layer++) {
            String block = "blk." + layer + ".";
            norm(writer, block + "attn_norm");
            matrix(writer, random, block + "attn_q", hidden, hidden);
            matrix(writer, random, block + "attn_k", kvWidth, hidden);
            matrix(writer, random, block + "attn_v", kvWidth, hidden);
            matrix(writer, random, block + "attn_output", hidden, hidden);
            norm(writer, block + "ffn_norm");
            matrix(writer, random, block + "ffn_gate", feedForward, hidden);
            matrix(writer, random, block + "ffn_up", feedForward, hidden);
            matrix(writer, random, block + "ffn_down", hidden, feedForward);
        }
        norm(writer, "output_norm");
    }

    private void matrix(GgufWriter writer, Random random, String name, int outputs, int inputs) {
        float[] values = new float[outputs * inputs];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() / Math.sqrt(inputs));
        }
        writer.tensor(name + ".weight", type, values, outputs, inputs);
    }

    private void norm(GgufWriter writer, String name) {
        float[] ones = new float[hidden];
        Arrays.fill(ones, 1);
        writer.tensor(name + ".weight", TensorType.F32, ones, hidden);
    }
}
