package dev.flover.app.batch.jobs;

import dev.flover.app.connection.Connection;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.http.jobs.JobTopics;
import dev.flover.http.jobs.JobsException;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Feeds the lines of jobs to the pipelines of a requests topic. Each process of a pipeline has a feeder, of which one
/// is active at a time.
///
/// A feeder begins when the jobs topic exists. A failure of a feeder is logged and never harms the pipeline.
public final class JobFeeder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobFeeder.class);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final Duration GENTLY = Duration.ofSeconds(3);

    private final Connection connection;
    private final TopicNames names;
    private final LongSupplier wall;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;
    private String lastFailure = "";

    private JobFeeder(Connection connection, TopicNames names, LongSupplier wall) {
        this.connection = connection;
        this.names = names;
        this.wall = wall;
        thread = Thread.ofPlatform().name("batch-feeder").daemon().unstarted(this::run);
    }

    public static JobFeeder start(Connection connection, TopicNames names) {
        return start(connection, names, System::currentTimeMillis);
    }

    /// @param wall the clock of deadlines, ms since 1970
    public static JobFeeder start(Connection connection, TopicNames names, LongSupplier wall) {
        var feeder = new JobFeeder(connection, names, wall);
        feeder.thread.start();
        return feeder;
    }

    private void run() {
        var pause = FIRST_PAUSE;
        while (awaitTopic()) {
            try (var session = new FeederSession(HttpSettings.access(connection, names), wall)) {
                while (closed.getCount() > 0) {
                    session.step();
                    pause = FIRST_PAUSE;
                }
            } catch (RuntimeException e) {
                if (!(e instanceof KafkaException || e instanceof JobsException)) {
                    LOG.error("the feeder of batch jobs failed", e);     // a fault of Flover, not of the cluster
                }
                say(CommandException.reason(e));
                isClosedWithin(pause);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
            }
        }
    }

    private void say(String failure) {
        if (!failure.equals(lastFailure) && closed.getCount() > 0) {
            LOG.warn("batch jobs are not fed at present, and are tried again: {}", failure);
        }
        lastFailure = failure;
    }

    /// Waits until the jobs topic exists.
    ///
    /// @return false if this object was closed
    private boolean awaitTopic() {
        String topic = JobTopics.of(names.requests()).jobs();
        try (var admin = Admin.create(new HashMap<String, Object>(connection.admin()))) {
            while (closed.getCount() > 0) {
                try {
                    admin.describeTopics(List.of(topic)).allTopicNames().get();
                    return true;
                } catch (ExecutionException e) {
                    LOG.debug("the topic {} is not there: {}", topic, e.getMessage());
                }
                isClosedWithin(LOOK);
            }
        } catch (KafkaException e) {
            say(CommandException.reason(e));
            return !isClosedWithin(LONGEST_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private boolean isClosedWithin(Duration wait) {
        try {
            return closed.await(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            if (!thread.join(GENTLY)) {      // it waits for a broker that does not answer
                thread.interrupt();
                thread.join(GENTLY);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
