package dev.flover.engine.backend.cpu.kernels;

/// The instruction sets for which the C kernels are compiled.
public enum InstructionSet {
    /// Runs on any machine of the architecture that the library was built for.
    PLAIN("plain", 0, 1),
    /// Needs AVX2, FMA and F16C: Intel since 2013, AMD since 2015.
    AVX2("avx2", 1, 1),
    /// Needs AVX-512 with VNNI: Intel servers since 2019, AMD since 2022.
    AVX512("avx512", 2, 3);

    private final String symbol;
    private final int level;
    private final int panelsTogether;

    InstructionSet(String symbol, int level, int panelsTogether) {
        this.symbol = symbol;
        this.level = level;
        this.panelsTogether = panelsTogether;
    }

    /// The part of the library's function names, and of the backend's name in `--backend`, that names this set.
    public String symbol() {
        return symbol;
    }

    /// The lowest value of `flover_level` in `machine.c` with which this set can run.
    int level() {
        return level;
    }

    /// How many panels a product computes side by side: INTEGER_PANELS and FLOAT_PANELS in `lanes.h`.
    int panelsTogether() {
        return panelsTogether;
    }
}
