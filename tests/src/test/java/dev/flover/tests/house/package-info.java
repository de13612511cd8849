/// The rules of the house, as tests: who may know whom, and how code is written.
///
/// ```
///   LayeringTest     class files  ──►  which package may use which
///   StyleTest        sources      ──►  lines, names, braces, lengths
///   ThirdPartyTest   class path   ──►  every library's licence is listed
/// ```
package dev.flover.tests.house;
