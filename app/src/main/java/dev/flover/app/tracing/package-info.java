/// Spans of generations for OpenTelemetry, if the usual variables of the environment ask for them.
///
/// ```
///   GenerationNotes ──twice a second──► GenerationSpans ──► OpenTelemetry's SDK ──OTLP──► a collector
/// ```
///
/// Without these variables no class of OpenTelemetry is loaded. Knows nothing of the engine and of Kafka.
@NullMarked
package dev.flover.app.tracing;

import org.jspecify.annotations.NullMarked;
