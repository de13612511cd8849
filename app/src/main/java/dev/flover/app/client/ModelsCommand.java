package dev.flover.app.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.topology.models.OrderRefusedException;
import dev.flover.topology.models.Orders;
import dev.flover.topology.models.Registrations;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `models`: lists and changes which group answers the requests for which model, if several pipelines read
/// one requests topic.
@Command(
        name = "models",
        modelTransformer = SettingOptions.OfClients.class,
        sortOptions = false,
        subcommandsRepeatable = false,
        description = "Lists the models that can be asked for, and which group (application id) answers for each; or "
                + "changes it.",
        footer = {"", "A change takes some three seconds, during which no group takes requests in; what was written "
                + "before is answered as before."})
public final class ModelsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "As one JSON object.")
    private boolean json;

    @Override
    public void run() {
        with(spec, orders -> {
            PrintWriter out = spec.commandLine().getOut();
            var registrations = orders.registrations();
            if (json) {
                out.println(asJson(registrations));
            } else {
                list(registrations, out);
            }
            out.flush();
        });
    }

    private static void list(Registrations registrations, PrintWriter out) {
        var latest = registrations.latest();
        if (latest.groups().isEmpty()) {
            out.println("no group is registered; the first `flover up` will be");
        }
        for (String group : latest.groups()) {
            boolean isDefault = group.equals(latest.defaultGroup());
            out.println(group + (isDefault ? "  (default: answers requests that name no model"
                    + (latest.defaultOffered() ? "; until another group takes its place)" : ")") : ""));
            for (String name : latest.namesOf(group)) {
                out.println("  " + name + "  since " + since(registrations, name, group));
            }
        }
        if (!registrations.isSettled()) {
            out.println("a change is under way, and holds in a few seconds");
        }
    }

    /// Returns in words the offsets of the requests topic, by partition, from which on a group answers for a model.
    private static String since(Registrations registrations, String name, String group) {
        var offsets = offsetsSince(registrations, name, group);
        return offsets == null ? "a moment that is not over yet" : "offsets " + offsets + " by partition";
    }

    private static List<Long> offsetsSince(Registrations registrations, String name, String group) {
        List<Long> since = null;
        for (var era : registrations.eras().reversed()) {
            if (!group.equals(era.assignment().owners().get(name))) {
                break;
            }
            since = era.from();
        }
        return since;
    }

    private static String asJson(Registrations registrations) {
        var latest = registrations.latest();
        var groups = latest.groups().stream().map(group -> Map.of(
                "group", group,
                "default", group.equals(latest.defaultGroup()),
                "models", latest.namesOf(group).stream().map(name -> {
                    var since = offsetsSince(registrations, name, group);
                    return Map.of("name", name, "since", since == null ? List.of() : since);
                }).toList())).toList();
        try {
            return new ObjectMapper().writeValueAsString(Map.of("groups", groups, "settled", registrations.isSettled(),
                    "default_offered", latest.defaultOffered()));
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    @Command(name = "give-up", modelTransformer = SettingOptions.OfClients.class,
            description = "A group no longer answers for a model: requests that name it are rejected "
            + "by the default group. Or it no longer insists on being the default group, and is until another takes "
            + "its place (`up --default-model-group`, or `models hand-over --default`).")
    private void giveUp(
            @Parameters(paramLabel = "NAME", arity = "0..*", description = "Of models.") List<String> names,
            @Option(names = "--default", description = "Of being the default group.") boolean defaultGroup,
            @Option(names = "--group", paramLabel = "ID", required = true,
                    description = "Whose they are: its application id.") String group) {
        change("give-up", names, defaultGroup, given -> orders -> orders.giveUp(group, given, defaultGroup));
    }

    @Command(name = "hand-over", modelTransformer = SettingOptions.OfClients.class,
            description = "Another group answers for a model from now on, or is the default "
            + "group. It has to be registered, and to have the model; requests that were written before are answered "
            + "by the group that had it.")
    private void handOver(
            @Parameters(paramLabel = "NAME", arity = "0..*", description = "Of models.") List<String> names,
            @Option(names = "--default", description = "Requests that name no model.") boolean defaultGroup,
            @Option(names = "--to", paramLabel = "ID", required = true,
                    description = "The application id of the group that gets them.") String to) {
        change("hand-over", names, defaultGroup, given -> orders -> orders.handOver(given, defaultGroup, to));
    }

    @Command(name = "remove", modelTransformer = SettingOptions.OfClients.class,
            description = "Strikes out a group that is gone for ever: its names are free, and what it "
            + "had not finished is not answered. It must not run, must not be the default group while there are "
            + "others, and has to have read all requests.")
    private void remove(
            @Parameters(paramLabel = "ID", description = "Its application id.") String group,
            @Option(names = "--abandon", description = "Even if it has not read all requests.") boolean abandon) {
        carryOut("remove", orders -> orders.remove(group, abandon));
    }

    private interface Change {
        Consumer<Orders> of(List<String> names);
    }

    private void change(String command, List<String> names, boolean defaultGroup, Change change) {
        var given = names == null ? List.<String>of() : names;
        if (given.isEmpty() && !defaultGroup) {
            throw new ParameterException(spec.commandLine(), "a model's NAME is needed, or --default");
        }
        carryOut(command, change.of(given));
    }

    private void carryOut(String command, Consumer<Orders> change) {
        if (!spec.commandLine().getParseResult().matchedOptions().isEmpty()) {
            throw new ParameterException(spec.commandLine(), "options belong behind " + command + ", found some before "
                    + "it");
        }
        with(spec.subcommands().get(command).getCommandSpec(), orders -> {
            change.accept(orders);
            list(orders.registrations(), spec.commandLine().getOut());
        });
    }

    private void with(CommandSpec command, Consumer<Orders> use) {
        var target = ClientTarget.find(SettingOptions.of(command), spec.commandLine().getErr());
        target.connection().check();
        var topics = target.topics();
        try (var orders = new Orders(
                target.connection().kafka(), topics.models(), topics.requests(), new CountDownLatch(1))) {
            if (!orders.isPossible()) {
                throw new CommandException("the topics " + topics.models() + " and " + topics.requests() + " are not "
                        + "there; `flover up --create-topics` creates what a pipeline needs");
            }
            use.accept(orders);
        } catch (OrderRefusedException e) {
            throw new CommandException(e.getMessage(), e);
        } catch (KafkaException e) {
            throw new CommandException("the topic " + topics.models() + " at "
                    + target.connection().bootstrapServers() + " cannot be used: " + Refusal.reason(e), e);
        }
    }
}
