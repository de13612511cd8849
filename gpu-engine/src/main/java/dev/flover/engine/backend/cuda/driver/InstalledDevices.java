package dev.flover.engine.backend.cuda.driver;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import jcuda.driver.CUcontext;
import jcuda.driver.JCudaDriver;

/// The devices that the driver has found on this machine, by number. To be used only if [JCudaDevice#problem] is empty.
public final class InstalledDevices {
    private InstalledDevices() {}

    public static int count() {
        var count = new int[1];
        JCudaDevice.check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count), "");
        return count[0];
    }

    /// Whether kernels on one device can read and write the memory of another (peer access, over NVLink or PCIe).
    static boolean reaches(int number, int other) {
        var can = new int[1];
        JCudaDevice.check("cuDeviceCanAccessPeer", JCudaDriver.cuDeviceCanAccessPeer(
                can, JCudaDevice.device(number), JCudaDevice.device(other)), "");
        return can[0] != 0;
    }

    /// The free memory of the device that has the least for each use. Another process may take it at any time.
    ///
    /// @param numbers of devices; one that is used several times divides its memory
    /// @throws IllegalArgumentException if the driver has no device of one of these numbers
    public static long leastFreeBytes(List<Integer> numbers) {
        numbers.forEach(InstalledDevices::requireExisting);
        return numbers.stream().distinct()
                .mapToLong(number -> freeBytes(number) / Collections.frequency(numbers, number)).min().orElseThrow();
    }

    /// The driver tells the free memory of a device only while a context of the device is current; to make one takes
    /// some tenths of a second.
    private static long freeBytes(int number) {
        var device = JCudaDevice.device(number);
        var context = new CUcontext();
        JCudaDevice.check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "");
        try {
            JCudaDevice.check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context), "");
            return JCudaDevice.freeBytesOfCurrent();
        } finally {
            JCudaDriver.cuCtxSetCurrent(new CUcontext());       // none: a released context must not stay current
            JCudaDriver.cuDevicePrimaryCtxRelease(device);
        }
    }

    /// @throws IllegalArgumentException if the driver has no device of that number
    static void requireExisting(int number) {
        if (number >= count()) {
            throw new IllegalArgumentException("there is no device " + number + ": the driver has found "
                    + (count() == 1 ? "1 device, number 0" : count() + " devices, 0 to " + (count() - 1)));
        }
    }

    /// Describes all devices, and which reach each other's memory, in one line: empty if there is only one.
    public static String describe() {
        int count = count();
        if (count == 1) {
            return "";
        }
        var names = IntStream.range(0, count)
                .mapToObj(number -> number + " " + JCudaDevice.properties(JCudaDevice.device(number)).name()).toList();
        var apart = new ArrayList<String>();
        for (int number = 0; number < count; number++) {
            for (int other = number + 1; other < count; other++) {
                if (!reaches(number, other) || !reaches(other, number)) {
                    apart.add(number + " and " + other);
                }
            }
        }
        return count + " devices: " + String.join(", ", names) + "; " + peers(apart);
    }

    private static String peers(List<String> apart) {
        return apart.isEmpty() ? "peer access between all" : "no peer access between " + String.join(", ", apart);
    }
}
