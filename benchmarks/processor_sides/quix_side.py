"""Quix Streams: ``quix_side.py BROKER WINDOW_MS LATENESS_MS OUT FILE...``; the input is put into a topic first, which counts for nobody.

It reads from Kafka only. Its state is in RocksDB; the changelog in Kafka, which would make it last, is off, because the broker
that the benchmark starts has too few settings for it. So it does less than ours, and is faster for it.
Percentiles are taken from the values that its own ``Collect`` keeps. The broker's processor time counts for nobody.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from quixstreams import Application
from quixstreams.dataframe.windows import Collect, Count, Max, Min, Sum

broker, window_ms, lateness_ms, out, *files = sys.argv[1:]
SEED_BATCH = 1  # the broker that the benchmark starts counts a batch of messages as one


def fill(topic: str) -> int:
    """Put all readings into the topic; return how many."""
    admin = AdminClient({"bootstrap.servers": broker})
    for created in admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)]).values():
        created.result(60)
    producer = Producer(
        {"bootstrap.servers": broker, "batch.num.messages": SEED_BATCH, "queue.buffering.max.messages": 10_000_000}
    )
    number = 0
    for file in files:
        with Path(file).open("rb") as lines:
            for line in lines:
                reading = json.loads(line)
                producer.produce(topic, key=reading["sensor"], value=line)
                number += 1
                if not number % 1000:
                    producer.poll(0)
    producer.flush()
    return number


def keep(window: dict[str, Any], key: object, *_: object) -> None:
    """Keep a closed window with what the contract says of it."""
    values = sorted(window.pop("values"))
    ranks = {f"p{percent}": values[(len(values) * percent + 99) // 100 - 1] for percent in (50, 95, 99)}
    window.pop("end")
    rows.append({"sensor": key.decode() if isinstance(key, bytes) else key, **window, **ranks})


def count(_: object) -> None:
    """Take the times of the first and the last reading, and stop there."""
    global seen, began, ended, cpu_began, cpu_ended  # noqa: PLW0603 - the engine calls this from where it wants
    seen += 1
    if seen == 1:  # joining a group takes this broker seconds, and counts for nobody
        began, cpu_began = time.perf_counter(), time.process_time()
    if seen == number:
        ended, cpu_ended = time.perf_counter(), time.process_time()
        app.stop()


logging.disable(logging.INFO)
number = fill("readings")
state = tempfile.TemporaryDirectory(prefix="climb-quix-")
app = Application(
    broker_address=broker,
    consumer_group="bench",
    auto_offset_reset="earliest",
    state_dir=state.name,
    loglevel="ERROR",
    use_changelog_topics=False,
)
topic = app.topic("readings", value_deserializer="json", timestamp_extractor=lambda value, *_: value["ts"])
topic.broker_config.extra_config.setdefault("retention.ms", "-1")  # a setting that this broker does not tell
stream = app.dataframe(topic)
rows: list[dict[str, Any]] = []
(
    stream.tumbling_window(int(window_ms), grace_ms=int(lateness_ms))
    .agg(count=Count(), sum=Sum("value"), min=Min("value"), max=Max("value"), values=Collect("value"))
    .final()
    .update(keep, metadata=True)
)
stream.update(count)  # the last step for each reading
seen, began, ended, cpu_began, cpu_ended = 0, 0.0, 0.0, 0.0, 0.0
app.run(timeout=60)  # seconds without a message
took = {"seconds": ended - began, "cpu_s": cpu_ended - cpu_began}
with Path(out).open("w") as file:
    file.writelines(json.dumps(row) + "\n" for row in rows)
print(json.dumps(took | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
state.cleanup()
