"""Decoding in PyTorch with CUDA graphs: a Llama block in its own operators, a static key-value cache, one graph a step.

All sequences have the same length, so that a step is one graph; keys and values of the prompt are random, as only
decoding is measured. Prints one line of JSON for each batch size; on a CPU, without graphs.

    python3 torch_graphs.py --shape llama-8b --batch 1,16,64 --prompt-tokens 960 --gen-tokens 128
"""

import statistics
import sys
import time

import shapes

try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    shapes.missing(f"torch is not installed for {sys.executable}: it is what this script measures (pip install torch)")


class Layer:
    def __init__(self, shape, weight):
        width = shape.heads * shape.head_dim
        self.shape = shape
        self.attention_norm = weight(shape.hidden)
        self.query_key_value = weight(width + 2 * shape.kv_heads * shape.head_dim, shape.hidden)
        self.attention_out = weight(shape.hidden, width)
        self.feed_forward_norm = weight(shape.hidden)
        self.gate_up = weight(2 * shape.feed_forward, shape.hidden)
        self.down = weight(shape.hidden, shape.feed_forward)

    def forward(self, hidden, keys, values, position, turn, mask):
        """hidden [batch, 1, hidden]; keys, values [batch, KV heads, context, head]"""
        shape = self.shape
        batch = hidden.shape[0]
        products = functional.linear(normalised(hidden, self.attention_norm), self.query_key_value)
        heads = products.view(batch, 1, shape.heads + 2 * shape.kv_heads, shape.head_dim).transpose(1, 2)
        query, key, value = heads.split([shape.heads, shape.kv_heads, shape.kv_heads], dim=1)
        keys.index_copy_(2, position, turned(key, turn))
        values.index_copy_(2, position, value)
        # The query heads that share a KV head become rows of one product, so that keys need not be repeated.
        groups = turned(query, turn).reshape(batch, shape.kv_heads, -1, shape.head_dim)
        attended = functional.scaled_dot_product_attention(groups, keys, values, attn_mask=mask)
        hidden = hidden + functional.linear(attended.reshape(batch, 1, -1), self.attention_out)
        gate, up = functional.linear(normalised(hidden, self.feed_forward_norm), self.gate_up).chunk(2, dim=-1)
        return hidden + functional.linear(functional.silu(gate) * up, self.down)


def normalised(hidden, weight):
    return functional.rms_norm(hidden, (hidden.shape[-1],), weight, 1e-5)


def turned(heads, turn):
    cosine, sine = turn
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


class Decoder:
    """One step for all sequences: newest tokens in, greedy tokens out, all state in tensors that are kept."""

    def __init__(self, shape, batch, context, device):
        def weight(*dimensions):
            return torch.randn(*dimensions, device=device, dtype=torch.bfloat16) * (1.5 / dimensions[-1] ** 0.5)

        self.embedding = weight(shape.vocabulary, shape.hidden)
        self.layers = [Layer(shape, weight) for _ in range(shape.layers)]
        self.norm = weight(shape.hidden)
        self.head = weight(shape.vocabulary, shape.hidden)
        cache = (batch, shape.kv_heads, context, shape.head_dim)
        self.caches = [(weight(*cache), weight(*cache)) for _ in range(shape.layers)]
        self.tokens = torch.zeros(batch, 1, dtype=torch.long, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        self.positions = torch.arange(context, device=device)
        half = shape.head_dim // 2
        frequencies = shape.theta ** (-torch.arange(half, device=device) / half)
        angles = self.positions[:, None] * frequencies[None, :]
        self.turns = (angles.cos().bfloat16(), angles.sin().bfloat16())

    def step(self):
        turn = tuple(part.index_select(0, self.position) for part in self.turns)
        mask = (self.positions <= self.position)[None, None, None, :]
        hidden = functional.embedding(self.tokens, self.embedding)
        for layer, (keys, values) in zip(self.layers, self.caches):
            hidden = layer.forward(hidden, keys, values, self.position, turn, mask)
        logits = functional.linear(normalised(hidden, self.norm), self.head)
        self.tokens.copy_(logits.argmax(dim=-1))
        self.position.add_(1)


def captured(decoder):
    """Captures the step as a graph, after warm-up steps in which libraries choose algorithms and allocate."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            decoder.step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        decoder.step()
    return graph.replay


def seconds(decoder, step, chosen):
    decoder.position.fill_(chosen.prompt_tokens)
    wait = torch.cuda.synchronize if chosen.device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    for _ in range(chosen.gen_tokens):
        step()
    wait()
    return time.perf_counter() - started


@torch.inference_mode()
def main():
    chosen = shapes.options(__doc__.splitlines()[0])
    shapes.require_device(torch, chosen.device)
    for batch in chosen.batches:
        context = -(-(chosen.prompt_tokens + chosen.gen_tokens) // 64) * 64     # kernels want masks aligned
        decoder = Decoder(shapes.SHAPES[chosen.shape], batch, context, chosen.device)
        graphs = chosen.device == "cuda"
        step = captured(decoder) if graphs else decoder.step
        median = statistics.median(seconds(decoder, step, chosen) for _ in range(chosen.repeat))
        shapes.report("torch with CUDA graphs", torch.__version__, chosen, batch,
                      batch * chosen.gen_tokens / median, stepMs=round(1e3 * median / chosen.gen_tokens, 4),
                      graphs=graphs, device=chosen.device)
        del decoder, step


if __name__ == "__main__":
    main()
