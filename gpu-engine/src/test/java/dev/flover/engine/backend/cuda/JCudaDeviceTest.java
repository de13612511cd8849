package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.cuda.RankGroup.Limits;
import dev.flover.engine.backend.cuda.StubDriver.Timing;
import dev.flover.engine.backend.cuda.driver.CudaException;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.InstalledDevices;
import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.selftest.Check;
import dev.flover.engine.selftest.SelfTest;
import dev.flover.engine.sharding.ShardPlan;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The backend through the real JCuda library, on a driver library that needs no device. The driver does a stream's
/// work when it is enqueued, when a caller waits for it, or as late as the CUDA documentation allows.
@Tag("driver-stub")
class JCudaDeviceTest {
    private static final EngineConfig CONFIG = EngineConfig.of(2, 8)
            .withPrefillChunk(4)
            .withKvBlocks(20)
            .withPrefixCaching(false);
    private static final long MEMORY_BYTES = 1L << 30;
    private static final int ECC_UNCORRECTABLE = 214;

    private StubDriver stub;

    @BeforeEach
    void aDriver() {
        Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"), "libcuda.so.1 is Linux's");
        EmulatedBackends.driver().close();
        stub = StubDriver.instance();
        stub.reset(Timing.LATE, MEMORY_BYTES);
    }

    @AfterEach
    void nothingWasLeftUndefined() {
        if (stub != null) {
            assertThat(stub.faults()).isEmpty();
        }
    }

    /// The tokens in the order in which they were received.
    private static final class Answers implements TokenSink {
        final List<Integer> tokens = new ArrayList<>();
        final List<Integer> positions = new ArrayList<>();

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            tokens.add(tokenId);
            positions.add(index);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {}
    }

