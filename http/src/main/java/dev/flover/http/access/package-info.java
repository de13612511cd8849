/// The rights of clients: bearer tokens, of which only digests are stored, and what they allow.
///
/// ```
///   Authorization: Bearer TOKEN ──► SHA-256 ──► AccessTokens ──► Grant: tenant, greatest priority, models
/// ```
///
/// Knows neither requests nor topics.
@NullMarked
package dev.flover.http.access;

import org.jspecify.annotations.NullMarked;
