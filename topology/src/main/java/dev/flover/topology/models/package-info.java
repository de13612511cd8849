/// Which group answers a request, where several pipelines read one requests topic.
///
/// ```
///   up, models ──► Orders ──► ModelsTopic ═══ generation-models ═══► ModelsTopic ──► ModelWatch   (a thread)
///                                                                                       │
///                                                            Registrations, and as of when
///                                                                                       ▼
///   request at (partition, offset) ─────────────────────────────────────────────►   ModelView ──► Assignment
/// ```
///
/// The order of the models topic is the authority. An order is placed, waits for a lease, and then holds from offsets
/// of the requests topic that are read after it; a decision is made only by who knows that topic to its end as of less
/// than the lease ago. So all groups decide the same for each record, however late they read it: see
/// docs/decisions/21-who-answers.md.
///
/// Knows offsets and names of models; nothing of what is in a request, nor of how one is answered.
package dev.flover.topology.models;
