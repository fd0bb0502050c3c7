"""Sources that other servers feed: a real Kafka broker, a real MQTT broker, and datagrams from a socket."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from confluent_kafka import Producer

from climb.stack import local
from climb.stack.ports import answers
from climb.systems.processor.pipeline.servers import _make_topic

KAFKA = '[[sources]]\ntype = "kafka"\ntopic = "{topic}"\nbrokers = "{broker}"\n'
MQTT = '[[sources]]\ntype = "mqtt"\ntopic = "house/+/temp"\nport = {port}\n'


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with local.broker(environment={}) as address:
        yield address


@pytest.fixture
def topic(broker: str, tmp_path: Path) -> str:
    name = f"t{abs(hash(tmp_path)):x}"
    _make_topic(broker, name)
    return name


def produce(broker: str, topic: str, records: list[tuple[str, Any]], partition: int | None = None) -> None:
    producer = Producer({"bootstrap.servers": broker})
    for key, value in records:
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        if partition is None:
            producer.produce(topic, text, key=key)
        else:
            producer.produce(topic, text, key=key, partition=partition)
    assert producer.flush(30) == 0


def reading(sensor: str, number: int) -> tuple[str, Any]:
    return sensor, {"sensor": sensor, "ts": 1000 * number, "value": number}


# --- Kafka ----------------------------------------------------------------------------------------------------------


async def test_messages_of_all_partitions_are_taken_once(
    pipelines: Any, broker: str, topic: str, eventually: Callable[..., Any]
) -> None:
    """Readings without numbers of their own count once each, and bad messages are counted."""
    produce(broker, topic, [reading(f"s{number % 7}", number) for number in range(200)] + [("s1", b"nonsense")])
    async with pipelines.run(KAFKA.format(topic=topic, broker=broker)) as work:
        await work.taken(200)
        await eventually(lambda: work.source.bad, "the bad message is counted")
        stats = await work.get("/stats")

    assert (stats["accepted"] + stats["late"], stats["duplicates"], work.source.bad) == (200, 0, 1)


async def test_a_stop_commits_what_is_safe(pipelines: Any, broker: str, topic: str) -> None:
    """After a stop the next run begins with the first message that was not taken."""
    parts = KAFKA.format(topic=topic, broker=broker)
    produce(broker, topic, [reading("s1", number) for number in range(50)])
    async with pipelines.run(parts) as work:
        await work.taken(50)
    produce(broker, topic, [reading("s1", number) for number in range(50, 80)])
    async with pipelines.run(parts) as work:
        await work.taken(80)
        stats = await work.get("/stats")

        assert (stats["accepted"], stats["duplicates"], work.source.read) == (80, 0, 30)


async def test_what_a_crash_did_not_commit_counts_once(pipelines: Any, broker: str, topic: str, tmp_path: Path) -> None:
    """If neither the offsets nor what was safe got to a disk, all is read again in the old order, and recognised.

    One sensor is in all partitions: with another order of the partitions its readings would be taken for duplicates.
    """
    parts = KAFKA.format(topic=topic, broker=broker) + 'group = "{}"\n'
    for partition in (2, 0, 3, 1):
        produce(broker, topic, [reading("s1", 10 * partition + number) for number in range(10)], partition)
    async with pipelines.run(parts.format("first")) as work:
        await work.taken(40)
    (places,) = (tmp_path / "data" / "sources").glob("kafka-*.jsonl")
    lines = [json.loads(line) for line in places.read_text().splitlines()]
    places.write_text("".join(json.dumps(line) + "\n" for line in lines if "span" in line))
    async with pipelines.run(parts.format("second")) as work:
        produce(broker, topic, [reading("s1", 40)], 0)
        await work.taken(41)
        stats = await work.get("/stats")

    assert stats["accepted"] + stats["late"] == 41
    assert stats["duplicates"] == 40


async def test_the_key_can_be_the_sensor(pipelines: Any, broker: str, topic: str) -> None:
    """A source can name the sensor by the message's key, and other fields by other names."""
    fields = 'fields = { sensor = { from = "key" }, ts = "at", ts_unit = "rfc3339", value = "v", prefix = "k:" }\n'
    record = {"at": "1970-01-01T00:00:01.5Z", "v": 2}
    produce(broker, topic, [("boiler", record), ("boiler", {**record, "at": "1970-01-01T00:01:00Z"})])
    async with pipelines.run(KAFKA.format(topic=topic, broker=broker) + fields) as work:
        await work.taken(2)
        (window,) = (await work.get("/windows"))["windows"]

    assert (window["sensor"], window["first_ts"], window["sum"]) == ("k:boiler", 1500, 2)


async def test_a_rebalance_finishes_and_commits_first(pipelines: Any, broker: str, topic: str) -> None:
    """When another member joins the group, what was read is committed before its partitions are given away."""
    from confluent_kafka import Consumer

    produce(broker, topic, [reading(f"s{number % 5}", number) for number in range(100)])
    async with pipelines.run(KAFKA.format(topic=topic, broker=broker) + 'group = "shared"\n') as work:
        await work.taken(100)
        settings = {"bootstrap.servers": broker, "group.id": "shared", "session.timeout.ms": 6000}
        other = Consumer({**settings, "auto.offset.reset": "earliest"})
        given: list[Any] = []
        other.subscribe([topic], on_assign=lambda _consumer, partitions: given.extend(partitions))
        seen = 0
        end = time.monotonic() + 60
        while not given and time.monotonic() < end:
            message = await asyncio.to_thread(other.poll, 0.1)
            seen += message is not None and message.error() is None
        offsets = await asyncio.to_thread(other.committed, given, 30)
        await asyncio.to_thread(other.close)

    assert given
    assert seen == 0
    assert all(place.offset > 0 for place in offsets if place.offset != -1001)


