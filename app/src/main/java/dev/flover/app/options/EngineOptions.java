package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Options for the backend and the limits of an engine. This is the only place that sets their defaults.
public final class EngineOptions {
    private static final int DEFAULT_SEQUENCES = 64;
    private static final int DEFAULT_PREFILL_CHUNK = 64;
    private static final int BLOCK_TOKENS = 16;

    static final String DEVICES_DESCRIPTION = "Devices of the backend cuda, by the numbers that `flover devices` "
            + "prints: one for each rank. Default: the first.";

    /// The value of `--kv-blocks` for as many blocks as fit into memory.
    private static final int FITTING_BLOCKS = 0;

    @Option(names = "--backend", paramLabel = "NAME",
            description = "auto, cpu, cpu-java, reference or cuda; `flover devices` lists those that work on this "
                    + "machine. Default: auto.")
    private String backend = "auto";

    @Option(names = "--threads", paramLabel = "N",
            description = "Compute threads of a CPU backend. Default: one for each core.")
    private int threads;

    @Option(names = "--devices", paramLabel = "N,...", defaultValue = "",
            description = DEVICES_DESCRIPTION)
    private String devices = "";

    @Option(names = "--max-sequences", paramLabel = "N",
            description = "Most generations in one fused step; further ones wait. Default: " + DEFAULT_SEQUENCES + ".")
    private @Nullable Integer maxSequences;

    @Option(names = "--token-budget", paramLabel = "N",
            description = "Most rows (token positions) in one fused step. Default: enough for --max-sequences and one "
                    + "prefill chunk.")
    private @Nullable Integer tokenBudget;

    @Option(names = "--prefill-chunk", paramLabel = "N",
            description = "Most prompt positions of one request in a step. Default: " + DEFAULT_PREFILL_CHUNK + ".")
    private @Nullable Integer prefillChunk;

    @Option(names = "--kv-blocks", paramLabel = "N",
            description = "Size of the KV cache, in blocks of " + BLOCK_TOKENS + " positions. Default: room for "
                    + "--max-sequences whole contexts, but at most the free memory of a device or a quarter of the "
                    + "machine's memory.")
    private @Nullable Integer kvBlocks;

    @Option(names = "--kv-bits", paramLabel = "N",
            description = "Bits of a number in the KV cache: 16, or 8 on a CPU, which changes answers slightly. "
                    + "Default: 16.")
    private int kvBits = Backends.KV_BITS;

    /// Makes the engine's configuration.
    ///
    /// @throws ParameterException naming the option whose value is out of range
    public EngineConfig config(CommandLine command) {
        int sequences = maxSequences != null ? maxSequences : DEFAULT_SEQUENCES;
        int chunk = prefillChunk != null ? prefillChunk : DEFAULT_PREFILL_CHUNK;
        int budget = tokenBudget != null ? tokenBudget : clamp((long) sequences + chunk);
        if (kvBlocks != null && kvBlocks < 1) {
            throw new ParameterException(command, "--kv-blocks must be at least 1, was " + kvBlocks);
        }
        int blocks = kvBlocks != null ? kvBlocks : FITTING_BLOCKS;
        try {
            return EngineConfig.of(sequences, budget)
                    .withPrefillChunk(chunk)
                    .withBlockTokens(BLOCK_TOKENS)
                    .withKvBlocks(blocks);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, FieldNames.asOptions(e.getMessage()), e);
        }
    }

    /// Opens the backend.
    ///
    /// @throws ParameterException if there is no backend of that name, or if it does not work on this machine
    public Backend openBackend(CommandLine command) {
        if (threads < 0) {
            throw new ParameterException(command, "--threads must be at least 0, was " + threads);
        }
        try {
            return configured(command, Backends.open(backend, threads, devices(command, devices)));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--backend " + backend + ": " + e.getMessage(), e);
        }
    }

    /// Reads the text of `--devices`.
    static DeviceList devices(CommandLine command, String text) {
        try {
            return DeviceList.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--devices: " + e.getMessage(), e);
        }
    }

    /// Chooses the format of the KV cache, and the variants of kernels that are the fastest on this processor.
    private <B extends BackendGroup> B configured(CommandLine command, B opened) {
        try {
            Backends.withCacheOf(kvBits, opened);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--kv-bits " + kvBits + ": " + e.getMessage(), e);
        }
        KernelTuning.apply(opened, threads);
        return opened;
    }

    /// Opens a backend for each rank.
    ///
    /// @throws ParameterException if there is no such backend, or the model cannot be divided so
    public BackendGroup openBackend(CommandLine command, RankOption ranks, Model model) {
        if (threads < 0) {
            throw new ParameterException(command, "--threads must be at least 0, was " + threads);
        }
        return configured(command, ranks.open(backend, threads, devices(command, devices), model));
    }

    private static int clamp(long value) {
        return (int) Math.min(value, Integer.MAX_VALUE);
    }
}
