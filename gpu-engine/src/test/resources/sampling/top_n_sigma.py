"""Writes which tokens top-n-sigma (arXiv 2411.07641) keeps, as NumPy computes it in double.

    python3 top_n_sigma.py

writes top_n_sigma.json beside itself: for each case the logits (null: masked), n, and the ids that are kept. Needs NumPy.
"""

import json
from pathlib import Path

import numpy

TOKENS = 150
MARGIN = 1e-2    # no logit lies nearer to the threshold: how logits are rounded does not matter

generator = numpy.random.default_rng(20241107)
cases = []
while len(cases) < 24:
    logits = generator.normal(0, generator.choice([0.5, 2, 6]), TOKENS)
    logits += generator.choice([0, 0, 9], TOKENS, p=[0.5, 0.45, 0.05]) + generator.choice([-300, 0, 40])
    logits = numpy.round(logits, 3)
    if len(cases) % 3 == 0:
        logits[generator.permutation(TOKENS)[:100]] = -numpy.inf
    n = float(generator.choice([0.25, 0.5, 1, 1.5, 2, 3]))
    finite = logits[numpy.isfinite(logits)]
    threshold = finite.max() - n * finite.std()
    if numpy.abs(finite - threshold).min() > MARGIN:
        cases.append({
            "n": n,
            "logits": [float(x) if numpy.isfinite(x) else None for x in logits],
            "kept": numpy.flatnonzero(logits >= threshold).tolist(),
        })

lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
