package dev.flover.engine.backend.cpu.kernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/// The kernels in C, compiled for one instruction set.
///
/// A method handle is a constant that takes the function's address as its first argument. So the JIT compiler inlines
/// the call, whichever instruction set is used.
@SuppressWarnings("restricted")
public final class NativeKernels implements Kernels {
    private static final MethodHandle PACK = handle("pi ppp");
    private static final MethodHandle QUANTISE = handle("pii pppp ii");
    private static final MethodHandle ROUND_TO_BF16 = handle("pii p");
    private static final MethodHandle PROJECT_BLOCKS = handle("ppp iiii pppp i p i p i ii");
    private static final MethodHandle PROJECT_FLOATS = handle("p iii p i p i p i ii");
    private static final MethodHandle NORMALISE = handle("pp iii f pp");
    private static final MethodHandle APPEND = handle("p iii pp f pp ii pp iii");
    private static final MethodHandle ATTENTION = handle("pp iiiiii ii ppp i i ff pp");
    private static final MethodHandle ACTIVATE = handle("pp iiii");
    private static final MethodHandle PUT = handle("pi pi iii");
    private static final MethodHandle ARGMAX = Linker.nativeLinker().downcallHandle(
            FunctionDescriptor.of(JAVA_INT, layouts("pi")));
    private static final MethodHandle GREATEST = result("p ii");
    private static final MethodHandle WEIGH = Linker.nativeLinker().downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, layouts("pi ff ppp")));
    private static final MethodHandle COMPUTE = result("l");
    private static final MethodHandle READ = result("p l");

    private final NativeLibrary library;
    private final InstructionSet instructions;
    private final MemorySegment[] pack = new MemorySegment[BlockForm.values().length];
    private final MemorySegment quantise;
    private final MemorySegment roundToBf16;
    private final MemorySegment[] projectBlocks = new MemorySegment[BlockForm.values().length];
    private final MemorySegment[] projectFloats = new MemorySegment[FloatForm.values().length];
    private final MemorySegment normalise;
    private final MemorySegment append;
    private final MemorySegment[] attention = new MemorySegment[CacheForm.values().length];
    private final MemorySegment activate;
    private final MemorySegment put;
    private final MemorySegment argmax;
    private final MemorySegment greatest;
    private final MemorySegment weigh;
    private final MemorySegment computeFloats;
    private final MemorySegment computeBf16;
    private final MemorySegment computeIntegers;
    private final MemorySegment read;

    public NativeKernels(NativeLibrary library, InstructionSet instructions) {
        this.library = library;
        this.instructions = instructions;
        quantise = find("quantise");
        roundToBf16 = find("round_to_bf16");
        for (var form : BlockForm.values()) {
            pack[form.ordinal()] = find("pack_" + form.name().toLowerCase(Locale.ROOT));
            projectBlocks[form.ordinal()] = find("project_" + form.name().toLowerCase(Locale.ROOT));
        }
        for (var form : FloatForm.values()) {
            projectFloats[form.ordinal()] = find("project_" + form.name().toLowerCase(Locale.ROOT));
        }
        normalise = find("normalise");
        append = find("append");
        for (var form : CacheForm.values()) {
            attention[form.ordinal()] = find("attention_" + form.name().toLowerCase(Locale.ROOT));
        }
        activate = find("activate");
        put = find("put");
        argmax = find("argmax");
        greatest = find("greatest");
        weigh = find("weigh");
        computeFloats = find("float_ceiling");
        computeBf16 = find("bf16_ceiling");
        computeIntegers = find("integer_ceiling");
        read = find("read_ceiling");
    }

    @Override
    public String name() {
        return "cpu-" + instructions.symbol();
    }

    @Override
    public void choose(KernelChoices choices) {
        var memory = find("choices").reinterpret(4 * JAVA_INT.byteSize());
        memory.setAtIndex(JAVA_INT, 0, choices.aheadBytes());
        memory.setAtIndex(JAVA_INT, 1, choices.aheadRows());
        memory.setAtIndex(JAVA_INT, 2, choices.chunkBlocks());
        memory.setAtIndex(JAVA_INT, 3, choices.smallTiles() ? 1 : 0);
    }

    /// Whether [KernelChoices#smallTiles] makes a difference.
    public boolean mayHaveSmallTiles() {
        return instructions.mayHaveSmallTiles();
    }

    /// Removes memory from all caches, so that a measurement reads it from memory, as a step reads its weights.
    public void evict(MemorySegment memory) {
        library.evict(memory);
    }

    @Override
    public int panelsTogether() {
        return instructions.panelsTogether();
    }

    @Override
    public int activationBytes() {
        return 1;
    }

    @Override
    public int bf16Bytes() {
        return multipliesBf16() ? Short.BYTES : Float.BYTES;
    }

    private boolean multipliesBf16() {
        return instructions == InstructionSet.AVX512_BF16;
    }

    @Override
    public SegmentAllocator memory(Arena arena) {
        return new Slabs(library, arena);
    }

    @Override
    public void pack(TensorType type, long rows, int records, long quants, long scales, long minimums) {
        try {
            PACK.invokeExact(pack[BlockForm.of(type).ordinal()], rows, records, quants, scales, minimums);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void quantise(
            long in, int columns, int rows, long bytes, long scales, long corrections, long sums,
            int group, int offset) {
        try {
            QUANTISE.invokeExact(quantise, in, columns, rows, bytes, scales, corrections, sums, group, offset);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void roundToBf16(long in, int columns, int rows, long out) {
        try {
            ROUND_TO_BF16.invokeExact(roundToBf16, in, columns, rows, out);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void projectBlocks(
            BlockForm form, long quants, long scales, long minimums, int skipped, int blocks, int shards,
            int outputs, long bytes, long rowScales, long corrections, long sums, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end) {
        try {
            PROJECT_BLOCKS.invokeExact(
                    projectBlocks[form.ordinal()], quants, scales, minimums, skipped, blocks, shards, outputs,
                    bytes, rowScales, corrections, sums, rows, out, stride, bias, accumulate ? 1 : 0,
                    first, end);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void projectFloats(
            FloatForm form, long weights, int inputs, int shards, int outputs, long in, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end) {
        try {
            PROJECT_FLOATS.invokeExact(
                    projectFloats[form.ordinal()], weights, inputs, shards, outputs, in, rows,
                    out, stride, bias, accumulate ? 1 : 0, first, end);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void normalise(
            long out, long in, int count, int width, boolean centred, float epsilon, long weight, long bias) {
        try {
            NORMALISE.invokeExact(normalise, out, in, count, width, centred ? 1 : 0, epsilon, weight, bias);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void append(
            long row, int heads, int kvHeads, int headDim, long queryNorm, long keyNorm, float epsilon,
            long cosines, long sines, int dims, boolean halves,
            long keys, long values, CacheForm form, int blockTokens, int token) {
        try {
            APPEND.invokeExact(append, row, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon,
                    cosines, sines, dims, halves ? 1 : 0, keys, values, form.bytes,
                    blockTokens, token);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void attention(
            long out, long row, int rowStride, int rows, int firstPosition, int group, int headDim, int valueDim,
            int kvHeads, int kvHead, long keys, long values, CacheForm form, long blocks, int blockTokens,
            int window, float scale, float cap, long sinks, long scratch) {
        try {
            ATTENTION.invokeExact(attention[form.ordinal()], out, row, rowStride, rows, firstPosition, group, headDim,
                    valueDim, kvHeads, kvHead, keys, values, blocks, blockTokens, window, scale, cap, sinks, scratch);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void activate(long out, long in, int rows, int width, boolean gated, Activation activation) {
        try {
            ACTIVATE.invokeExact(activate, out, in, rows, width, gated ? 1 : 0, KernelNumbers.of(activation));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public void put(long out, int stride, long in, int inStride, int rows, int width, boolean accumulate) {
        try {
            PUT.invokeExact(put, out, stride, in, inStride, rows, width, accumulate ? 1 : 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int argmax(long row, int count) {
        try {
            return (int) ARGMAX.invokeExact(argmax, row, count);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public float greatest(long logits, int count, boolean masked) {
        try {
            return (float) GREATEST.invokeExact(greatest, logits, count, masked ? 1 : 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public long weigh(
            long logits, int count, float greatest, float temperature, long masses, long totals, long maxima) {
        try {
            return (long) WEIGH.invokeExact(
                    weigh, logits, count, greatest, temperature, masses, totals, maxima);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public float computeFloats(long rounds) {
        try {
            return (float) COMPUTE.invokeExact(computeFloats, rounds);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public float computeBf16(long rounds) {
        try {
            return (float) COMPUTE.invokeExact(computeBf16, rounds);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int bf16Products() {
        return (multipliesBf16() ? 2 : 1) * 12 * 16;
    }

    @Override
    public float computeIntegers(long rounds) {
        try {
            return (float) COMPUTE.invokeExact(computeIntegers, rounds);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    @Override
    public int integerProducts() {
        return 12 * 64;
    }

    @Override
    public float read(long address, long count) {
        try {
            return (float) READ.invokeExact(read, address, count);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private MemorySegment find(String kernel) {
        return library.find(instructions, kernel);
    }

    /// @param parameters a letter for each parameter: p for an address, i for an int, l for a long, f for a float
    private static MethodHandle handle(String parameters) {
        return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(layouts(parameters)));
    }

    /// The handle of a function that returns a float.
    private static MethodHandle result(String parameters) {
        return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_FLOAT, layouts(parameters)));
    }

    private static MemoryLayout[] layouts(String parameters) {
        return parameters.replace(" ", "").chars().mapToObj(parameter -> (MemoryLayout) switch (parameter) {
            case 'p', 'l' -> JAVA_LONG;
            case 'i' -> JAVA_INT;
            default -> JAVA_FLOAT;
        }).toArray(MemoryLayout[]::new);
    }

    private static AssertionError unexpected(Throwable e) {
        return new AssertionError("native calls throw nothing", e);
    }
}
