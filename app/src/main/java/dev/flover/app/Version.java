package dev.flover.app;

import java.io.IOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// The output of `--version`.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        var properties = new Properties();
        try (var in = Version.class.getResourceAsStream("/flover-version.properties")) {
            properties.load(in);
        }
        return new String[] {
            "flover " + properties.getProperty("version"),
            "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
