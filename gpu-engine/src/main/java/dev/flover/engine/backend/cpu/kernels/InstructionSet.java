package dev.flover.engine.backend.cpu.kernels;

import org.jspecify.annotations.Nullable;

/// The instruction sets for which the C kernels are compiled, the slowest of each architecture first.
public enum InstructionSet {
    /// Runs on any machine of the architecture that the library was built for, other than x86-64.
    PLAIN("plain", 0, 1),
    /// Needs the dot products of ARMv8.2: servers and phones since about 2018, Apple since M1.
    DOTPROD("dotprod", 1, 1),
    /// Needs AVX2, FMA and F16C: Intel since 2013, AMD since 2015.
    AVX2("avx2", 2, 1),
    /// Needs AVX2 and AVX-VNNI: Intel clients since 2021, AMD since 2024.
    AVXVNNI("avxvnni", 3, 1),
    /// Needs AVX-512 with VNNI: Intel servers since 2019, AMD since 2022.
    AVX512("avx512", 4, 3),
    /// Needs AVX-512 with VNNI and BF16: Intel servers since 2023 (and Cooper Lake), AMD since 2022.
    AVX512_BF16("avx512bf16", 5, AVX512);

    private final String symbol;
    private final int bit;
    private final int panelsTogether;
    private final @Nullable InstructionSet base;

    InstructionSet(String symbol, int bit, int panelsTogether) {
        this.symbol = symbol;
        this.bit = bit;
        this.panelsTogether = panelsTogether;
        base = null;
    }

    InstructionSet(String symbol, int bit, InstructionSet base) {
        this.symbol = symbol;
        this.bit = bit;
        panelsTogether = base.panelsTogether;
        this.base = base;
    }

    /// The part of the library's function names, and of the backend's name in `--backend`, that names this set.
    public String symbol() {
        return symbol;
    }

    /// The set whose kernels this one uses where it has none of its own; null if it has all.
    @Nullable InstructionSet base() {
        return base;
    }

    /// Whether tiles could have WIDE_ROWS rows and have none in the choice `small_tiles`; see `project_blocks.h`.
    boolean mayHaveSmallTiles() {
        return this == AVXVNNI || this == AVX512 || this == AVX512_BF16;
    }

    /// Whether this set is among those that `flover_sets` in `machine.c` returns.
    boolean isIn(int sets) {
        return (sets >> bit & 1) == 1;
    }

    /// How many panels a product computes side by side: INTEGER_PANELS and FLOAT_PANELS in `lanes.h`.
    int panelsTogether() {
        return panelsTogether;
    }
}
