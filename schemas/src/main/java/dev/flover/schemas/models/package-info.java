/// Which pipelines answer for which model, as the orders on the models topic say.
///
/// ```
///   ModelOrder, ModelOrder, ... ──► Assignment: model ──► group
/// ```
///
/// Knows nothing of topics: `topology.models` reads and writes the orders, and clients read them.
@NullMarked
package dev.flover.schemas.models;

import org.jspecify.annotations.NullMarked;
