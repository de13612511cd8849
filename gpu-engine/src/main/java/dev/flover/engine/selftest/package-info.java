/// Checks a backend against the reference backend on the machine where it will run. Needs no data except this jar.
///
/// ```
///   RandomModels ─► OperationChecks   each operation against plain loops in double: awkward sizes, outputs of NaN
///                   DrawChecks        drawn tokens, with several sets of sampling parameters
///                ─► SequenceChecks    whole generations: beside others, decoded or prefilled, joining and leaving
///                        └──► Check, one line of the table
/// ```
@NullMarked
package dev.flover.engine.selftest;

import org.jspecify.annotations.NullMarked;
