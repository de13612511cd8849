package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.RankGroup.Limits;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import dev.flover.engine.backend.ranks.Exchange;
import dev.flover.engine.backend.ranks.ShardedBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Opens a CUDA backend for each of several ranks, on devices that reach each other's memory.
public final class CudaRanks {
    private CudaRanks() {}

    /// @param numbers a device for each rank; ranks may share a device
    /// @throws IllegalArgumentException if there is no driver, device or compiled kernel, or if two of the devices do
    ///     not reach each other's memory or compute in different orders; the message names what is missing
    public static ShardedBackend open(List<Integer> numbers) {
        var drivers = new ArrayList<Driver>();
        try {
            for (int number : numbers) {
                drivers.add(JCudaDevice.open(number));
            }
            return open(drivers, Limits.STANDARD);
        } catch (RuntimeException | Error e) {
            drivers.forEach(Driver::close);
            throw e;
        }
    }

    /// @param drivers one for each rank; they are closed with the backend
    static ShardedBackend open(List<? extends Driver> drivers, Limits limits) {
        for (var driver : drivers) {
            for (var other : drivers) {
                driver.reach(other);
            }
        }
        var exchange = new Exchange(drivers.size());
        var group = new RankGroup(List.copyOf(drivers), exchange, limits);
        var ranks = IntStream.range(0, drivers.size())
                .mapToObj(rank -> new CudaRank(drivers.get(rank), group, rank)).toList();
        var numbers = drivers.stream().map(driver -> String.valueOf(driver.number())).collect(Collectors.toList());
        boolean one = numbers.stream().distinct().count() == 1;
        return ShardedBackend.ofMeeting(ranks, group::abandon, one
                ? " on device " + numbers.getFirst()
                : " on devices " + String.join(", ", numbers) + " with peer access");
    }
}
