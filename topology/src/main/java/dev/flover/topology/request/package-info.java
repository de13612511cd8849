/// What a request asks for: whether it can be served, how it is computed, and what it has to be looked up for.
///
/// ```
///   GenerationRequest ──► RequestCheck ──► prompt ids, or the reason of a rejection
///          │                  │
///          │                  ├──► RequestPlan           sampling, stop ids, most tokens
///          │                  ├──► RequestConstraint, RequestTools ──► Constraints     compiled on other threads
///          │                  └──► Chat                  messages as a prompt, by the model's template
///          └──► RequestMentions, ForeignTopics           schema subjects and topics that others own
/// ```
///
/// Knows the model and the contract of requests; nothing of stores, offsets or transactions.
package dev.flover.topology.request;
