/// One configuration: what can be set, and what is.
///
/// ```
///   SettingTable ──┬──> SettingOptions    (--max-sequences of `up`, with its help)
///                  ├──> Settings          (file, FLOVER_* variables and options; which one counts, and where it is)
///                  ├──> ConfigCommand     (`flover config`)
///                  └──> docs/operate/settings.md  (written by its test)
///   PassThrough ───┘                      (kafka.* and registry.*: what those clients know)
/// ```
///
/// To add a setting is to add a line to the table, and to read it where its value is used. Knows names, types and
/// ranges; not what a value does.
package dev.flover.app.settings;
