/// Which block holds what: bookkeeping of key-value memory in ints, with no device in sight.
///
/// ```
///   free ──allocate──► referenced by n sequences ──last release──► free
///                            │      ▲                                ▲
///                            │      └──retain── unreferenced, cached │ ──evict, oldest first──┐
///                            └────last release, in PrefixIndex──►────┘◄───────────────────────┘
/// ```
///
/// [dev.flover.engine.kvcache.BlockAllocator] counts references; [dev.flover.engine.kvcache.PrefixIndex] finds full
/// blocks by the tokens in them and before them. Knows nothing of sequences, steps' contents or memory.
package dev.flover.engine.kvcache;
