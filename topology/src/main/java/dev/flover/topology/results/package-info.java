/// Finds results that were written before: by a request's id, or by the content of a request.
///
/// ```
///   stream thread ──► StoredResults ──► ResultReader (a thread) ──► results topic
///                                           │
///                                       AnswerIndex       answers that equal requests may be given
/// ```
///
/// The package knows the results topic; nothing of why a result is wanted.
@NullMarked
package dev.flover.topology.results;

import org.jspecify.annotations.NullMarked;
