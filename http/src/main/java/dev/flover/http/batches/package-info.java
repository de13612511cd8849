/// Files and batches of OpenAI's API, over the topics of jobs.
///
/// ```
///   FileRoutes, BatchRoutes ──► FileStore, Batches ──► SharedJobs ──► the topics of jobs (http.jobs)
///        (paths, bodies)         (rights, quota)      (one client)
///               └──────────────► BatchForm, FileForm: objects of the API
/// ```
///
/// Nothing is kept here between two calls but clients: files, batches and their states are records, so any bridge
/// serves them. Knows nothing of HTTP, except the errors of the API.
@NullMarked
package dev.flover.http.batches;

import org.jspecify.annotations.NullMarked;
