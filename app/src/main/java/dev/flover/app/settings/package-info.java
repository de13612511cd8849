/// The settings: which exist, and which values they have.
///
/// ```
///   SettingTable ──┬──> SettingOptions    (--max-sequences of `up`, with its help)
///                  ├──> Settings          (file, FLOVER_* variables and options: each value and its source)
///                  ├──> ConfigCommand     (`flover config`)
///                  └──> docs/operate/settings.md  (written by its test)
///   PassThrough ───┘                      (kafka.* and registry.*: properties of the clients)
/// ```
///
/// To add a setting, add a line to the table and read it where its value is used. The package knows names, types and
/// ranges of settings, and nothing of their effects.
@NullMarked
package dev.flover.app.settings;

import org.jspecify.annotations.NullMarked;
