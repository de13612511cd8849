/// Requests as records of the requests topic: bounded in size, decoded, identified, and passed on between partitions.
///
/// ```
///   consumer ──► BoundedRecords ──► RequestRecord ──┬──► Homes, Forwarding     to the partition that may know the id
///                (cuts)                             ├──► RequestId
///                                                   └──► SchemaName, RequestDecoding ──► ReadRequest, RequestDigest
///                                        headers ──────► ReturnedHeaders, ReplyHeaders
/// ```
///
/// The package knows bytes, headers, schemas and offsets; nothing of whether a request can be served.
@NullMarked
package dev.flover.topology.records;

import org.jspecify.annotations.NullMarked;
