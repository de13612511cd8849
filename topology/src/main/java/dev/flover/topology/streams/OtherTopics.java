package dev.flover.topology.streams;

import org.jspecify.annotations.Nullable;

/// Topics of other applications, to which records of a transaction are written.
public interface OtherTopics {
    /// Header that marks a record for such a topic; it is removed before the record is sent. Its value is the number of
    /// the partition in four bytes, or empty where the record's key decides.
    String MARK = "flover.other.partition";

    /// The reason why a record cannot be written to a topic now; null where it can. May wait for the cluster.
    ///
    /// @param partition null where the record's key decides
    @Nullable String problem(String topic, @Nullable Integer partition);

    /// Notes that a record was put on the dead letters, because its topic has refused it just before the commit.
    void lost(String topic, String reason);
}
