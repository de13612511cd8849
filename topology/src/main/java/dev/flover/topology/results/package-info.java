/// Results that were written before: found again by id, or by all that decides an answer.
///
/// ```
///   stream thread ──► StoredResults ──► ResultReader (a thread) ──► results topic
///                                           │
///                                       AnswerIndex       answers that equal requests may be given
/// ```
///
/// Knows the results topic; nothing of why a result is wanted.
package dev.flover.topology.results;
