package dev.flover.app.doctor;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.setup.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Checks the pipeline's topics and their policies, and which operations the cluster grants to this principal.
final class TopicChecks {
    private static final int USUAL_REPLICAS = 3;
    private static final String GRANTS = "grants";

    private final Admin admin;
    private final PipelineConfig config;
    private final TopicNames names;
    private final boolean created;
    private final Map<String, TopicDescription> described = new LinkedHashMap<>();
    private final Set<String> missing = new TreeSet<>();
    private final Set<String> refused = new TreeSet<>();

    /// @param created whether `up` with these settings creates missing topics
    TopicChecks(Admin admin, PipelineConfig config, boolean created) {
        this.admin = admin;
        this.config = config;
        this.names = config.topics();
        this.created = created;
    }

    List<Finding> all() {
        describe();
        var findings = new ArrayList<Finding>();
        findings.add(grants());
        if (!missing.isEmpty()) {
            String found = "missing: " + String.join(", ", missing);
            findings.add(created ? Finding.ok("topics", found + "; `up` creates them")
                    : Finding.fail("topics", found, "create them with `flover up --create-topics`, or by your own "
                            + "means as in docs/operate/deploy.md"));
        }
        if (missing.isEmpty() && refused.isEmpty()) {
            try {
                findings.addAll(policies());
            } catch (AuthorizationException e) {
                findings.add(Finding.fail("topics", e.getMessage(), "grant DescribeConfigs on the topics"));
            }
        }
        return findings;
    }

    private void describe() {
        var asked = admin.describeTopics(names.all(), new DescribeTopicsOptions().includeAuthorizedOperations(true));
        asked.topicNameValues().forEach((topic, answer) -> {
            try {
                described.put(topic, ClusterChecks.await(answer));
            } catch (UnknownTopicOrPartitionException e) {
                missing.add(topic);
            } catch (AuthorizationException e) {
                refused.add(topic);
            }
        });
    }

    /// Compares the granted operations with those that each role needs; `docs/operate/security.md` lists them.
    private Finding grants() {
        var lacking = new ArrayList<String>();
        refused.forEach(topic -> lacking.add("Describe on " + topic));
        lack(lacking, names.requests(), AclOperation.READ, AclOperation.DESCRIBE_CONFIGS);
        lack(lacking, names.tokens(), AclOperation.WRITE, AclOperation.DESCRIBE_CONFIGS);
        lack(lacking, names.results(), AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE_CONFIGS);
        lack(lacking, names.deadLetters(), AclOperation.WRITE, AclOperation.DESCRIBE_CONFIGS);
        lack(lacking, names.models(), AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE_CONFIGS);
        lackOfGroup(lacking);
        var clients = new ArrayList<String>();
        if (may(names.requests(), AclOperation.WRITE)) {
            clients.add("write requests");
        }
        if (may(names.tokens(), AclOperation.READ) && may(names.results(), AclOperation.READ)) {
            clients.add("read answers");
        }
        String also = clients.isEmpty() ? "" : "; may also " + String.join(" and ", clients);
        return lacking.isEmpty()
                ? Finding.ok(GRANTS, described.isEmpty() ? "unknown until the topics exist"
                        : "this principal may run a pipeline" + also)
                : Finding.fail(GRANTS, "this principal may not run a pipeline; it lacks " + String.join(", ", lacking)
                        + also, "add them; docs/operate/security.md has the list for each role");
    }

    private boolean may(String topic, AclOperation operation) {
        var description = described.get(topic);
        return description != null && description.authorizedOperations() != null
                && description.authorizedOperations().contains(operation);
    }

    private void lack(List<String> lacking, String topic, AclOperation... needed) {
        var description = described.get(topic);
        if (description == null || description.authorizedOperations() == null) {
            return;
        }
        var missed = EnumSet.noneOf(AclOperation.class);
        missed.addAll(List.of(needed));
        missed.removeAll(description.authorizedOperations());
        missed.forEach(operation -> lacking.add(word(operation) + " on " + topic));
    }

