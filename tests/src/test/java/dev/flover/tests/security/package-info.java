/// Which principal may do what, who listens on which address, and that no secret is printed.
///
/// ```
///   FloverProcess ──SASL over TLS──► broker with an authorizer     grants: the table in docs/operate/security.md
///        │
///        └─────────HTTPS, basic or bearer──► GuardedRegistry ──► embedded registry
/// ```
package dev.flover.tests.security;
