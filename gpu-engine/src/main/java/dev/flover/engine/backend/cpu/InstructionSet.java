package dev.flover.engine.backend.cpu;

/// What the C kernels were compiled for.
enum InstructionSet {
    /// Any machine of the architecture the library was built for.
    PLAIN("plain", 0, 1),
    /// With FMA and F16C: Intel since 2013, AMD since 2015.
    AVX2("avx2", 1, 1),
    /// With VNNI: Intel servers since 2019, AMD since 2022.
    AVX512("avx512", 2, 3);

    private final String symbol;
    private final int level;
    private final int panelsTogether;

    InstructionSet(String symbol, int level, int panelsTogether) {
        this.symbol = symbol;
        this.level = level;
        this.panelsTogether = panelsTogether;
    }

    /// In the names of the library's functions and in `--backend`.
    String symbol() {
        return symbol;
    }

    /// As `flover_level` in `machine.c` returns it.
    int level() {
        return level;
    }

    /// INTEGER_PANELS and FLOAT_PANELS in `lanes.h`.
    int panelsTogether() {
        return panelsTogether;
    }
}
