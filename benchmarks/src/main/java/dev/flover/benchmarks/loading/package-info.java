/// `bench loading`: how long a model takes to load, and how much memory, beside copying its file.
///
/// ```
///   round, each in a process of its own: cp │ copy │ pack │ pack and keep │ map ─► medians, ratios to cp and copy
/// ```
@NullMarked
package dev.flover.benchmarks.loading;

import org.jspecify.annotations.NullMarked;
