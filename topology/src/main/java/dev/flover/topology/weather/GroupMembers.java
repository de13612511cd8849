package dev.flover.topology.weather;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/// Finds foreign members of the consumer group. Only processes of one pipeline should be in it, because Kafka divides
/// the partitions among all members of a group, and a foreign member answers no requests.
///
/// A member of a pipeline is recognised by being static, named after a state folder, and by the client id of a stream
/// thread.
public final class GroupMembers {
    private static final String STREAM_THREAD = "StreamThread";

    private final Admin admin;
    private final String group;

    public GroupMembers(Admin admin, String group) {
        this.admin = admin;
        this.group = group;
    }

    /// Requires that the group has no foreign members.
    ///
    /// @throws KafkaException if another application uses the group
    public void requireOwn() {
        sentence().ifPresent(sentence -> {
            throw new KafkaException(sentence);
        });
    }

    /// A sentence that names the foreign members; empty where there are none.
    ///
    /// @throws KafkaException if the cluster cannot be asked now
    public Optional<String> sentence() {
        return sentence(group, members());
    }

    public static Optional<String> sentence(String group, Collection<MemberDescription> members) {
        var foreign = foreign(members);
        return foreign.isEmpty() ? Optional.empty() : Optional.of("another application is in the consumer group '"
                + group + "': " + String.join(", ", foreign) + "; requests that it reads are not answered. Stop it or "
                + "give it another group; or give this pipeline another application-id");
    }

    private static Collection<String> foreign(Collection<MemberDescription> members) {
        var foreign = new TreeSet<String>();
        for (var member : members) {
            if (member.groupInstanceId().isEmpty() || !member.clientId().contains(STREAM_THREAD)) {
                foreign.add("client '" + member.clientId() + "' at " + member.host());
            }
        }
        return foreign;
    }

    private Collection<MemberDescription> members() {
        try {
            var described = admin.describeConsumerGroups(List.of(group)).describedGroups();
            return Objects.requireNonNull(described.get(group)).get().members();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return List.of();
            }
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking for the members of the group " + group, e);
        }
    }
}
