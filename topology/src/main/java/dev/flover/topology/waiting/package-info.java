/// Requests that wait for the engine, and whose turn it is.
///
/// ```
///   Ticket ──► [Compiling: its constraint] ──► WaitingRoom ──► granted
///                                                  │
///                                     suspects, resumed, FairShares      in this order
/// ```
///
/// Holds what ordering needs: no content of requests, no records. Used by the stream thread alone.
package dev.flover.topology.waiting;
