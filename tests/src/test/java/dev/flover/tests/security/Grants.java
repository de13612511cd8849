package dev.flover.tests.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/// The access rules in the table of `docs/operate/security.md`. The test grants exactly the rows of that table on the
/// broker.
public final class Grants {
    private static final Path PAGE = Path.of("..", "docs", "operate", "security.md");
    private static final Pattern ROW = Pattern.compile(
            "\\| `(\\w+)` \\| ([a-z ]+) \\| (literal|prefixed) \\| `([^`]+)` \\| ([A-Za-z, ]+) \\|");

    private Grants() {}

    public static List<AclBinding> listed() throws IOException {
        var bindings = new ArrayList<AclBinding>();
        for (var line : Files.readAllLines(PAGE)) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                var resource = new ResourcePattern(ResourceType.fromString(constant(row.group(2))),
                        row.group(4), PatternType.fromString(constant(row.group(3))));
                for (var operation : row.group(5).split(", ")) {
                    bindings.add(new AclBinding(resource, new AccessControlEntry("User:" + row.group(1), "*",
                            operation(operation), AclPermissionType.ALLOW)));
                }
            }
        }
        return bindings;
    }

    private static AclOperation operation(String name) {
        return AclOperation.valueOf(name.replaceAll("(?<=[a-z])(?=[A-Z])", "_").toUpperCase(Locale.ROOT));
    }

    private static String constant(String words) {
        return words.replace(' ', '_').toUpperCase(Locale.ROOT);
    }
}
