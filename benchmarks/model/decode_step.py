#!/usr/bin/env python3
"""A model of one decode step of the CUDA backend on an H200. Nothing of it is measured on a device: it is arithmetic
from the assumptions below, to compare layouts with each other. docs/evidence/cuda-model.md has the results.

usage: decode_step.py [--layout new|old]
"""
import argparse
import math

# Assumptions: rates in bytes per nanosecond, times in nanoseconds.
HBM = 4300 * 0.95           # what streaming weights reaches of the measured copy rate
L2 = 5500                   # all multiprocessors together
MULTIPROCESSORS = 132
OF_ONE = 100                # what one multiprocessor can take in
LATENCY = 750               # of a load from memory under load
IN_FLIGHT = 24 * 1024       # bytes of weights that a block has under way, on average
NODE = 1300                 # between two kernels of a graph
PLAN = 500                  # to read the plan, before anything else is known
RING = 600                  # to the first stage of activations
NORM = 900                  # sums of squares and factors of rows, before the first stage
NORM_OLD = 2700             # the same, its loads one after another
EPILOGUE = 900
JOIN = 1600                 # partial sums out, a fence, the last block reads and adds
ARITHMETIC = 450e3          # operations a nanosecond that mma.sync reaches in a product's inner loop
ATTENTION_ITEM = 7000       # a split of 256 positions by a block of 128 threads
ATTENTION_END = 2500
HEAD_END = 45000            # gather, norm, three kernels that draw greedily
STEP = 8000                 # plan upload, embedding, results

MODELS = {    # hidden, QKV outputs, feed-forward, layers, vocabulary, KV heads, head
    "8B": (4096, 6144, 14336, 32, 128256, 8, 128),
    "1B": (2048, 3072, 8192, 16, 128256, 8, 64),
}
CONTEXT = 1024


def tile_of(rows):
    return next(t for t in (8, 16, 32, 64) if rows <= t or t == 64)


def new_tiling(rows, outputs, shards):
    """The tiling of a product, as Tiling.java chooses it."""
    tile = tile_of(rows)
    part_warps = {8: 4, 16: 2}.get(tile, 1)
    width = 8 // part_warps * 16
    resident = MULTIPROCESSORS * {8: 3, 16: 2, 32: 2, 64: 1}[tile]
    tiles = math.ceil(rows / tile) * math.ceil(outputs / width)
    parts = 4 * shards
    block_parts = parts
    while parts // block_parts < max(4, shards) and block_parts > part_warps and (
            10 * tiles * (parts // block_parts) < 9 * resident
            or block_parts < parts and block_parts // part_warps > 4):
        block_parts //= 2
    return tile, width, parts // block_parts, resident


def old_tiling(rows, outputs, shards):
    tile = tile_of(rows)
    return tile, 32, shards, MULTIPROCESSORS * {8: 4, 16: 3, 32: 2, 64: 2}[tile]


def product(layout, rows, outputs, inputs, shards, normalises):
    tile, width, splits, resident = (new_tiling if layout == "new" else old_tiling)(rows, outputs, shards)
    row_tiles = math.ceil(rows / tile)
    items = row_tiles * math.ceil(outputs / width) * splits
    weights = outputs * inputs * 2
    activations = math.ceil(outputs / width) * min(rows, row_tiles * tile) * inputs * (4 if normalises else 2)
    blocks = min(items, resident)
    busy = min(MULTIPROCESSORS, blocks)
    rate = min(blocks * IN_FLIGHT / LATENCY, busy * OF_ONE, L2)
    stream = max(weights / min(HBM, rate), (weights * row_tiles + activations) / rate)
    arithmetic = 2 * row_tiles * tile * outputs * inputs / (ARITHMETIC * busy / MULTIPROCESSORS)
    start = PLAN + RING + (0 if not normalises else NORM if layout == "new" else NORM_OLD)
    waves = math.ceil(items / resident)
    again = 0 if layout == "new" else (waves - 1) * (start + EPILOGUE) / max(1, resident // MULTIPROCESSORS)
    join = 0 if splits == 1 else JOIN + 2 * splits * rows * outputs * 4 / L2
    return NODE + start + max(stream, arithmetic) + again + EPILOGUE + join


def normalises(layout, rows, outputs, inputs):
    """Tells whether the product normalises rows when it loads them, as Tiling.normalisesOnLoading does."""
    if layout == "old" or rows > 16:
        return rows <= 16
    tile, width, _, _ = new_tiling(rows, outputs, 1)
    tiles = math.ceil(outputs / width)
    weights = outputs * inputs * 2
    took = [max(weights / 4085, (weights + tiles * inputs * bytes) / L2) for bytes in (4 * rows + 4, 2 * rows)]
    return took[0] <= took[1] + 2900


def step(layout, model, rows):
    hidden, qkv, inner, layers, vocabulary, kv_heads, head = MODELS[model]
    first, second = normalises(layout, rows, qkv, hidden), normalises(layout, rows, 2 * inner, hidden)
    products = (product(layout, rows, qkv, hidden, 1, first) + product(layout, rows, hidden, hidden, 8, False)
                + product(layout, rows, 2 * inner, hidden, 1, second)
                + product(layout, rows, hidden, inner, 8, False))
    kv = rows * CONTEXT * 2 * kv_heads * head * 2
    waves = math.ceil(rows * CONTEXT / 256 * kv_heads / (2 * MULTIPROCESSORS))
    attention = NODE + max(waves * ATTENTION_ITEM * (0.75 if layout == "new" else 1), kv / HBM / 0.75) + ATTENTION_END
    norms = (2 - first - second) * (NODE + 2500 + rows * hidden * 6 / L2)
    append = 0 if layout == "new" else NODE + 2500
    took = layers * (products + attention + norms + append)
    took += product(layout, rows, vocabulary, hidden, 1, False) + HEAD_END + STEP
    weights = (layers * (qkv * hidden + hidden * hidden + 3 * inner * hidden) + vocabulary * hidden) * 2
    floor = max(weights / 4300, rows * weights / 790e3) + layers * kv / 4300
    return took, floor


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--layout", choices=("new", "old"), help="default: both")
    chosen = options.parse_args().layout
    for model in MODELS:
        for layout in (chosen,) if chosen else ("old", "new"):
            for rows in (1, 16, 64, 256):
                took, floor = step(layout, model, rows)
                print(f"{model} {layout} batch {rows:3d}: step {took / 1e6:6.2f} ms, floor {floor / 1e6:6.2f} ms, "
                      f"floor over step {floor / took:.2f}")


if __name__ == "__main__":
    main()
