"""Writes a GGUF file of a dense Llama model, or of a Gemma 3, with random weights in the types of a quantisation mix,
for `bench engine` and the comparison of decoding with llama.cpp (DecodeBenchmark).

usage: python3 random_types.py --shape 8b --mix Q4_K_M --out 8b-q4_k_m.gguf

The blocks are random bits with scales of a sensible size, so that the file is written in the time of copying it, where
quantising 8 billion weights takes an hour. The types of a mix's tensors are those that llama-quantize chooses for a
dense Llama model. Matrices are parts of one pool of blocks that begin at different places. The file is a function of
the arguments alone. Its vocabulary is made up, so that llama.cpp's server takes it, too.

Needs numpy and gguf (llama.cpp's own package; written with 0.19.0).
"""
import argparse

import gguf
import numpy

#         hidden layers heads kv  feed-forward vocabulary tied context
SHAPES = {
    "small": (256, 4, 4, 4, 768, 2048, True, 512),  # for comparisons of logits
    "110m": (768, 12, 12, 12, 2048, 32000, True, 2048),
    "1.1b": (2048, 22, 32, 4, 5632, 32000, False, 2048),
    "8b": (4096, 32, 32, 8, 14336, 128256, False, 8192),
    "long": (1024, 2, 8, 2, 2048, 32000, True, 16384),  # small, so that a long prompt is computed soon
    "gemma3-4b": (2560, 34, 8, 4, 10240, 262208, True, 131072),
    "long-windows": (1024, 6, 8, 2, 2048, 32000, True, 16384),
}
# the shapes of Gemma 3: the width of a head, and the window of all layers but every sixth
WINDOWS = {"gemma3-4b": (256, 1024), "long-windows": (128, 512)}
# mix -> its file type, the type of most matrices, and of those that it stores in more bits
MIXES = {
    "Q4_K_M": (15, "Q4_K", "Q6_K"), "Q5_K_M": (17, "Q5_K", "Q6_K"), "Q6_K": (18, "Q6_K", "Q6_K"),
    "Q3_K_S": (11, "Q3_K", "Q3_K"), "Q2_K_S": (21, "Q2_K", "Q2_K"), "IQ4_XS": (30, "IQ4_XS", "IQ4_XS"),
    "IQ4_NL": (25, "IQ4_NL", "IQ4_NL"), "Q4_0": (2, "Q4_0", "Q4_0"), "Q4_1": (3, "Q4_1", "Q4_1"),
    "Q5_0": (8, "Q5_0", "Q5_0"), "Q5_1": (9, "Q5_1", "Q5_1"), "Q8_0": (7, "Q8_0", "Q8_0"), "F16": (1, "F16", "F16"),
    "BF16": (32, "BF16", "BF16"),
}
# type -> the bytes of a block, the deviation of a uniform code, and the mean of the groups' scales
BLOCKS = {
    "Q8_0": (34, 73.9, 1), "Q4_0": (18, 4.61, 1), "Q4_1": (20, 4.61, 1), "Q5_0": (22, 9.23, 1), "Q5_1": (24, 9.23, 1),
    "Q2_K": (84, 1.12, 11.5), "Q3_K": (110, 2.29, 23.5), "Q4_K": (144, 4.61, 47.5), "Q5_K": (176, 9.23, 47.5),
    "Q6_K": (210, 18.5, 47.5), "IQ4_NL": (18, 71.2, 1), "IQ4_XS": (136, 71.2, 23.5),
}
STARTS = 4096  # places in the pool at which a matrix can begin


def halves(values):
    return values.astype("<f2")[:, None].view(numpy.uint8)


def equal_six_bits(random, count):
    """Eight scales of 32 to 63 and as many equal minimums, packed to 12 bytes."""
    v = random.integers(32, 64, (count, 8), dtype=numpy.uint8)
    top = v[:, 4:] >> 4 << 6
    return numpy.concatenate([v[:, :4] | top, v[:, :4] | top, (v[:, 4:] & 15) * 17], axis=1)


