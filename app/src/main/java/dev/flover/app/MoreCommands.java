package dev.flover.app;

import java.util.List;

/// Commands of another module, found on the class path by [java.util.ServiceLoader]: the app does not know their names.
public interface MoreCommands {
    /// The commands' classes, in the order of the help page.
    ///
    /// @param kafka whether Kafka's libraries are present; the bundle of the engine alone lacks them
    List<Class<?>> commands(boolean kafka);
}
