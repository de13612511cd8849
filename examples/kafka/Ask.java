import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/// Sends a prompt and prints the answer as it is committed. The pipeline runs with `--output json`.
///
///   java -cp KAFKA_CLIENTS_AND_JACKSON Ask.java BROKER PROMPT
class Ask {
    public static void main(String[] arguments) throws Exception {
        var json = new ObjectMapper();
        var id = UUID.randomUUID().toString();
        var reading = Map.<String, Object>of("bootstrap.servers", arguments[0], "isolation.level", "read_committed");
        var writing = Map.<String, Object>of("bootstrap.servers", arguments[0], "acks", "all");
        try (var consumer = new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer());
                var producer = new KafkaProducer<>(writing, new StringSerializer(), new StringSerializer())) {
            // Read from the present end of every partition, and remember it before the request is sent.
            var partitions = consumer.partitionsFor("generation-tokens").stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition())).collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);

            var request = json.writeValueAsString(Map.of("id", id, "prompt", arguments[1], "max_tokens", 60));
            producer.send(new ProducerRecord<>("generation-requests", id, request)).get();

            int next = 0;                                   // the position of the token that comes next
            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    if (!id.equals(record.key())) {
                        continue;
                    }
                    var chunk = json.readTree(record.value());
                    if (chunk.path("position").asInt() >= next) {
                        System.out.print(chunk.path("text").asText());
                        next = chunk.path("position").asInt() + chunk.path("token_ids").size();
                    }
                    if (chunk.path("terminal").asBoolean()) {
                        System.out.println("\n" + chunk.at("/finish/reason").asText());
                        return;
                    }
                }
            }
        }
    }
}
