/// Who may ask for what: bearer tokens, of which only digests are stored.
///
/// ```
///   Authorization: Bearer TOKEN ──► SHA-256 ──► AccessTokens ──► Grant: tenant, greatest priority, models
/// ```
///
/// Knows neither requests nor topics.
package dev.flover.http.access;
