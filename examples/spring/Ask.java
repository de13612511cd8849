import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;

/// Sends a prompt with Spring's template for requests with replies, and prints the record with the whole answer. The
/// pipeline runs with `--output json --reply-topics 'replies-.*'`, and the reply topic exists.
///
///   java -cp SPRING_KAFKA_AND_ITS_LIBRARIES Ask.java BROKER REPLY_TOPIC PROMPT
class Ask {
    public static void main(String[] arguments) throws Exception {
        var broker = arguments[0];
        var id = UUID.randomUUID().toString();
        var producers = new DefaultKafkaProducerFactory<>(Map.of("bootstrap.servers", broker),
                new StringSerializer(), new StringSerializer());
        var consumers = new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", broker,
                "group.id", "ask-" + id, "isolation.level", "read_committed", "auto.offset.reset", "earliest"),
                new StringDeserializer(), new StringDeserializer());
        var template = new ReplyingKafkaTemplate<String, String, String>(producers,
                new KafkaMessageListenerContainer<>(consumers, new ContainerProperties(arguments[1])));
        template.setDefaultReplyTimeout(Duration.ofMinutes(1));
        template.setSharedReplyTopic(true);         // other programs may read their replies from the topic
        template.start();
        try {
            template.waitForAssignment(Duration.ofSeconds(30));
            var prompt = arguments[2].replace("\\", "\\\\").replace("\"", "\\\"");
            var request = "{\"prompt\": \"" + prompt + "\", \"max_tokens\": 60}";
            var reply = template.sendAndReceive(new ProducerRecord<>("generation-requests", id, request)).get();
            System.out.println(reply.value());
        } finally {
            template.destroy();
            producers.destroy();
        }
    }
}
