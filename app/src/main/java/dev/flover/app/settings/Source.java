package dev.flover.app.settings;

import java.nio.file.Path;

/// The place where a setting's value was given. Each source overrides the ones declared before it.
public sealed interface Source {
    /// Returns the source as messages and listings name it.
    String words();

    /// No place: the value is the default.
    record Default() implements Source {
        @Override
        public String words() {
            return "default";
        }
    }

    /// A line of a properties file.
    record Line(Path file, int number) implements Source {
        @Override
        public String words() {
            return file + ":" + number;
        }
    }

    /// An environment variable.
    record Variable(String name) implements Source {
        @Override
        public String words() {
            return "$" + name;
        }
    }

    /// A file that an environment variable names, such as a container's secret.
    record VariableFile(String name, Path file) implements Source {
        @Override
        public String words() {
            return file + " ($" + name + ")";
        }
    }

    /// An option of the command line.
    record Option(String name) implements Source {
        @Override
        public String words() {
            return name;
        }
    }
}