def blocks(random, kind, count, deviation):
    """Random blocks [count, block bytes] whose weights have about this standard deviation and a mean near 0."""
    if kind in ("F16", "BF16"):
        values = random.standard_normal(count, dtype=numpy.float32) * deviation
        return halves(values) if kind == "F16" else numpy.ascontiguousarray(values[:, None].view(numpy.uint8)[:, 2:])
    size, codes, mean = BLOCKS[kind]
    out = numpy.frombuffer(random.bytes(count * size), numpy.uint8).reshape(count, size).copy()
    scale = (deviation / codes / mean * random.uniform(0.7, 1.3, count)).astype(numpy.float32)
    d = halves(scale)
    if kind == "Q6_K":
        out[:, 192:208] = random.integers(32, 64, (count, 16), dtype=numpy.uint8)
        out[:, 208:210] = d
    elif kind == "Q3_K":
        out[:, 104:108] = 255       # the top bits of the groups' scales: all scales are 16 to 31
        out[:, 108:110] = d
    elif kind == "Q2_K":
        out[:, :16] = random.integers(8, 16, (count, 16), dtype=numpy.uint8) * 17
        out[:, 80:82], out[:, 82:84] = d, halves(1.5 * scale)
    else:
        out[:, :2] = d
        if kind == "IQ4_XS":
            out[:, 2:4] = 255       # the same
        elif kind in ("Q4_1", "Q5_1"):
            out[:, 2:4] = halves({"Q4_1": -7.5, "Q5_1": -15.5}[kind] * scale)
        elif kind in ("Q4_K", "Q5_K"):
            out[:, 2:4] = halves({"Q4_K": 7.5, "Q5_K": 15.5}[kind] * scale)
            out[:, 4:16] = equal_six_bits(random, count)
    return out


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--shape", choices=SHAPES, default="110m")
    arguments.add_argument("--mix", choices=MIXES, default="Q4_K_M")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    hidden, layers, heads, kv_heads, wide, vocabulary, tied, context = SHAPES[given.shape]
    file_type, most, more = MIXES[given.mix]
    random = numpy.random.default_rng(given.seed)
    width, window = WINDOWS.get(given.shape, (hidden // heads, 0))
    writer = gguf.GGUFWriter(given.out, "gemma3" if window else "llama")
    if window:
        writer.add_sliding_window(window)
        writer.add_key_length(width)
        writer.add_value_length(width)
        writer.add_rope_freq_base(1e6)
    writer.add_name(f"random {given.shape}")
    writer.add_file_type(file_type)
    writer.add_context_length(context)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(wide)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
                          + [f"t{number}" for number in range(259, vocabulary)])
    writer.add_token_scores([0.0] * vocabulary)
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (vocabulary - 259))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    largest = max(vocabulary * hidden, wide * hidden)
    pools = {}

    def matrix(name, rows, columns, kind):
        elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
        if kind not in pools:
            pools[kind] = blocks(random, kind, largest // elements + STARTS * 64, hidden ** -0.5)
        start = int(random.integers(STARTS)) * 64
        part = pools[kind][start:start + rows * columns // elements]
        # a row is a whole number of blocks
        writer.add_tensor(name + ".weight", part.reshape(rows, columns // elements * size),
                          raw_dtype=gguf.GGMLQuantizationType[kind])

    def ones(name, count=hidden):
        writer.add_tensor(name + ".weight", numpy.ones(count, numpy.float32))

    queries, kv = width * heads, width * kv_heads
    head = "Q6_K" if "K" in most or most == "IQ4_XS" else most
    matrix("token_embd", vocabulary, hidden, head if tied else most)
    if not tied:
        matrix("output", vocabulary, hidden, head)
    ones("output_norm")
    for layer in range(layers):
        of = f"blk.{layer}."
        eighth = layers // 8
        finer = more if layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2 else most
        ones(of + "attn_norm")
        matrix(of + "attn_q", queries, hidden, most)
        matrix(of + "attn_k", kv, hidden, most)
        matrix(of + "attn_v", kv, hidden, finer)
        matrix(of + "attn_output", hidden, queries, most)
        if window:
            ones(of + "attn_q_norm", width)
            ones(of + "attn_k_norm", width)
            ones(of + "post_attention_norm")
            ones(of + "post_ffw_norm")
        ones(of + "ffn_norm")
        matrix(of + "ffn_gate", wide, hidden, most)
        matrix(of + "ffn_up", wide, hidden, most)
        matrix(of + "ffn_down", hidden, wide, finer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
