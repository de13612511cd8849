/// How the commands print their outcome: as lines, or as one JSON object.
@NullMarked
package dev.flover.benchmarks.report;

import org.jspecify.annotations.NullMarked;
