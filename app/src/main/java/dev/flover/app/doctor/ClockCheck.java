package dev.flover.app.doctor;

import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.QuorumInfo.ReplicaState;
import org.apache.kafka.common.KafkaException;

/// Compares this machine's clock with that of the cluster's controller, or of the registry where the cluster does not
/// tell. Deadlines and retention follow the wall clock.
///
/// The controller reports itself as caught up at its present time. The comparison is exact up to the duration of the
/// question.
final class ClockCheck {
    private static final long ALLOWED_MS = 2_000;
    private static final long SECOND_MS = 1_000;
    private static final Duration LIMIT = Duration.ofSeconds(3);
    private static final String CHECK = "clock";

    private final Admin admin;
    private final String registryUrl;

    /// A clock that was read over the network.
    ///
    /// @param aheadMs     how far it is ahead of this machine's clock
    /// @param toleranceMs how far that number may be wrong
    private record Reading(String of, long aheadMs, long toleranceMs) {}

    ClockCheck(Admin admin, String registryUrl) {
        this.admin = admin;
        this.registryUrl = registryUrl;
    }

    Finding check() {
        var reading = ofController().or(this::ofRegistry);
        if (reading.isEmpty()) {
            return Finding.warn(CHECK, "neither the cluster nor the registry tells its time",
                    "check yourself that this machine's clock is set by NTP");
        }
        var read = reading.get();
        String found = "this machine is " + Math.abs(read.aheadMs()) + " ms "
                + (read.aheadMs() >= 0 ? "behind " : "ahead of ") + read.of() + ", give or take " + read.toleranceMs()
                + " ms";
        return Math.abs(read.aheadMs()) <= ALLOWED_MS + read.toleranceMs() ? Finding.ok(CHECK, found)
                : Finding.warn(CHECK, found, "set both clocks by NTP: deadlines and retention follow them");
    }

    private Optional<Reading> ofController() {
        try {
            long before = System.currentTimeMillis();
            var quorum = ClusterChecks.await(admin.describeMetadataQuorum().quorumInfo());
            long after = System.currentTimeMillis();
            return quorum.voters().stream().filter(voter -> voter.replicaId() == quorum.leaderId())
                    .map(ReplicaState::lastCaughtUpTimestamp).flatMapToLong(time -> time.stream()).boxed().findFirst()
                    .filter(time -> time > 0)
                    .map(time -> reading("the cluster's controller", time, before, after, 0));
        } catch (KafkaException e) {
            return Optional.empty();        // this principal may not ask, or the cluster is older than 3.3
        }
    }

    private Optional<Reading> ofRegistry() {
        try (var client = HttpClient.newBuilder().connectTimeout(LIMIT).build()) {
            var request = HttpRequest.newBuilder(URI.create(registryUrl.split(",")[0].strip())).timeout(LIMIT).build();
            long before = System.currentTimeMillis();
            var answer = client.send(request, BodyHandlers.discarding());
            long after = System.currentTimeMillis();
            return answer.headers().firstValue("Date")
                    .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME))
                    .map(date -> reading("the registry", date.toInstant().toEpochMilli() + SECOND_MS / 2, before,
                            after, SECOND_MS / 2));
        } catch (IOException | DateTimeParseException | IllegalArgumentException e) {
            return Optional.empty();        // also where its certificate is not trusted without client properties
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted", e);
        }
    }

    private static Reading reading(String of, long time, long before, long after, long toleranceMs) {
        return new Reading(of, time - (before + after) / 2, toleranceMs + (after - before + 1) / 2);
    }
}
