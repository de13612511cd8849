/// How the commands print their outcome: as lines, or as one JSON object.
package dev.flover.benchmarks.report;
