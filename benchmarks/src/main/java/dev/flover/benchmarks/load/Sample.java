package dev.flover.benchmarks.load;

/// What an operator sees at one moment.
///
/// @param second       since the flood began
/// @param heapMb       used, garbage included
/// @param residentMb   of the process, as the system counts it
/// @param waiting      requests in the waiting room
/// @param lag          requests on the topic that were not read
/// @param ticks        ticks a second of a partition, since the last sample
/// @param served       requests answered to their end a second, since the last sample
record Sample(int second, long heapMb, long residentMb, long waiting, long lag, double ticks, double served) {
    static final String HEADER = "|  second | heap MB | process MB | waiting |     lag | ticks/s | served/s |\n"
            + "|---|---|---|---|---|---|---|";

    String row() {
        return String.format("| %7d | %7d | %10d | %7d | %7d | %7.0f | %8.0f |",
                second, heapMb, residentMb, waiting, lag, ticks, served);
    }
}
