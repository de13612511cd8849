package dev.flover.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The devices on which an engine of the backend cuda computes, by the numbers that the driver gives them.
///
/// @param numbers one for each rank, in the order of ranks; equal numbers are ranks that share a device, for tests.
///                Empty if the user chose none: then the first devices are taken
public record DeviceList(List<Integer> numbers) {
    /// No choice: an engine takes the first devices.
    public static final DeviceList UNCHOSEN = new DeviceList(List.of());

    /// The most digits of a number in a text.
    private static final int MOST_DIGITS = 4;

    public DeviceList {
        numbers = List.copyOf(numbers);
    }

    /// Reads numbers with commas between them: `0,1`. An empty text chooses nothing.
    ///
    /// @throws IllegalArgumentException if the text is something else
    public static DeviceList parse(String text) {
        var numbers = new ArrayList<Integer>();
        for (String number : text.isBlank() ? new String[0] : text.split(",", -1)) {
            if (!number.strip().matches("\\d{1," + MOST_DIGITS + "}")) {
                throw new IllegalArgumentException("expected numbers of devices with commas between them, such as 0,1, "
                        + "found " + text + "; `flover devices` lists the devices");
            }
            numbers.add(Integer.parseInt(number.strip()));
        }
        return new DeviceList(numbers);
    }

    /// Whether the user has chosen devices.
    public boolean isChosen() {
        return !numbers.isEmpty();
    }

    /// The devices of an engine, one for each of its ranks.
    ///
    /// @throws IllegalArgumentException if another number of devices was chosen
    public List<Integer> ofRanks(int ranks) {
        if (!isChosen()) {
            return IntStream.range(0, ranks).boxed().toList();
        }
        if (numbers.size() != ranks) {
            throw new IllegalArgumentException(ranks == 1
                    ? "1 rank needs 1 device, found the devices " + this
                    : ranks + " ranks need " + ranks + " devices, found " + (numbers.size() == 1 ? "the device "
                            : "the devices ") + this);
        }
        return numbers;
    }

    /// The number of engines that these devices are for: 1 if no devices were chosen, or if their number is not a
    /// multiple of the number of ranks.
    ///
    /// @param ranks of each engine
    public int engines(int ranks) {
        return isChosen() && numbers.size() % ranks == 0 ? numbers.size() / ranks : 1;
    }

    /// The devices of one of several engines.
    ///
    /// @param engine from 0 on
    /// @param ranks  of each engine
    /// @throws IllegalArgumentException if another number of devices was chosen for all engines
    DeviceList ofEngine(int engine, int engines, int ranks) {
        if (isChosen() && numbers.size() != engines * ranks) {
            throw new IllegalArgumentException(engines + " engines with " + ranks + (ranks == 1 ? " rank" : " ranks")
                    + " each need " + engines * ranks + " devices, found "
                    + (numbers.size() == 1 ? "the device " : "the devices ") + this);
        }
        int first = engine * ranks;
        return new DeviceList(isChosen() ? numbers.subList(first, first + ranks)
                : IntStream.range(first, first + ranks).boxed().toList());
    }

    /// The first of these devices, for a comparison of engines with different numbers of ranks. Empty if no devices
    /// were chosen.
    public DeviceList first(int ranks) {
        return numbers.size() <= ranks ? this : new DeviceList(numbers.subList(0, ranks));
    }

    /// The text that [#parse] reads.
    @Override
    public String toString() {
        return String.join(",", numbers.stream().map(String::valueOf).toList());
    }
}
