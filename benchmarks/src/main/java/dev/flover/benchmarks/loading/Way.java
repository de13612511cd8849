package dev.flover.benchmarks.loading;

/// A way to bring a model's weights into memory.
enum Way {
    /// The command `cp`, to a file in memory.
    CP("cp the file"),
    /// Copying the file to memory of the process, byte by byte, with the same threads.
    COPY("copy the file"),
    /// Packing the weights into memory.
    PACK("pack"),
    /// Packing the weights into a file that later starts map.
    KEEP("pack and keep"),
    /// Mapping that file.
    MAP("map kept weights");

    final String words;

    Way(String words) {
        this.words = words;
    }
}