    private static SequenceRequest request(int tokens) {
        return SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.sampled(1, 7), tokens, TokenSet.EMPTY);
    }

    private static List<Integer> generate(BackendGroup backend) {
        var answers = new Answers();
        try (var model = TinyModels.llama(5, TensorType.Q8_0); var engine = Engine.start(model, backend, CONFIG)) {
            engine.admit(request(30));
            while (engine.step(answers)) {
                // until the sequence has ended
            }
        }
        return answers.tokens;
    }

    @Test
    void theSmallSelfTestPasses() {
        assertThatTheSmallSelfTestPasses();
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LATE")
    void theSmallSelfTestPassesInTheOtherOrders(Timing timing) {
        stub.reset(timing, MEMORY_BYTES);
        assertThatTheSmallSelfTestPasses();
    }

    private void assertThatTheSmallSelfTestPasses() {
        var checks = new SelfTest(() -> new CudaBackend(stub.open(0)), 4, SelfTest.Size.SMALL).run(check -> { });

        assertThat(checks).isNotEmpty().allMatch(Check::passed);
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void tokensAreThoseOfTheEmulatedDeviceAndStepsAreReplayed(Timing timing) {
        var expected = generate(EmulatedBackends.open());
        stub.reset(timing, MEMORY_BYTES);

        assertThat(generate(new CudaBackend(stub.open(0)))).isEqualTo(expected).hasSize(30);

        assertThat(stub.calls("cuGraphInstantiateWithFlags")).isBetween(1L, 4L);
        assertThat(stub.calls("cuGraphLaunch")).isGreaterThan(20);
        assertThat(stub.held()).as("memory, streams and graphs not given back").isZero();
    }

    @ParameterizedTest
    @CsvSource({"cuEventSynchronize, 4", "cuGraphLaunch, 3", "cuMemcpyHtoDAsync_v2, 40"})
    void aLostDeviceEndsTheEngineWithOneSentenceAndNoTokenTwice(String function, int after) {
        var answers = new Answers();
        try (var model = TinyModels.llama(5, TensorType.Q8_0);
                var engine = Engine.start(model, new CudaBackend(stub.open(0)), CONFIG)) {
            stub.lose(function, after, ECC_UNCORRECTABLE);
            engine.admit(request(90));
            assertThatThrownBy(() -> {
                while (engine.step(answers)) {
                    // until the device is lost
                }
            }).isInstanceOf(EngineException.class)
                    .hasMessageMatching("step \\d+ failed: " + function.replace("_v2", "") + " failed with "
                            + "CUDA_ERROR_ECC_UNCORRECTABLE: this process has lost the device; restart the process.*")
                    .hasCauseInstanceOf(CudaException.class);
        }
        assertThat(answers.positions).isEqualTo(IntStream.range(0, answers.positions.size()).boxed().toList());
    }

    @Test
    void tooLittleMemoryIsSaidWithWhatWasWantedAndWhatIsFree() {
        stub.reset(Timing.LATE, 1 << 20);
        try (var device = stub.open(0)) {
            device.allocate(1 << 19, "half");
            assertThatThrownBy(() -> device.allocate(3 << 20, "weights"))
                    .isInstanceOfSatisfying(CudaException.class, e -> assertThat(e.isOutOfMemory()).isTrue())
                    .hasMessageContaining("3 MiB wanted for weights, 0 MiB of 1 free");
            assertThat(device.freeBytes()).as("the device goes on").isEqualTo(1 << 19);
        }
        assertThat(stub.held()).isZero();
    }

    @Test
    void oneThreadMayUseTwoDevicesInTurn() {
        try (var first = stub.open(0); var second = stub.open(1)) {
            long there = first.allocate(64, "numbers");
            long here = second.allocate(64, "numbers");
            first.enqueueFill(there, (byte) 1, 64);
            second.enqueueFill(here, (byte) 2, 64);

            assertThat(firstByte(first, there)).isEqualTo((byte) 1);
            assertThat(firstByte(second, here)).isEqualTo((byte) 2);
        }
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void twoDevicesGiveTheTokensOfOne(Timing timing) {
        var expected = generate(EmulatedBackends.open());
        stub.reset(timing, MEMORY_BYTES);
        var ranks = CudaRanks.open(List.of(stub.open(0), stub.open(1)), Limits.STANDARD);
        assertThat(ranks.describe()).startsWith("2 ranks on devices 0, 1 with peer access, each: stub device");
        assertThat(generate(ranks)).isEqualTo(expected).hasSize(30);
        assertThat(stub.calls("cuGraphLaunch")).isGreaterThan(40);
        assertThat(stub.held()).as("memory, streams and graphs not given back").isZero();
    }

    @Test
    void twoRanksOnOneDeviceGiveItsTokens() {
        var expected = generate(EmulatedBackends.open());
        var ranks = CudaRanks.open(List.of(stub.open(0), stub.open(0)), Limits.STANDARD);
        assertThat(ranks.describe()).startsWith("2 ranks on device 0, each: stub device");
        assertThat(generate(ranks)).isEqualTo(expected);
        assertThat(stub.calls("cuCtxEnablePeerAccess")).isZero();
        assertThat(stub.held()).isZero();
    }

    @Test
    void devicesThatDoNotReachEachOtherAreRefusedByName() {
        stub.reachEachOther(false);
        try (var first = stub.open(0); var second = stub.open(1)) {
            var both = List.of(first, second);
            assertThatThrownBy(() -> CudaRanks.open(both, Limits.STANDARD)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("device 0 (stub device) does not reach the memory of device 1 (stub "
                            + "device), so they cannot compute one model together");
        }
    }

    @Test
    void theDevicesAreListedWithTheirReach() {
        assertThat(InstalledDevices.describe())
                .isEqualTo("2 devices: 0 stub device, 1 stub device; peer access between all");
        stub.reachEachOther(false);
        assertThat(InstalledDevices.describe()).endsWith("; no peer access between 0 and 1");
    }

    @Test
    void aDeviceThatDoesNotExistIsRefusedWithThoseThatDo() {
        Assumptions.assumeTrue(JCudaDevice.problem().isEmpty(), JCudaDevice::problem);
        assertThatThrownBy(() -> CudaBackend.open(2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no device 2: the driver has found 2 devices, 0 to 1");
    }

    @Test
    void aDeviceThatIsTooOldDoesNotKeepOthersFromBeingOpened() {
        Assumptions.assumeTrue(JCudaDevice.problem().isEmpty(), JCudaDevice::problem);
        stub.firstHasCapability(7);
        assertThatThrownBy(() -> JCudaDevice.open(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the cuda backend needs compute capability 8.0 or newer, found ");
        assertThat(JCudaDevice.problem()).startsWith("the cuda backend needs compute capability 8.0");
        JCudaDevice.require();
        try (var second = stub.open(1)) {
            assertThat(second.number()).isOne();
        }
    }

    @Test
    void autoTakesAsFewOfTheChosenDevicesOfAnEngineAsHoldTheModel() {
        Assumptions.assumeTrue(JCudaDevice.problem().isEmpty(), JCudaDevice::problem);
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            long whole = ShardPlan.of(model, 1).shares().getFirst().weightBytes();
            stub.reset(Timing.LATE, whole);
            assertThat(autoRanks(model, "", 1)).isEqualTo(2);
            assertThat(autoRanks(model, "1,0", 1)).isEqualTo(2);
            assertThat(autoRanks(model, "1", 1)).as("one device is chosen").isOne();
            assertThat(autoRanks(model, "", 2)).as("two engines on two devices").isOne();
            assertThat(autoRanks(model, "0,1,0,1", 1)).as("ranks that share devices").isEqualTo(4);
            stub.reset(Timing.LATE, 2 * whole);
            assertThat(autoRanks(model, "0,1", 1)).as("each device holds it").isOne();
            assertThatThrownBy(() -> autoRanks(model, "0,2", 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("there is no device 2: ");
        }
    }

    @Test
    void autoCountsTheMemoryThatIsFree() {
        Assumptions.assumeTrue(JCudaDevice.problem().isEmpty(), JCudaDevice::problem);
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            long whole = ShardPlan.of(model, 1).shares().getFirst().weightBytes();
            stub.reset(Timing.LATE, 2 * whole);
            assertThat(autoRanks(model, "0,1", 1)).isOne();
            try (var other = stub.open(0)) {
                other.allocate(whole, "what another program has");
                assertThat(autoRanks(model, "0,1", 1)).isEqualTo(2);
                assertThat(other.freeBytes()).as("the other program's context").isEqualTo(whole);
            }
            assertThat(autoRanks(model, "0,1", 1)).isOne();
        }
    }

    private static int autoRanks(Model model, String devices, int engines) {
        return Backends.ranks("auto", "cuda", model, DeviceList.parse(devices), engines);
    }

    private static byte firstByte(Driver driver, long address) {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(64);
            driver.download(memory, address);
            return memory.get(ValueLayout.JAVA_BYTE, 0);
        }
    }

    @Test
    void anUploadIsThereForTheNextWorkOfTheStream() {
        try (var device = stub.open(0); var arena = Arena.ofConfined()) {
            long from = device.allocate(64, "numbers");
            long to = device.allocate(64, "numbers");
            device.upload(from, arena.allocate(64).fill((byte) 5));
            device.enqueueCopy(to, from, 64);

            assertThat(firstByte(device, to)).isEqualTo((byte) 5);
        }
    }
}
