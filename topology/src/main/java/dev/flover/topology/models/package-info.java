/// Decides which group answers a request, where several pipelines read one requests topic.
///
/// ```
///   up, models ──► Orders ──► ModelsTopic ═══ generation-models ═══► ModelsTopic ──► ModelWatch   (a thread)
///                                                                                       │
///                                                            Registrations, and as of when
///                                                                                       ▼
///   request at (partition, offset) ─────────────────────────────────────────────►   ModelView ──► Assignment
/// ```
///
/// The order of the records on the models topic is the authority. An order is written, waits for a lease, and then
/// holds from offsets of the requests topic that are read after the lease. A process decides about a record only while
/// its knowledge of the models topic is younger than the lease. So all groups decide the same for each record, however
/// late they read it: see docs/decisions/21-who-answers.md.
///
/// The package knows offsets and names of models; nothing of the content of a request, nor of how one is answered.
@NullMarked
package dev.flover.topology.models;

import org.jspecify.annotations.NullMarked;
