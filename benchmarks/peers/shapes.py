"""Shapes of models, as `flover bench engine --shape` names them, and functions that these scripts share."""

import argparse
import json
import sys
from dataclasses import dataclass

MISSING = 77  # the exit status that device-check.sh takes for "skipped"


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    theta: float


SHAPES = {
    "llama-1b": Shape(2048, 16, 32, 8, 64, 8192, 128256, 500000.0),
    "llama-8b": Shape(4096, 32, 32, 8, 128, 14336, 128256, 500000.0),
    "tiny": Shape(64, 2, 4, 2, 16, 128, 256, 10000.0),
}


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shape", choices=SHAPES, default="llama-8b")
    parser.add_argument("--batch", default="1,16,64", help="sequences at a time, separated by commas")
    parser.add_argument("--prompt-tokens", type=int, default=960)
    parser.add_argument("--gen-tokens", type=int, default=128)
    parser.add_argument("--repeat", type=int, default=3, help="runs, of which the median counts")
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to try the script")
    found = parser.parse_args()
    found.batches = [int(batch) for batch in found.batch.split(",")]
    return found


def missing(sentence):
    """Prints what is missing, and exits with the status for a skipped measurement."""
    print(sentence)
    sys.exit(MISSING)


def require_device(torch, device):
    if device == "cuda" and not torch.cuda.is_available():
        missing(f"torch {torch.__version__} is here, but finds no CUDA device; --device cpu tries the script without")


def report(peer, version, chosen, batch, tokens_per_second, **more):
    """Prints the figures of a batch size as one line of JSON."""
    print(json.dumps({
        "peer": peer,
        "version": version,
        "shape": chosen.shape,
        "weights": "BF16",
        "batch": batch,
        "promptTokens": chosen.prompt_tokens,
        "genTokens": chosen.gen_tokens,
        "tokensPerSecond": round(tokens_per_second, 1),
        **more,
    }), flush=True)
