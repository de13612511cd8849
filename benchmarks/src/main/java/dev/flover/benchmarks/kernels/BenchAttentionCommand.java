package dev.flover.benchmarks.kernels;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.engine.Backends;
import dev.flover.engine.backend.cpu.CpuCeilings;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench attention`: measures the CPU backend's attention over a KV cache.
@Command(
        name = "attention",
        description = "Measures the CPU's attention alone: one row of each sequence over the keys and values of a "
                + "number of positions, as in decode.",
        footer = {"", "Each case is measured with one layer, whose keys and values the caches hold if they are large "
                + "enough, and with so many layers in turn that keys and values come from memory. Each figure is of "
                + "the fastest of many passes, because other load only makes them slower."})
public final class BenchAttentionCommand implements Runnable {
    private static final int MOST_POSITIONS = 1 << 20;
    private static final int MOST_SEQUENCES = 1024;
    private static final int MOST_HEADS = 1024;
    private static final int MOST_LAYERS = 4096;

    @Spec
    private CommandSpec spec;

    @Option(names = "--positions", paramLabel = "N", split = ",", defaultValue = "512,8000",
            description = "Positions of each sequence. Default: ${DEFAULT-VALUE}.")
    private int[] positions;

    @Option(names = "--sequences", paramLabel = "N", split = ",", defaultValue = "1,8",
            description = "Sequences, of each of which one row is computed. Default: ${DEFAULT-VALUE}.")
    private int[] sequences;

    @Option(names = "--heads", paramLabel = "N", defaultValue = "32",
            description = "Query heads. Default: ${DEFAULT-VALUE}.")
    private int heads;

    @Option(names = "--kv-heads", paramLabel = "N", defaultValue = "8",
            description = "Key heads, a divisor of the query heads. Default: ${DEFAULT-VALUE}.")
    private int kvHeads;

    @Option(names = "--head-dim", paramLabel = "N", defaultValue = "128",
            description = "Numbers of a head, a multiple of 16. Default: ${DEFAULT-VALUE}.")
    private int headDim;

    @Option(names = "--kv-bits", paramLabel = "N", defaultValue = "16",
            description = "Bits of a number in the KV cache: 16 or 8. Default: ${DEFAULT-VALUE}.")
    private int kvBits;

    @Option(names = "--memory-mb", paramLabel = "N", defaultValue = "512",
            description = "Keys and values that are read in turn, in MB; more than the caches hold. 0 measures one "
                    + "layer only. Default: ${DEFAULT-VALUE}.")
    private int memoryMb;

    @Option(names = "--seconds", paramLabel = "X", defaultValue = "0.3",
            description = "How long each case is repeated. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        check();
        int threads = backend.threads() == 0 ? Runtime.getRuntime().availableProcessors() : backend.threads();
        String name = MeasuredKernels.nameOf(backend, spec);
        var limits = MeasuredKernels.limits(name, threads, seconds);
        var shape = new AttentionRun.Heads(heads, kvHeads, headDim);
        var results = new ArrayList<AttentionReport.Layer>();
        for (int ofSequence : positions) {
            for (int count : sequences) {
                measure(shape, count, ofSequence, limits, results);
            }
        }
        var outcome = new AttentionReport(name, threads, shape, kvBits, limits.floatOperations() / 1e9,
                limits.readBytes() / 1e9, results);
        report.print(outcome, outcome.lines());
    }

    private void check() {
        for (int count : positions) {
            OptionRange.check(spec, "--positions", count, 1, MOST_POSITIONS);
        }
        for (int count : sequences) {
            OptionRange.check(spec, "--sequences", count, 1, MOST_SEQUENCES);
        }
        OptionRange.check(spec, "--heads", heads, 1, MOST_HEADS);
        OptionRange.check(spec, "--kv-heads", kvHeads, 1, heads);
        OptionRange.check(spec, "--head-dim", headDim, 16, 1024);
        OptionRange.check(spec, "--memory-mb", memoryMb, 0, 1 << 16);
        MeasuredKernels.checkSeconds(spec, seconds);
        if (heads % kvHeads != 0) {
            throw new ParameterException(spec.commandLine(), "--kv-heads must divide the " + heads
                    + " query heads of --heads, was " + kvHeads);
        }
        if (headDim % 16 != 0) {
            throw new ParameterException(spec.commandLine(), "--head-dim must be a multiple of 16, was " + headDim);
        }
    }

    private void measure(
            AttentionRun.Heads shape, int count, int ofSequence, CpuCeilings limits,
            List<AttentionReport.Layer> results) {
        double ofALayer = 2.0 * kvHeads * headDim * AttentionRun.stored(ofSequence) * count * kvBits / 8;
        int layers = (int) Math.clamp(Math.ceil(memoryMb * 1e6 / ofALayer), 1, MOST_LAYERS);
        try (var opened = Backends.withCacheOf(kvBits, backend.open()); var arena = Arena.ofShared()) {
            var run = new AttentionRun(opened, arena, shape, count, ofSequence, layers);
            for (boolean fromMemory : memoryMb > 0 ? new boolean[] {false, true} : new boolean[] {false}) {
                double nanos = run.nanos(fromMemory ? layers : 1, seconds);
                double gflops = run.operations() / nanos;
                double read = run.bytes() / nanos;
                results.add(AttentionReportLayerBuilder.builder().sequences(count).positions(ofSequence)
                        .fromMemory(fromMemory).microseconds(nanos / 1e3).gflops(gflops)
                        .ofLimit(gflops * 1e9 / limits.floatOperations()).gbytesPerSecond(read)
                        .ofReadRate(read * 1e9 / limits.readBytes()).build());
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
