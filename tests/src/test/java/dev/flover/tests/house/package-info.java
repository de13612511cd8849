/// The rules of this project as tests: which package may use which, and how code is written.
///
/// ```
///   LayeringTest     class files  ──►  which package may use which
///   StyleTest        sources      ──►  lines, names, braces, lengths
///   ThirdPartyTest   class path   ──►  every library's licence is listed
/// ```
package dev.flover.tests.house;