# --- UDP ------------------------------------------------------------------------------------------------------------


async def test_statsd_lines_become_readings(pipelines: Any, eventually: Callable[..., Any]) -> None:
    """Gauges, counters and timings of datagrams are taken, bad lines counted."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with pipelines.run(f'[[sources]]\ntype = "udp"\nport = {port}\nprefix = "web."\n') as work:
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            for data in (b"load:1.5|g\nhits:1|c|@0.1\n", b"nonsense", b"took:320|ms", b"no name:1|g"):
                sender.sendto(data, ("127.0.0.1", port))
        await work.taken(3)
        await eventually(lambda: work.source.read == 5, "all lines are read")
        stats = await work.get("/stats")

        assert (stats["accepted"], stats["sensors"], work.source.bad, work.source.lost) == (3, 3, 2, 0)


async def test_datagrams_after_a_restart_count(pipelines: Any) -> None:
    """Numbers go on above those of the run before, so nothing new is taken for a duplicate."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for wanted in (1, 2):
        async with pipelines.run(f'[[sources]]\ntype = "udp"\nport = {port}\n') as work:
            with socket.socket(type=socket.SOCK_DGRAM) as sender:
                sender.sendto(b"load:1|g", ("127.0.0.1", port))
            await work.taken(wanted)
            stats = await work.get("/stats")

    assert (stats["accepted"] + stats["late"], stats["duplicates"]) == (2, 0)


# --- MQTT -----------------------------------------------------------------------------------------------------------


class Mosquitto:
    """A real MQTT broker that keeps its sessions on the disk while it is away."""

    def __init__(self, program: str, folder: Path, port: int) -> None:
        self.port = port
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
            "user root\nlog_dest none\n"
        )
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", str(self._settings)], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not answers(self.port):
            assert self._process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    server = Mosquitto(program, folder, port)
    server.start()
    yield server
    server.stop()


async def publish(port: int, messages: list[tuple[str, Any]]) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload if isinstance(payload, str) else json.dumps(payload), qos=1)


async def test_messages_are_taken_and_acknowledged(
    pipelines: Any, mosquitto: Mosquitto, eventually: Callable[..., Any]
) -> None:
    """Readings of all topics under the filter are taken; after a restart the broker sends none of them again."""
    parts = MQTT.format(port=mosquitto.port)
    async with pipelines.run(parts) as work:
        await eventually(lambda: not work.source.problem, "subscribed")
        await publish(mosquitto.port, [("house/a/temp", {"sensor": "s1", "ts": n, "value": n}) for n in range(30)])
        await work.taken(30)
    async with pipelines.run(parts) as work:
        await publish(mosquitto.port, [("house/b/temp", {"sensor": "s1", "ts": 31, "value": 1})])
        await work.taken(31)

        assert work.source.read == 1


async def test_what_is_published_while_we_are_away_comes_later(
    pipelines: Any, mosquitto: Mosquitto, eventually: Callable[..., Any]
) -> None:
    """The broker keeps messages for the session, and a number in the record makes each count once."""
    parts = MQTT.format(port=mosquitto.port) + 'fields = { seq = "n" }\n'
    record = {"sensor": "s1", "ts": 1, "value": 1}
    async with pipelines.run(parts) as work:
        await eventually(lambda: not work.source.problem, "subscribed")
    await publish(mosquitto.port, [("house/a/temp", {**record, "n": n}) for n in (1, 2, 2, 3)])
    async with pipelines.run(parts) as work:
        await work.taken(3)
        stats = await work.get("/stats")

    assert (stats["accepted"], stats["duplicates"]) == (3, 1)


async def test_a_broker_that_went_away_is_connected_again(
    pipelines: Any, mosquitto: Mosquitto, eventually: Callable[..., Any]
) -> None:
    """While the broker is away the source says so; when it is back, messages are taken again."""
    async with pipelines.run(MQTT.format(port=mosquitto.port)) as work:
        await eventually(lambda: not work.source.problem, "subscribed")
        await asyncio.to_thread(mosquitto.stop)
        await eventually(lambda: work.source.problem.startswith("MQTT at 127.0.0.1:"), "the problem is told")
        await asyncio.to_thread(mosquitto.start)
        await eventually(lambda: not work.source.problem, "the problem is over")
        await publish(mosquitto.port, [("house/a/temp", {"sensor": "s1", "ts": 1, "value": 1})])
        await work.taken(1)


async def test_a_payload_can_be_the_value(pipelines: Any, mosquitto: Mosquitto, eventually: Callable[..., Any]) -> None:
    """A bare number is a reading of a sensor that its topic names, measured when it arrived."""
    fields = 'fields = { sensor = { from = "topic" }, ts = { from = "arrival" }, value = { from = "payload" } }\n'
    async with pipelines.run(MQTT.format(port=mosquitto.port) + fields) as work:
        await eventually(lambda: not work.source.problem, "subscribed")
        await publish(mosquitto.port, [("house/attic/temp", "21.5")])
        await work.taken(1)
        stats = await work.get("/stats")

        assert (stats["accepted"], work.source.bad) == (1, 0)
