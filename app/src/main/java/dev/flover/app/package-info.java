/// The executable that a user starts, with a subcommand for each task.
///
/// ```
///   ./flover ──> Main ──┬─> demo      everything at once, in a terminal, removed afterwards       demo/
///                       ├─> up        the pipeline, until it is told to stop                      pipeline/
///                       ├─> config    the settings of `up`, with their sources                    pipeline/
///                       ├─> status, ps, top: look at a running pipeline                           watch/
///                       ├─> doctor    checks machine, cluster and registry                        doctor/
///                       ├─> serve     OpenAI's API over HTTP                                      http/
///                       ├─> submit, tail, cancel, forget, models, parked: clients of the topics   client/
///                       ├─> generate, tokenize, inspect, devices, selftest: without Kafka         offline/
///                       └─> bench, verify-delivery, verify-batch: from the module `benchmarks`, if it is there
/// ```
///
/// A command parses its options, opens what it needs, runs and reports. Options that several commands share are in
/// `options`; the broker and the registry of `demo` and `up --embedded` are in `embedded`. Only `topology` and
/// `gpu-engine` know how requests become tokens.
///
/// Exit codes are the same for all commands: 0 done, 1 failed, 2 wrong usage, 130 interrupted. A failure is one
/// sentence on stderr; [dev.flover.app.FailureReport] is the only place that turns an exception into that sentence.
@NullMarked
package dev.flover.app;

import org.jspecify.annotations.NullMarked;
