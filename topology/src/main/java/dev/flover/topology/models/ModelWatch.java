package dev.flover.topology.models;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the models topic on a thread of its own, publishes it to a view, and completes orders whose author has died.
public final class ModelWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelWatch.class);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration LOOK_WHILE_WAITING = Duration.ofMillis(50);
    private static final long LOOK_FOR_VIEW_MS = 5;
    /// How long an order's author has to complete the order, before this process does.
    private static final Duration PATIENCE = ModelView.LEASE.plusSeconds(2);

    private final Map<String, String> kafka;
    private final String modelsTopic;
    private final String requestsTopic;
    private final ModelView view;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().daemon().name("flover-models").unstarted(this::run);
    private long waitingOrder = -1;
    private long waitingSince;
    private boolean troubled;

    private ModelWatch(Map<String, String> kafka, String modelsTopic, String requestsTopic, ModelView view) {
        this.kafka = kafka;
        this.modelsTopic = modelsTopic;
        this.requestsTopic = requestsTopic;
        this.view = view;
    }

    /// Starts the watch's thread.
    ///
    /// @param kafka client properties
    /// @param view  receives the registrations that were read
    public static ModelWatch start(
            Map<String, String> kafka, String modelsTopic, String requestsTopic, ModelView view) {
        var watch = new ModelWatch(kafka, modelsTopic, requestsTopic, view);
        watch.thread.start();
        return watch;
    }

    /// Waits until the view is current, so that decisions can be made.
    ///
    /// @param givenUp ends the wait when it is counted down
    /// @return false if the wait was ended
    public boolean awaitView(CountDownLatch givenUp) {
        try {
            while (!view.isCurrent()) {
                if (givenUp.await(LOOK_FOR_VIEW_MS, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void run() {
        for (boolean again = true; again; again = !pause(LOOK)) {
            try (var topic = new ModelsTopic(kafka, modelsTopic)) {
                for (; again; again = !pause(view.isCurrent() ? LOOK : LOOK_WHILE_WAITING)) {
                    look(topic);
                }
                return;
            } catch (KafkaException e) {        // no client could be created, as no broker's name can be resolved
                trouble(e);
            }
        }
    }

    private void look(ModelsTopic topic) {
        try {
            long asked = System.nanoTime();
            var registrations = topic.readToEnd();
            view.publish(registrations, asked);
            completeForgotten(topic, registrations);
            if (troubled) {
                troubled = false;
                LOG.info("the topic {} is read again", modelsTopic);
            }
        } catch (RuntimeException e) {       // any failure: without a view no request is taken in
            trouble(e);
        }
    }

    private void trouble(RuntimeException e) {
        if (!troubled && closing.getCount() > 0) {
            troubled = true;
            LOG.warn("the topic {} cannot be read, and no request is accepted until it can: {}", modelsTopic,
                    e.getMessage());
        }
    }

    /// Completes an order whose author has died: it wrote no EFFECTIVE record for the order, for which all groups wait.
    private void completeForgotten(ModelsTopic topic, Registrations registrations) {
        if (registrations.isSettled()) {
            waitingOrder = -1;
            return;
        }
        long newest = registrations.waiting().getLast().position();
        if (newest != waitingOrder) {
            waitingOrder = newest;
            waitingSince = System.nanoTime();
        } else if (System.nanoTime() - waitingSince > PATIENCE.toNanos()) {
            try (var admin = Admin.create(Orders.adminProperties(kafka))) {
                topic.append(Orders.effective(new RequestOffsets(admin, requestsTopic).ends(), newest));
                LOG.info("completed a change of the models topic that another process had begun and not completed");
            }
        }
    }

    /// Pauses between two looks.
    ///
    /// @return whether the watch is being closed
    private boolean pause(Duration most) {
        try {
            return closing.await(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
