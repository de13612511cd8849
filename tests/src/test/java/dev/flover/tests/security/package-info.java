/// Who may do what, who listens where, and who hears of it.
///
/// ```
///   FloverProcess ──SASL over TLS──► broker with an authorizer     grants: the table in docs/operate/security.md
///        │
///        └─────────HTTPS, basic or bearer──► GuardedRegistry ──► embedded registry
/// ```
package dev.flover.tests.security;
