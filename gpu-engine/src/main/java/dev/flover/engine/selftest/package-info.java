/// Checks a backend against the reference on the machine it will run on, with nothing but what is in this jar.
///
/// ```
///   RandomModels ─► OperationChecks   each verb against plain loops in double: awkward sizes, poisoned outputs
///                ─► SequenceChecks    whole generations: among others, decoded and prefilled, joining and leaving
///                        └──► Check, one line of the table
/// ```
package dev.flover.engine.selftest;
