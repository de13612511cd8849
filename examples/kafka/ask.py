"""Sends a prompt and prints the answer as it is committed. The pipeline runs with `--output json`.

    pip install confluent-kafka            # or Debian's python3-confluent-kafka
    python3 ask.py BROKER PROMPT
"""

import json
import sys
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

broker, prompt = sys.argv[1:3]
request_id = str(uuid.uuid4())

consumer = Consumer({
    "bootstrap.servers": broker,
    "group.id": f"ask-{request_id}",        # needed by the library; offsets are not committed
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
})

# Read from the present end of every partition, and remember it before the request is sent.
topic = consumer.list_topics("generation-tokens", timeout=10).topics["generation-tokens"]
ends = []
for partition in topic.partitions:
    _, end = consumer.get_watermark_offsets(TopicPartition("generation-tokens", partition), timeout=10)
    ends.append(TopicPartition("generation-tokens", partition, end))
consumer.assign(ends)

producer = Producer({"bootstrap.servers": broker, "partitioner": "murmur2_random", "acks": "all"})
request = {"id": request_id, "prompt": prompt, "max_tokens": 60}
producer.produce("generation-requests", key=request_id, value=json.dumps(request))
producer.flush()

expected = 0                                # the position of the token that comes next
while True:
    record = consumer.poll(1.0)
    if record is None or record.error() or record.key() != request_id.encode():
        continue
    chunk = json.loads(record.value())
    if chunk["position"] >= expected:
        print(chunk["text"], end="", flush=True)
        expected = chunk["position"] + len(chunk["token_ids"])
    if chunk["terminal"]:
        print("\n" + chunk["finish"]["reason"])
        break
consumer.close()
