/// Every name and limit of a pipeline, as values that cannot be wrong.
///
/// ```
///   file, variables, options ──► PipelineConfig ──► every other package of the topology
/// ```
///
/// Knows nothing of where a value was set; that is the application's concern.
package dev.flover.topology.config;
