package dev.flover.benchmarks.load;

/// A sample of the figures that an operator sees.
///
/// @param second       seconds since the flood began
/// @param heapMb       used heap in MB, garbage included
/// @param residentMb   resident memory of the process in MB
/// @param waiting      requests in the waiting room
/// @param lag          requests on the topic that were not read
/// @param ticks        ticks per second and partition since the last sample
/// @param served       requests answered to their end per second since the last sample
record Sample(int second, long heapMb, long residentMb, long waiting, long lag, double ticks, double served) {
    static final String HEADER = "|  second | heap MB | process MB | waiting |     lag | ticks/s | served/s |\n"
            + "|---|---|---|---|---|---|---|";

    String row() {
        return String.format("| %7d | %7d | %10d | %7d | %7d | %7.0f | %8.0f |",
                second, heapMb, residentMb, waiting, lag, ticks, served);
    }
}
