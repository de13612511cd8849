package dev.flover.http.batches;

import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.topics.TopicAccess;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One client of the jobs topic, which all requests of a bridge use one after the other. It is made when it is first
/// needed.
public final class SharedJobs implements AutoCloseable {
    private final TopicAccess access;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable JobsClient client;
    private boolean created;

    public SharedJobs(TopicAccess access) {
        this.access = access;
    }

    TopicAccess access() {
        return access;
    }

    /// Looks at all jobs and files. Everything that any bridge wrote before this call is taken in.
    <T> T look(Function<JobsView, T> question) {
        lock.lock();
        try {
            return question.apply(client().jobs());
        } finally {
            lock.unlock();
        }
    }

    void write(Consumer<JobsClient> action) {
        lock.lock();
        try {
            action.accept(client());
        } finally {
            lock.unlock();
        }
    }

    /// Creates the topics of jobs that are missing.
    ///
    /// @param maxRecordBytes the largest record of the lines topic
    void create(int maxRecordBytes) {
        write(open -> {
            if (!created) {
                open.topics().create(access.admin(), maxRecordBytes);
                created = true;
            }
        });
    }

    private JobsClient client() {
        if (client == null) {
            client = new JobsClient(access);
        }
        return client;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (client != null) {
                client.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
