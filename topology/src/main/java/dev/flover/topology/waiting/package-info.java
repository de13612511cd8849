/// Requests that wait for the engine, and the order of their turns.
///
/// ```
///   Ticket ──► [Searching: a stored answer] ──► [Compiling: its constraint] ──► WaitingRoom ──► granted
///                                                                                   │
///                                      in this order: suspects, resumed, FairShares ┘
/// ```
///
/// The package holds what the order depends on, but no content of requests and no records. It is used by the stream
/// thread alone.
@NullMarked
package dev.flover.topology.waiting;

import org.jspecify.annotations.NullMarked;
