"""A Kafka broker of librdkafka, told what to do by a line of JSON each, which it answers with one."""
import ctypes
import json
import sys

from confluent_kafka import Consumer, OFFSET_BEGINNING, TopicPartition, KafkaError

kafka = ctypes.CDLL("librdkafka.so.1")
for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
    getattr(kafka, name).restype = ctypes.c_void_p
kafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p

brokers = int(sys.argv[1])
said = ctypes.create_string_buffer(512)
client = ctypes.c_void_p(kafka.rd_kafka_new(0, ctypes.c_void_p(kafka.rd_kafka_conf_new()), said, len(said)))
cluster = ctypes.c_void_p(kafka.rd_kafka_mock_cluster_new(client, brokers))
# It names a controller that is none of its brokers: the struct begins with char id[32], the client, the controller's id.
if ctypes.c_void_p.from_address(cluster.value + 32).value != client.value:
    raise Exception("expected the mock cluster of librdkafka 2, got another layout")
ctypes.c_int32.from_address(cluster.value + 40).value = 1
bootstrap = kafka.rd_kafka_mock_cluster_bootstraps(cluster).decode()
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "read", "enable.partition.eof": True, "fetch.wait.max.ms": 10, "enable.auto.commit": False})
partitions = {}


def create(topic, count):
    partitions[topic] = count
    return kafka.rd_kafka_mock_topic_create(cluster, topic.encode(), count, 1)


def spoil(topic, code):
    """What is said about the topic is this error; 0 ends it."""
    kafka.rd_kafka_mock_topic_set_error(cluster, topic.encode(), code)


def lead(topic, partition, broker):
    return kafka.rd_kafka_mock_partition_set_leader(cluster, topic.encode(), partition, broker)


def fail(api, codes):
    """The next requests of this kind get these errors."""
    errors = (ctypes.c_int * len(codes))(*codes)
    kafka.rd_kafka_mock_push_request_errors_array(cluster, ctypes.c_int16(api), ctypes.c_size_t(len(codes)), errors)


def down(broker, isDown):
    change = kafka.rd_kafka_mock_broker_set_down if isDown else kafka.rd_kafka_mock_broker_set_up
    return change(cluster, broker)


def read(topic):
    """All that the topic holds, by partition."""
    consumer.list_topics(topic)  # else it asks for the leaders half a second later
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions[topic])])
    held, left = [], partitions[topic]
    while left > 0:
        message = consumer.poll(10)
        if message is None:
            raise Exception("the broker says nothing")
        if message.error() is None:
            headers = {name: value.decode() for name, value in message.headers() or []}
            key = message.key().decode()
            held.append({"key": key, "value": message.value().decode(), "headers": headers, "partition": message.partition(), "timestamp": message.timestamp()[1]})
        elif message.error().code() == KafkaError._PARTITION_EOF:
            left -= 1
        else:
            raise Exception(str(message.error()))
    consumer.unassign()
    return held


commands = {"create": create, "spoil": spoil, "lead": lead, "fail": fail, "down": down, "read": read}
print(json.dumps(bootstrap), flush=True)
for line in sys.stdin:
    name, *args = json.loads(line)
    print(json.dumps(commands[name](*args)), flush=True)
