/// Checks whether a request can be served, decides how it is computed, and looks up what it names.
///
/// ```
///   GenerationRequest ──► RequestCheck ──► prompt ids, or the reason of a rejection
///          │                  │
///          │                  ├──► RequestPlan           sampling, stop ids, most tokens
///          │                  ├──► RequestConstraint, RequestTools ──► Constraints     compiled on other threads
///          │                  └──► Chat                  messages as a prompt, by the model's template
///          ├──► RequestMentions, ForeignTopics           schema subjects and topics that others own
///          └──► Refusals                                 faults of the record, unknown models, settings
///   headers of a record ──► ReplyTopics ──► ForeignTopics
/// ```
///
/// The package knows the model and the contract of requests; nothing of stores, offsets or transactions.
@NullMarked
package dev.flover.topology.request;

import org.jspecify.annotations.NullMarked;
