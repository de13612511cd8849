package dev.flover.app.settings;

import java.nio.file.Path;

/// Where a value was given. What comes later here overrides what comes before.
public sealed interface Source {
    /// How a message or a listing names the place.
    String words();

    /// Nowhere: it is the default.
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

    /// A variable of the environment.
    record Variable(String name) implements Source {
        @Override
        public String words() {
            return "$" + name;
        }
    }

    /// A file that a variable of the environment names, such as a container's secret.
    record VariableFile(String name, Path file) implements Source {
        @Override
        public String words() {
            return file + " ($" + name + ")";
        }
    }

    /// The command line.
    record Option(String name) implements Source {
        @Override
        public String words() {
            return name;
        }
    }
}
