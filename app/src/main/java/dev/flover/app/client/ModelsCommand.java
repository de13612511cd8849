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
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
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
        description = "Lists the models that requests can name and the group (application id) that answers for each, "
                + "or changes the assignment.",
        footer = {"", "A change takes about three seconds, during which no group accepts requests. Requests that were "
                + "written before it are answered by the former group."})
public final class ModelsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object.")
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
            out.println("no group is registered; the first `flover up` registers one");
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
            out.println("a change is in progress and takes effect within a few seconds");
        }
    }

    /// Returns in words the offsets of the requests topic, by partition, from which on a group answers for a model.
    private static String since(Registrations registrations, String name, String group) {
        var offsets = offsetsSince(registrations, name, group);
        return offsets == null ? "a change that is in progress" : "offsets " + offsets + " by partition";
    }

    private static @Nullable List<Long> offsetsSince(Registrations registrations, String name, String group) {
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
            description = "Ends the assignment of models to a group: the default group then rejects requests that name "
            + "them. With --default, the default group allows another group to take its place (`up "
            + "--default-model-group`, or `models hand-over --default`) and stays the default group until then.")
    private void giveUp(
            @Parameters(paramLabel = "NAME", arity = "0..*", description = "Names of models.") List<String> names,
            @Option(names = "--default", description = "Give up being the default group.") boolean defaultGroup,
            @Option(names = "--group", paramLabel = "ID", required = true,
                    description = "The application id of the group.") String group) {
        change("give-up", names, defaultGroup, given -> orders -> orders.giveUp(group, given, defaultGroup));
    }

    @Command(name = "hand-over", modelTransformer = SettingOptions.OfClients.class,
            description = "Assigns models, or the role of the default group, to another group. That group must be "
            + "registered and have the models. Requests that were written before are answered by the former group.")
    private void handOver(
            @Parameters(paramLabel = "NAME", arity = "0..*", description = "Names of models.") List<String> names,
            @Option(names = "--default", description = "Also hand over the role of the default group, which answers "
                    + "requests that name no model.") boolean defaultGroup,
            @Option(names = "--to", paramLabel = "ID", required = true,
                    description = "The application id of the new group.") String to) {
        change("hand-over", names, defaultGroup, given -> orders -> orders.handOver(given, defaultGroup, to));
    }

    @Command(name = "remove", modelTransformer = SettingOptions.OfClients.class,
            description = "Removes a group that will not run again: its model names become free, and its unfinished "
            + "requests are not answered. It must not run, must not be the default group while there are others, and "
            + "must have read all requests.")
    private void remove(
            @Parameters(paramLabel = "ID", description = "The application id of the group.") String group,
            @Option(names = "--abandon", description = "Remove the group even if it has not read all "
                    + "requests.") boolean abandon) {
        carryOut("remove", orders -> orders.remove(group, abandon));
    }

    private interface Change {
        Consumer<Orders> of(List<String> names);
    }

    private void change(String command, List<String> names, boolean defaultGroup, Change change) {
        var given = names == null ? List.<String>of() : names;
        if (given.isEmpty() && !defaultGroup) {
            throw new ParameterException(spec.commandLine(), "expected NAMEs of models or --default, found neither");
        }
        carryOut(command, change.of(given));
    }

    private void carryOut(String command, Consumer<Orders> change) {
        if (!spec.commandLine().getParseResult().matchedOptions().isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "options must follow " + command + ", found some before it");
        }
        with(Objects.requireNonNull(spec.subcommands().get(command)).getCommandSpec(), orders -> {
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
