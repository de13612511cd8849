"""Computes the expected answers of the families: python3 references.py NAME.json...

Each file has the configuration of a model as transformers writes it, the shapes of its tensors, and a seed for their
weights; RandomFamilies.java draws the same weights. This script opens them with transformers, in float32 with eager
attention, and replaces the file's cases: prompts, the 20 greatest logits after each prompt, and greedy tokens. A seed is
raised until the greatest logit of every step is clearly ahead of the next, so that the order of float32 sums decides no
token.

Needs torch, transformers (written with 5.18.0) and safetensors.
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from safetensors.numpy import save_file
from transformers import AutoModelForCausalLM

PROMPTS = (1, 2, 5, 17, 40, 97)
GREEDY = 40
TOP = 20
LEAD = 5e-4
GOLDEN = numpy.uint64(0x9E3779B97F4A7C15)


def mixed(state):
    """SplitMix64's output function, over an array."""
    state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return state ^ (state >> numpy.uint64(31))


def weights(seed, index, tensor):
    """Uniform numbers around a mean: the one numbered i is drawn from (seed, index of the tensor, i) alone."""
    count = int(numpy.prod(tensor["shape"]))
    key = mixed(numpy.array([(seed << 32) + index], dtype=numpy.uint64))[0]
    state = key + (numpy.arange(1, count + 1, dtype=numpy.uint64)) * GOLDEN
    unit = (mixed(state) >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-52 - 1.0
    drawn = tensor["mean"] + tensor["spread"] * unit
    return drawn.astype(numpy.float32).reshape(tensor["shape"])


def prompt(length, vocabulary):
    """Any ids will do; these depend on the length alone."""
    return [(7 * length + 31 * i * (i + 3) + 11) % vocabulary for i in range(length)]


def answer(model, ids):
    """The logits after the prompt, the greedy tokens, and the smallest lead of a greatest logit."""
    given, first, tokens, lead = list(ids), None, [], float("inf")
    for _ in range(GREEDY):
        with torch.no_grad():
            logits = model(torch.tensor([given]), use_cache=False).logits[0, -1].float()
        best = torch.topk(logits, TOP)
        first = best if first is None else first
        lead = min(lead, float(best.values[0] - best.values[1]))
        tokens.append(int(best.indices[0]))
        given.append(tokens[-1])
    return first, tokens, lead


def cases(family, folder):
    folder = Path(folder)
    (folder / "config.json").write_text(json.dumps(family["config"]))
    drawn = {name: weights(family["seed"], index, tensor)
             for index, (name, tensor) in enumerate(sorted(family["tensors"].items()))}
    save_file(drawn, folder / "model.safetensors", metadata={"format": "pt"})
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    if report["missing_keys"] or report["unexpected_keys"]:
        sys.exit(f"expected exactly the model's tensors, found {report}")
    model.eval()
    found = []
    for length in PROMPTS:
        ids = prompt(length, family["config"]["vocab_size"])
        first, tokens, lead = answer(model, ids)
        if lead < LEAD:
            return None
        found.append({"prompt": ids, "first_logits_top20": {
            "ids": first.indices.tolist(), "logits": [round(x, 6) for x in first.values.tolist()]}, "greedy": tokens})
    return found


def main():
    for name in sys.argv[1:]:
        family = json.loads(Path(name).read_text())
        while True:
            with tempfile.TemporaryDirectory() as folder:
                found = cases(family, folder)
            if found:
                break
            family["seed"] += 1
        family["cases"] = found
        lines = [f'"config": {json.dumps(family["config"], sort_keys=True)}', f'"seed": {family["seed"]}',
                 '"tensors": {\n' + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}"
                                               for key, value in sorted(family["tensors"].items())) + "\n}",
                 '"cases": [\n' + ",\n".join(json.dumps(case) for case in found) + "\n]"]
        Path(name).write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(name, "seed", family["seed"], flush=True)


if __name__ == "__main__":
    main()
