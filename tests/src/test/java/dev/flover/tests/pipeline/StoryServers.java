package dev.flover.tests.pipeline;

import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import java.io.IOException;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/// The broker and the registry of the stories: one of each for all test classes of this JVM, started by the first class
/// that asks. Stories do not see each other, because each has topics and a group of its own.
///
/// Without a bundled model, the tests of the class are skipped before anything is started.
final class StoryServers implements BeforeAllCallback {
    private Running running;

    @Override
    public void beforeAll(ExtensionContext context) {
        BundledModel.path();
        running = context.getRoot().getStore(Namespace.create(StoryServers.class))
                .getOrComputeIfAbsent(Running.class, none -> new Running(), Running.class);
    }

    String bootstrapServers() {
        return running.broker.bootstrapServers();
    }

    String registryUrl() {
        return running.registry.url();
    }

    /// Returns a broker with a proxy before one of its addresses. A test may change permissions and quotas of it,
    /// and hold the proxy, and leaves both as they were.
    StoryBroker disturbed() {
        return running.disturbed();
    }

    private static final class Running implements AutoCloseable {
        private final TemporaryFolder folder = TemporaryFolder.create("flover-stories-");
        private final EmbeddedRegistry registry = EmbeddedRegistry.start(folder.path().resolve("registry"));
        private final EmbeddedBroker broker = EmbeddedBroker.startTemporary(folder.path());
        private StoryBroker disturbed;

        private StoryBroker disturbed() {
            if (disturbed == null) {
                try {
                    disturbed = StoryBroker.start(folder.path().resolve("disturbed"));
                } catch (IOException e) {
                    throw new AssertionError("the broker with a proxy cannot be started", e);
                }
            }
            return disturbed;
        }

        @Override
        public void close() throws IOException {
            if (disturbed != null) {
                disturbed.close();
            }
            broker.close();
            registry.close();
            folder.close();
        }
    }
}
