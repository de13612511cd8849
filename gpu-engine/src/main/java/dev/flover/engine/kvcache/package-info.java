/// The bookkeeping of the KV cache: which block holds which tokens. Works on ints only, without a device.
///
/// ```
///   free ──allocate──► referenced by n sequences ──last release──► free
///                            │      ▲                                ▲
///                            │      └──retain── unreferenced, cached │ ──evict, oldest first──┐
///                            └────last release, in PrefixIndex──►────┘◄───────────────────────┘
/// ```
///
/// [dev.flover.engine.kvcache.BlockMemory] divides memory among two kinds of blocks, if there are two;
/// [dev.flover.engine.kvcache.BlockAllocator] counts references; [dev.flover.engine.kvcache.PrefixIndex] finds full
/// blocks by the tokens in them and before them. This package knows nothing of sequences, of the contents of steps, or
/// of device memory.
@NullMarked
package dev.flover.engine.kvcache;

import org.jspecify.annotations.NullMarked;
