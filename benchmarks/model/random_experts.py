"""Writes a GGUF file of a mixture of experts with random weights, for `bench engine`.

usage: python3 random_experts.py --type q8_0 --out experts-q8_0.gguf

The default shape has 0.5 billion parameters: 12 layers of width 1024, with 8 experts of width 1536, of which each row
chooses 2. The file is a function of the arguments alone. It has Mixtral's architecture, which llama.cpp calls "llama",
and no vocabulary, which llama-batched-bench does not need.

Needs numpy and gguf (llama.cpp's own package; written with 0.19.0).
"""
import argparse

import gguf
import numpy

TYPES = {"f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0,
         "q4_0": gguf.GGMLQuantizationType.Q4_0}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--type", choices=TYPES, default="q8_0")
    for name, number in dict(hidden=1024, layers=12, heads=16, kv_heads=4, experts=8, chosen=2, width=1536,
                             vocabulary=32000, context=2048, seed=1).items():
        arguments.add_argument("--" + name.replace("_", "-"), type=int, default=number)
    shape = arguments.parse_args()
    random = numpy.random.default_rng(shape.seed)
    writer = gguf.GGUFWriter(shape.out, "llama")
    writer.add_name("random experts")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.width)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.hidden // shape.heads)
    writer.add_expert_count(shape.experts)
    writer.add_expert_used_count(shape.chosen)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("no_vocab")

    def normal(*dimensions):
        # A root of type float64 would make the values float64, with which llama.cpp cannot multiply.
        root = numpy.float32(numpy.sqrt(dimensions[-1]))
        return random.standard_normal(dimensions, dtype=numpy.float32) / root

    def matrix(name, *dimensions):
        kind = TYPES[shape.type]
        writer.add_tensor(name + ".weight", gguf.quants.quantize(normal(*dimensions), kind), raw_dtype=kind)

    def ones(name):
        writer.add_tensor(name + ".weight", numpy.ones(shape.hidden, numpy.float32))

    hidden, kv = shape.hidden, shape.hidden // shape.heads * shape.kv_heads
    matrix("token_embd", shape.vocabulary, hidden)
    ones("output_norm")
    for layer in range(shape.layers):
        of = f"blk.{layer}."
        ones(of + "attn_norm")
        matrix(of + "attn_q", hidden, hidden)
        matrix(of + "attn_k", kv, hidden)
        matrix(of + "attn_v", kv, hidden)
        matrix(of + "attn_output", hidden, hidden)
        ones(of + "ffn_norm")
        writer.add_tensor(of + "ffn_gate_inp.weight", normal(shape.experts, hidden))
        matrix(of + "ffn_gate_exps", shape.experts, shape.width, hidden)
        matrix(of + "ffn_up_exps", shape.experts, shape.width, hidden)
        matrix(of + "ffn_down_exps", shape.experts, hidden, shape.width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