    private void lackOfGroup(List<String> lacking) {
        String group = config.applicationId();
        try {
            var asked = admin.describeConsumerGroups(List.of(group),
                    new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true));
            var granted = ClusterChecks.await(Objects.requireNonNull(asked.describedGroups().get(group)))
                    .authorizedOperations();
            if (granted != null && !granted.contains(AclOperation.READ)) {
                lacking.add("Read on the group " + group);
            }
        } catch (GroupIdNotFoundException e) {
            return;      // before the first start; the cluster does not tell what it would grant
        } catch (AuthorizationException e) {
            lacking.add("Read on the group " + group);
        }
    }

    private static String word(AclOperation operation) {
        var word = new StringBuilder();
        for (String part : operation.name().split("_")) {
            word.append(part.charAt(0)).append(part.substring(1).toLowerCase(Locale.ROOT));
        }
        return word.toString();
    }

    private List<Finding> policies() {
        var findings = new ArrayList<Finding>();
        for (String problem : new Topics(admin, names).problems(config.limits())) {
            findings.add(Finding.fail("topics", problem, "change it with kafka-configs.sh --alter"));
        }
        int partitions = Objects.requireNonNull(described.get(names.requests())).partitions().size();
        for (String output : List.of(names.tokens(), names.results())) {
            int found = Objects.requireNonNull(described.get(output)).partitions().size();
            if (found > partitions) {
                findings.add(Finding.fail("topics", output + " has " + found + " partitions and " + names.requests()
                        + " only " + partitions, "add partitions to " + names.requests()));
            }
        }
        var configs = configs();
        roles().forEach((role, topic) -> findings.add(topic(role, Objects.requireNonNull(described.get(topic)),
                Objects.requireNonNull(configs.get(topic)))));
        return findings;
    }

    private Map<String, String> roles() {
        var roles = new LinkedHashMap<String, String>();
        roles.put("requests", names.requests());
        roles.put("tokens", names.tokens());
        roles.put("results", names.results());
        roles.put("dead letters", names.deadLetters());
        roles.put("models", names.models());
        return roles;
    }

    private Map<String, Config> configs() {
        var resources = names.all().stream()
                .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
        var configs = new LinkedHashMap<String, Config>();
        ClusterChecks.await(admin.describeConfigs(resources).all())
                .forEach((resource, found) -> configs.put(resource.name(), found));
        return configs;
    }

    private Finding topic(String role, TopicDescription description, Config found) {
        int replicas = description.partitions().getFirst().replicas().size();
        int inSync = (int) number(found, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG);
        long retention = number(found, TopicConfig.RETENTION_MS_CONFIG);
        String name = "topic of " + role;
        int partitions = description.partitions().size();
        String sentence = description.name() + ": " + partitions
                + (partitions == 1 ? " partition, " : " partitions, ") + replicas
                + (replicas == 1 ? " replica" : " replicas") + ", min.insync " + inSync + ", "
                + found.get(TopicConfig.CLEANUP_POLICY_CONFIG).value() + ", kept "
                + (retention < 0 ? "for ever" : words(Duration.ofMillis(retention))) + ", records of at most "
                + number(found, TopicConfig.MAX_MESSAGE_BYTES_CONFIG) + " bytes";
        long offline = description.partitions().stream()
                .filter(each -> each.leader() == null || each.leader().isEmpty()).count();
        if (offline > 0) {
            return Finding.fail(name, sentence + "; " + offline + " partitions have no leader",
                    "start the brokers that hold them");
        }
        if (description.partitions().stream().anyMatch(each -> each.isr().size() < inSync)) {
            return Finding.fail(name, sentence + "; too few replicas are in sync", "start the brokers that hold them");
        }
        return replicas >= USUAL_REPLICAS && inSync < 2 ? Finding.warn(name, sentence,
                "set min.insync.replicas=2, so that an acknowledged record is on two brokers")
                : retentionOf(description.name(), name, sentence, retention);
    }

    private Finding retentionOf(String topic, String check, String sentence, long retention) {
        boolean tooShort = topic.equals(names.results()) && retention >= 0
                && retention < config.remembering().ended().toMillis();
        return tooShort ? Finding.warn(check, sentence, "keep results at least for the "
                + words(config.remembering().ended()) + " of remember-ended: a request that is sent again after that "
                + "is computed anew") : Finding.ok(check, sentence);
    }

    private static long number(Config config, String name) {
        var entry = config.get(name);
        if (entry == null || entry.value() == null) {
            throw new KafkaException("the broker does not tell " + name);
        }
        return Long.parseLong(entry.value());
    }

    private static String words(Duration time) {
        return time.toHours() >= 48 ? time.toDays() + " days"
                : time.toMinutes() >= 120 ? time.toHours() + " hours" : time.toSeconds() + " s";
    }
}
