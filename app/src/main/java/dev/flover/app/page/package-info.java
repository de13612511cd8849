/// The page that a pipeline serves for a browser: what is computed, what holds it back, and a few actions.
///
/// ```
///   stream thread ──► StepTrace, GenerationNotes ──► Publisher ──ten frames a second──► PageClient (a bounded queue)
///                                                                                            │
///   topics ◄── PageTopics ◄── PageServer ◄── browser ◄───── one stream of server-sent events ─┘
/// ```
///
/// A client that reads too slowly loses frames; nothing that it does reaches the stream thread. Texts of requests and
/// answers come from the topics, and only for those who send the token. Knows nothing of the engine but its trace.
@NullMarked
package dev.flover.app.page;

import org.jspecify.annotations.NullMarked;
