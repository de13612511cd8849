/// Every name and limit of a pipeline, as immutable values that are checked when they are made.
///
/// ```
///   file, variables, options ──► PipelineConfig ──► every other package of the topology
/// ```
///
/// The package knows nothing of where a value was set; that is the application's concern.
@NullMarked
package dev.flover.topology.config;

import org.jspecify.annotations.NullMarked;
