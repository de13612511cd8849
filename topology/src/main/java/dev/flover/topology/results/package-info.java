/// Finds results that were written before: by a request's id, or by the content of a request. Makes rows for databases
/// from results.
///
/// ```
///   stream thread ──► StoredResults ──► ResultReader (a thread) ──► results topic
///                                           │
///                                       AnswerIndex       answers that equal requests may be given
///   result, request ──► FlatRows ──► one record of scalar fields for each answer
/// ```
///
/// The package knows the results topic; nothing of why a result is wanted.
@NullMarked
package dev.flover.topology.results;

import org.jspecify.annotations.NullMarked;
