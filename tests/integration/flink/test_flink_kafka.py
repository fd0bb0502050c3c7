"""A pipeline from topic to topic on Apache Flink, through a real broker."""

import json
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from climb.stack.kafka import kafka
from climb.systems.processor.flink.gateway import Gateway
from climb.systems.processor.flink.plan import plan
from climb.systems.processor.flink.submit import read_windows, stop_job, submit
from climb.systems.processor.pipeline.model import Pipeline
from climb.systems.processor.pipeline.reading import decode_pipeline

T0 = 1_700_000_000_000
WAIT_S = 240.0  # on a busy machine; this only ends a test that would hang
PIPELINE = """
name = "NAME"
aggregates = ["count", "p50"]

[window]
length = "1s"

[[sources]]
type = "kafka"
topic = "numbered"
fields = { sensor = { from = "key" }, seq = "n", prefix = "k-" }

[[sources]]
type = "kafka"
topic = "plain"
fields = { ts = "at", ts_unit = "s" }

[[sinks]]
type = "kafka"
topic = "windows"
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker with the topics of the pipeline, and readings of two seconds in them."""
    with kafka() as server:
        address = server.address
        topics = [NewTopic(name, num_partitions=1, replication_factor=1) for name in ("numbered", "plain", "windows")]
        admin = AdminClient({"bootstrap.servers": address})  # kept until its answers are there
        for created in admin.create_topics(topics).values():
            created.result(WAIT_S)
        producer = Producer(
            {"bootstrap.servers": address, "batch.num.messages": 1}
        )  # this broker counts a batch as one
        for n, (ts, value) in enumerate([(T0, 1.0), (T0 + 1, 2.0), (T0 + 1, 2.0), (T0 + 2, 3.0), (T0 + 5000, 9.0)]):
            number = n + 1 if n < 2 else n  # the third is the second again
            line = {"n": number, "ts": ts, "value": value}
            producer.produce("numbered", key=b"a", value=json.dumps(line).encode())
        for at, value in ((T0 / 1000, 5.5), (T0 / 1000 + 0.999, 6.5), (T0 / 1000 + 5, 9.0)):
            producer.produce("plain", value=json.dumps({"sensor": "b", "at": at, "value": value}).encode())
        assert producer.flush(WAIT_S) == 0
        yield address


def test_topics_that_end_give_all_windows(broker: str, gateway: Gateway) -> None:
    """Both topics' readings are in one table of windows; the key is the sensor, and a number counts once."""
    found = read_windows(plan(pipeline("ends"), follow=False, kafka=broker), gateway, timeout_s=WAIT_S)

    assert found.columns == ("sensor", "start", "end", "count", "p50")
    assert sorted(found.rows)[::2] == [("b", T0, T0 + 1000, 2, 5.5), ("k-a", T0, T0 + 1000, 3, 2.0)]


def test_a_followed_topic_shows_windows_until_it_is_stopped(broker: str, gateway: Gateway) -> None:
    """A job goes on after its session has ended, writes windows as they close, and ends when it is told to."""
    job = submit(plan(pipeline("goes-on"), kafka=broker), gateway)
    try:
        rows = received(broker, 2)
    finally:
        stop_job(job.job_id, gateway)

    assert sorted((row["sensor"], row["start"], row["count"]) for row in rows) == [("b", T0, 2), ("k-a", T0, 3)]


def pipeline(name: str) -> Pipeline:
    """The pipeline; its name is its group's, so that each begins at the beginning."""
    return decode_pipeline(PIPELINE.replace("NAME", name).encode())


def received(broker: str, count: int) -> list[dict[str, object]]:
    """The first messages of the topic of windows."""
    options = {"bootstrap.servers": broker, "group.id": "test", "auto.offset.reset": "earliest"}
    consumer = Consumer({**options, "session.timeout.ms": 6000})
    consumer.subscribe(["windows"])
    try:
        messages = consumer.consume(count, timeout=WAIT_S)
        assert len(messages) == count
        return [json.loads(message.value()) for message in messages]
    finally:
        consumer.close()
