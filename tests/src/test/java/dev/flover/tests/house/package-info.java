/// The rules of the house, as tests: who may know whom, and how code is written.
///
/// ```
///   LayeringTest   class files  ──►  which package may use which
///   StyleTest      sources      ──►  lines, names, braces, lengths
/// ```
package dev.flover.tests.house;
