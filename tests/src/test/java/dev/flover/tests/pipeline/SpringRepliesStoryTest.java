package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.requestreply.RequestReplyFuture;
import org.springframework.kafka.support.TopicPartitionOffset;

/// Spring's client for requests with replies, which knows nothing of Flover.
class SpringRepliesStoryTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    @Test
    void springsTemplateGetsTheAnswerToEachOfItsRequests() throws Exception {
        try (var story = new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), 2);
                var admin = Admin.create(Map.of("bootstrap.servers", SERVERS.bootstrapServers()))) {
            String replies = "replies-" + story.config.applicationId();
            admin.createTopics(List.of(new NewTopic(replies, 3, (short) 1))).all().get();
            var mentions = new Mentions(null, null, Pattern.compile("replies-.*"));
            var config = story.config.with(RecordForm.JSON).with(RequestLimits.standard().with(mentions));
            try (var pipeline = story.start(config, BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                assertThat(pipeline.awaitReady(PATIENCE)).as(pipeline.health().toString()).isTrue();
                ask(story, new ContainerProperties(replies));
                ask(story, new ContainerProperties(new TopicPartitionOffset(replies, 2)));
            }
        }
    }

    /// Sends requests, and compares each reply with the result on the results topic.
    ///
    /// @param replies where the template reads replies: a topic, or one partition
    private static void ask(Story story, ContainerProperties replies) throws Exception {
        var servers = Map.<String, Object>of("bootstrap.servers", story.bootstrapServers);
        var producers = new DefaultKafkaProducerFactory<>(servers, new StringSerializer(), new StringSerializer());
        boolean onePartition = replies.getTopicPartitions() != null;
        var consumers = new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", story.bootstrapServers,
                "group.id", "spring-" + onePartition, "isolation.level", "read_committed", "auto.offset.reset",
                "earliest"), new StringDeserializer(), new StringDeserializer());
        var container = new KafkaMessageListenerContainer<>(consumers, replies);
        var template = new ReplyingKafkaTemplate<String, String, String>(producers, container);
        template.setDefaultReplyTimeout(PATIENCE);
        template.setSharedReplyTopic(true);     // the second template also reads the replies to the first
        template.start();
        try {
            assertThat(template.waitForAssignment(PATIENCE)).isTrue();
            var futures = new LinkedHashMap<String, RequestReplyFuture<String, String, String>>();
            for (int i = 0; i < 8; i++) {
                String id = "spring-" + onePartition + "-" + i;
                String body = "{\"prompt\": \"" + Story.OPENINGS.get(i) + "\", \"max_tokens\": " + (i == 7 ? 0 : 8 + i)
                        + "}";
                futures.put(id, template.sendAndReceive(
                        new ProducerRecord<>(story.config.topics().requests(), id, body)));
            }
            for (var asked : futures.entrySet()) {
                var reply = asked.getValue().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                var answer = JSON.readTree(reply.value());
                var result = story.client.result(asked.getKey());
                assertThat(reply.key()).isEqualTo(asked.getKey());
                assertThat(answer.at("/request_id").asText()).isEqualTo(asked.getKey());
                assertThat(answer.at("/text").asText()).isEqualTo(result.getText().toString());
                assertThat(answer.at("/finish_reason").asText()).isEqualTo(result.getFinishReason().name());
                assertThat(reply.partition()).matches(partition -> !onePartition || partition == 2);
            }
            var rejected = JSON.readTree(futures.lastEntry().getValue().get().value());
            assertThat(rejected.at("/message").asText()).contains("max_tokens must be in");
        } finally {
            template.stop();
            template.destroy();
            producers.destroy();
        }
    }
}
