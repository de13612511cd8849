package dev.flover.benchmarks.kernels;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.OptionRange;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.engine.backend.cpu.CpuCeilings;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `bench kernels`: measures the CPU backend's products with each stored type.
@Command(
        name = "kernels",
        description = "Measures the CPU's products alone: random weights of each stored type, by the number of rows.",
        footer = {"", "Each product is measured from the caches, with one matrix, and from memory, with many matrices "
                + "in turn that are together larger than the caches. Each figure is of the fastest of many products, "
                + "quantising of activations included, because other load only makes products slower."})
public final class BenchKernelsCommand implements Runnable {
    private static final int MOST_ROWS = 4096;
    private static final int BLOCK = 256;

    @Spec
    private CommandSpec spec;

    @Option(names = "--types", paramLabel = "TYPE", split = ",",
            defaultValue = "Q4_0,Q8_0,Q4_K,Q5_K,Q6_K,IQ4_XS,F16,BF16",
            description = "Stored types. Default: ${DEFAULT-VALUE}.")
    private TensorType[] types;

    @Option(names = "--rows", paramLabel = "N", split = ",", defaultValue = "1,4,8,16,32",
            description = "Rows of a product. Default: ${DEFAULT-VALUE}.")
    private int[] rows;

    @Option(names = "--outputs", paramLabel = "N", defaultValue = "4096",
            description = "Outputs of a matrix. Default: ${DEFAULT-VALUE}.")
    private int outputs;

    @Option(names = "--inputs", paramLabel = "N", defaultValue = "2048",
            description = "Inputs of a matrix, a multiple of 256. Default: ${DEFAULT-VALUE}.")
    private int inputs;

    @Option(names = "--memory-mb", paramLabel = "N", defaultValue = "512",
            description = "Weights that are read in turn, in MB; more than the caches hold. 0 measures products from "
                    + "the caches only. Default: ${DEFAULT-VALUE}.")
    private int memoryMb;

    @Option(names = "--seconds", paramLabel = "X", defaultValue = "0.3",
            description = "How long each product is repeated. Default: ${DEFAULT-VALUE}.")
    private double seconds;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ReportOption report;

    @Override
    public void run() {
        for (int count : rows) {
            OptionRange.check(spec, "--rows", count, 1, MOST_ROWS);
        }
        OptionRange.check(spec, "--outputs", outputs, 1, 1 << 20);
        OptionRange.check(spec, "--inputs", inputs, BLOCK, 1 << 20);
        OptionRange.check(spec, "--memory-mb", memoryMb, 0, 1 << 20);
        if (inputs % BLOCK != 0) {
            throw new ParameterException(spec.commandLine(), "--inputs must be a multiple of " + BLOCK + ", was "
                    + inputs);
        }
        MeasuredKernels.checkSeconds(spec, seconds);
        int threads = backend.threads() == 0 ? Runtime.getRuntime().availableProcessors() : backend.threads();
        String name = MeasuredKernels.nameOf(backend, spec);
        var limits = MeasuredKernels.limits(name, threads, seconds);
        var products = new ArrayList<KernelReport.Product>();
        for (var type : types) {
            measure(type, limits, products);
        }
        var result = new KernelReport(name, threads, outputs, inputs, new KernelReport.Limits(
                limits.integerOperations() / 1e9, limits.bf16Operations() / 1e9, limits.floatOperations() / 1e9,
                limits.readBytes() / 1e9), products);
        report.print(result, result.lines());
    }

    private void measure(TensorType type, CpuCeilings limits, List<KernelReport.Product> products) {
        int most = 0;
        for (int count : rows) {
            most = Math.max(most, count);
        }
        try (var opened = backend.open(); var arena = Arena.ofShared()) {
            var run = new ProductRun(opened, arena, type, outputs, inputs, most, memoryMb * 1_000_000L);
            for (int count : rows) {
                products.add(product(type, count, false, run, limits));
                if (memoryMb > 0) {
                    products.add(product(type, count, true, run, limits));
                }
            }
        }
    }

    private KernelReport.Product product(
            TensorType type, int count, boolean fromMemory, ProductRun run, CpuCeilings limits) {
        double nanos = run.nanos(count, fromMemory ? Integer.MAX_VALUE : 1, seconds);
        double gops = 2.0 * count * outputs * inputs / nanos;
        double limit = type.blockElements() > 1 ? limits.integerOperations()
                : type == TensorType.BF16 ? limits.bf16Operations() : limits.floatOperations();
        double read = run.bytes() / nanos;
        return new KernelReport.Product(type.name(), count, fromMemory, new KernelReport.Speed(
                nanos / 1e3, gops, gops * 1e9 / limit, read, read * 1e9 / limits.readBytes()));
    }
}
