#!/usr/bin/env python3
"""A model of the join of several ranks' sums on H200s with NVLink. Nothing of it is measured on a device: it is
arithmetic from the assumptions below. docs/evidence/cuda-model.md has the results.

usage: join.py [--rows N,...]
"""
import argparse
import math

# Assumptions: rates in bytes per nanosecond, times in nanoseconds.
LINK = 450                  # NVLink, one direction
MULTIPROCESSORS = 132
NODE = 1300                 # between two kernels of a graph
PLAN = 500                  # to read the plan
MEETING = 1800              # a barrier, a signal to the other device, and a look at the own one that finds it
FAR_LATENCY = 1500          # of a load from another device
FINISH = 700                # bias, residual, sums of squares, stores
THREADS = 512
COLUMNS = 128               # of a row that a warp takes at a time
ONE_SHOT = 512 << 10        # as in RankGroup.java

MODELS = {"8B": 4096, "70B": 8192, "405B": 16384}    # hidden


def join(rows, hidden, ranks):
    """The time of a join, and whether each rank adds only a part."""
    warps = THREADS // 32
    units = rows * math.ceil(hidden / COLUMNS)
    blocks = min(MULTIPROCESSORS // 4, math.ceil(units / warps))
    size = rows * hidden * 4
    in_parts = ranks > 2 and size > ONE_SHOT

    def reads(read_bytes, at_once):
        """Reads from other devices: `at_once` loads of each lane are in flight."""
        waves = math.ceil(read_bytes / (blocks * THREADS * 16 * at_once))
        return max(waves * FAR_LATENCY, FAR_LATENCY + read_bytes / LINK)

    if not in_parts:
        return NODE + PLAN + MEETING + reads(size * (ranks - 1), ranks - 1) + FINISH, in_parts
    part = size * (ranks - 1) / ranks
    return NODE + PLAN + 2 * MEETING + reads(part, ranks - 1) + reads(part, ranks) + 2 * FINISH, in_parts


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", default="1,16,64,256")
    rows = [int(each) for each in options.parse_args().rows.split(",")]
    for model, hidden in MODELS.items():
        for ranks in (2, 4, 8):
            for count in rows:
                took, in_parts = join(count, hidden, ranks)
                how = ", in parts" if in_parts else ""
                print(f"{model}, {ranks} ranks, {count:3d} rows: {took / 1000:5.1f} us{how}")


if __name__ == "__main__":
    main()
