/// What a person starts: one executable, a subcommand for each thing it does.
///
/// ```
///   ./flover ──> Main ──┬─> demo      everything at once, in a terminal, gone afterwards
///                       ├─> up        the pipeline, until it is told to stop        pipeline/
///                       ├─> submit, tail, cancel      a client of the topics         client/
///                       ├─> generate, tokenize, inspect, devices, selftest     without Kafka   offline/
///                       ├─> bench     figures                                        bench/
///                       └─> verify-delivery           the promise, under kills       delivery/
/// ```
///
/// A command parses, opens what it needs, runs and reports. Options that several commands share are in `options`;
/// the broker and the registry of `demo` and `up --embedded` are in `embedded`. How requests become tokens is known in
/// `topology` and `gpu-engine` only.
///
/// Exit codes are the same everywhere: 0 done, 1 failed, 2 wrong usage, 130 interrupted. A failure is one sentence on
/// stderr; [dev.flover.app.FailureReport] is the only place that turns an exception into one.
package dev.flover.app;
