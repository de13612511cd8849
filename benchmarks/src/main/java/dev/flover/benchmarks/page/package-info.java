/// `bench page`: what the page costs the engine, in rounds that alternate in one run.
///
/// ```
///   round: engine that records nothing │ engine that records │ engine whose page is open ─► medians, ratios
/// ```
@NullMarked
package dev.flover.benchmarks.page;

import org.jspecify.annotations.NullMarked;
