package dev.flover.app.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.topology.models.Orders;
import dev.flover.topology.parking.WaitingRecords;
import dev.flover.topology.parking.WaitingRecords.Waiting;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `parked`: lists the records that wait for their schemas.
@Command(
        name = "parked",
        modelTransformer = SettingOptions.OfClients.class,
        description = "Lists the records that wait for a schema from the registry, and later records under the same "
                + "keys, for each group (application id) on the requests topic.",
        footer = {"", "@|bold flover cancel ID|@ skips all records that wait under an id and answers them as "
                + "cancelled."})
public final class ParkedCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object per line: group, partition, offset, id, written, "
            + "schema, bytes.")
    private boolean json;

    @Override
    public void run() {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        var topics = target.topics();
        PrintWriter out = spec.commandLine().getOut();
        try (var orders = new Orders(
                target.connection().kafka(), topics.models(), topics.requests(), new CountDownLatch(1))) {
            if (!orders.isPossible()) {
                throw new CommandException("the topics " + topics.models() + " and " + topics.requests() + " are not "
                        + "there; `flover up --create-topics` creates what a pipeline needs");
            }
            int count = 0;
            for (String group : orders.registrations().latest().groups()) {
                var waiting = waiting(target, group);
                waiting.forEach(each -> out.println(json ? asJson(group, each) : line(group, each)));
                count += waiting.size();
            }
            if (!json) {
                out.println(count == 0 ? "no record waits for its schema"
                        : "skip one with: flover cancel ID; it is answered as cancelled");
            }
            out.flush();
        } catch (KafkaException e) {
            throw new CommandException("the records that wait cannot be read at "
                    + target.connection().bootstrapServers() + ": " + Refusal.reason(e), e);
        }
    }

    /// Returns the records of a group that wait; empty if the group has never run.
    private static List<Waiting> waiting(ClientTarget target, String group) {
        try {
            return WaitingRecords.of(target.connection().kafka(), group);
        } catch (UnknownTopicOrPartitionException e) {
            return List.of();
        }
    }

    private static String line(String group, Waiting each) {
        return each.id() + "  group " + group + ", partition " + each.partition() + ", offset " + each.offset() + ", "
                + (each.schema().isEmpty() ? "no schema" : "schema " + each.schema()) + ", " + each.bytes()
                + " bytes, written " + each.written();
    }

    private static String asJson(String group, Waiting each) {
        var object = new LinkedHashMap<String, Object>();
        object.put("group", group);
        object.put("partition", each.partition());
        object.put("offset", each.offset());
        object.put("id", each.id());
        object.put("written", each.written().toString());
        object.put("schema", each.schema());
        object.put("bytes", each.bytes());
        try {
            return new ObjectMapper().writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }
}
