package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.backend.cuda.RankGroup.Limits;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.ranks.Exchange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The kernel in which ranks join their sums, on emulated devices that run at the same time.
class JoinKernelsTest {
    private static final int ROWS = 3;
    private static final int PIECE = 32;
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long IMPATIENCE_NANOS = 1_000_000;

    /// The inputs of a rank, on its device.
    private record Rank(
            EmulatedDriver driver, KernelSet kernels, long part, long out, long squares, long bias, long plan) {}

    @ParameterizedTest
    @CsvSource({
        "2, 64, true, true, false", "2, 1, false, true, false", "2, 130, true, false, true",
        "4, 292, false, true, false", "4, 292, true, true, true", "4, 30, true, false, true",
        "8, 1000, true, true, true", "8, 100, false, false, false"
    })
    void theSumsAreThoseOfTheTreeOnAllRanks(
            int ranks, int columns, boolean biased, boolean adds, boolean inParts) throws Exception {
        var random = new Random(ranks * 1000L + columns);
        var parts = IntStream.range(0, ranks).mapToObj(_ -> floats(random, ROWS * columns)).toList();
        float[] old = floats(random, ROWS * columns);
        float[] bias = floats(random, columns);
        var devices = new ArrayList<Rank>();
        for (int rank = 0; rank < ranks; rank++) {
            devices.add(rank(rank, parts.get(rank), old, bias, columns));
        }
        var group = group(devices, PATIENCE_NANOS);
        run(devices.stream().<Callable<Void>>map(device -> () -> {
            launch(devices, device, group, columns, biased, adds, inParts);
            return null;
        }).toList());

        float[] expected = expected(parts, old, biased ? bias : null, adds, columns);
        float[] squares = squares(expected, columns);
        for (var device : devices) {
            assertThat(read(device.driver, device.out, expected.length)).isEqualTo(expected);
            assertThat(read(device.driver, device.squares, squares.length)).isEqualTo(squares);
        }
        devices.forEach(device -> device.driver.close());
    }

    @Test
    void aKernelThatWaitsTooLongOrForARankThatHasFailedEndsWithAnError() {
        var devices = List.of(rank(0, new float[12], new float[12], new float[4], 4),
                rank(1, new float[12], new float[12], new float[4], 4));
        assertThatThrownBy(() -> launch(devices, devices.getFirst(), group(devices, IMPATIENCE_NANOS), 4, true, true,
                false)).isInstanceOf(AssertionError.class).hasMessageContaining("a kernel ended itself (trap)");

        var patient = group(devices, PATIENCE_NANOS);
        patient.abandon();
        assertThatThrownBy(() -> launch(devices, devices.getFirst(), patient, 4, true, true, false))
                .isInstanceOf(AssertionError.class).hasMessageContaining("a kernel ended itself (trap)");
        devices.forEach(device -> device.driver.close());
    }

    private static RankGroup group(List<Rank> devices, long patienceNanos) {
        return new RankGroup(devices.stream().<Driver>map(Rank::driver).toList(), new Exchange(devices.size()),
                new Limits(patienceNanos, 0));
    }

    private static Rank rank(int number, float[] part, float[] old, float[] bias, int columns) {
        var driver = EmulatedBackends.device(number);
        long plan = driver.allocate(4L * 64, "plan");
        driver.enqueueFill(plan, (byte) 0, 4L * 64);
        upload(driver, plan, MemorySegment.ofArray(new int[] {ROWS}));
        return new Rank(driver, new KernelSet(driver), upload(driver, part), upload(driver, old),
                driver.allocate(4L * ROWS * Math.ceilDiv(columns, PIECE), "squares"), upload(driver, bias), plan);
    }

    private static void launch(
            List<Rank> devices, Rank device, RankGroup group, int columns, boolean biased, boolean adds,
            boolean inParts) {
        var arguments = new Arguments();
        arguments.begin().struct(group.peers(devices.indexOf(device)));
        RankGroup.writeAddresses(arguments, devices.stream().mapToLong(Rank::part).toArray());
        arguments.pointer(device.out).pointer(device.squares).pointer(biased ? device.bias : 0).pointer(device.plan)
                .integer(0).integer(columns).flag(adds).flag(inParts);
        device.driver.launch(device.kernels.join(devices.size()), 2, 1, 1, 512, 0, arguments);
    }

    private static void run(List<Callable<Void>> launches) throws InterruptedException, ExecutionException {
        try (var threads = Executors.newFixedThreadPool(launches.size())) {
            for (var done : threads.invokeAll(launches)) {
                done.get();
            }
        }
    }

    private static float[] expected(List<float[]> parts, float[] old, float[] bias, boolean adds, int columns) {
        var expected = new float[old.length];
        for (int i = 0; i < expected.length; i++) {
            float sum = sum(parts, 0, parts.size(), i);
            sum = bias == null ? sum : sum + bias[i % columns];
            expected[i] = adds ? old[i] + sum : sum;
        }
        return expected;
    }

    private static float sum(List<float[]> parts, int first, int count, int at) {
        return count == 1 ? parts.get(first)[at]
                : sum(parts, first, count / 2, at) + sum(parts, first + count / 2, count / 2, at);
    }

    /// The sums of squares of pieces of 32 columns, by a butterfly.
    private static float[] squares(float[] values, int columns) {
        int pieces = Math.ceilDiv(columns, PIECE);
        var squares = new float[ROWS * pieces];
        for (int piece = 0; piece < squares.length; piece++) {
            var lanes = new float[PIECE];
            for (int lane = 0; lane < PIECE; lane++) {
                int column = piece % pieces * PIECE + lane;
                float value = column < columns ? values[piece / pieces * columns + column] : 0;
                lanes[lane] = value * value;
            }
            for (int mask = PIECE / 2; mask > 0; mask /= 2) {
                for (int lane = 0; lane < mask; lane++) {
                    lanes[lane] += lanes[lane + mask];
                }
            }
            squares[piece] = lanes[0];
        }
        return squares;
    }

    private static float[] floats(Random random, int count) {
        var floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = random.nextFloat() - 0.5f;
        }
        return floats;
    }

    private static long upload(EmulatedDriver driver, float[] values) {
        return upload(driver, driver.allocate(4L * values.length, "numbers"), MemorySegment.ofArray(values));
    }

    private static long upload(EmulatedDriver driver, long address, MemorySegment from) {
        driver.upload(address, from);
        return address;
    }

    private static float[] read(EmulatedDriver driver, long address, int count) {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(4L * count, 4);
            driver.download(memory, address);
            return memory.toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
