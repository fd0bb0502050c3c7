"""Closed windows as messages of a Kafka topic: each at least once, keyed by its sensor.

The producer is idempotent, so its own repetitions leave one message. After a crash between a page's messages and its cursor the page
is written again; readers tell it by sensor and start, which never come with other numbers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from climb.systems.processor.pipeline.model import Aggregate
from climb.systems.processor.sinks.following import Cursor, load_cursor, save_cursor
from climb.systems.processor.sinks.rows import Row, Unavailable, chosen

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

__all__ = ["KafkaTopic"]

_WITHIN_S = 20.0


class KafkaTopic:
    """The sink of a ``kafka`` part."""

    def __init__(self, topic: str, brokers: str, aggregates: Sequence[Aggregate], cursor_file: Path) -> None:
        self._topic = topic
        self._brokers = brokers
        self._aggregates = aggregates
        self._cursor_file = cursor_file
        self._producer: Producer | None = None
        self._failed: KafkaError | None = None

    async def open(self) -> str | None:
        """Make a producer; whether the broker is there shows with the first page."""
        from confluent_kafka import Producer

        logger = logging.getLogger("climb.kafka")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        self._producer = Producer(
            {
                "bootstrap.servers": self._brokers,
                "enable.idempotence": True,
                "delivery.timeout.ms": int(_WITHIN_S * 1000),
                "linger.ms": 5,
                "logger": logger,
            }
        )
        was = load_cursor(self._cursor_file)
        return was.cursor if was else None

    async def write(self, rows: Sequence[Row], cursor: str) -> None:
        """Produce rows, wait until the broker has them all, and remember the cursor."""
        await asyncio.to_thread(self._produce, rows)
        save_cursor(self._cursor_file, Cursor(cursor))

    def _produce(self, rows: Sequence[Row]) -> None:
        assert self._producer is not None
        self._failed = None
        for row in rows:
            value = msgspec.json.encode(chosen(row, self._aggregates))
            self._producer.produce(self._topic, key=row.sensor.encode(), value=value, on_delivery=self._delivered)
        left = self._producer.flush(_WITHIN_S + 1)
        if self._failed is not None or left:
            raise Unavailable(f"Kafka: {self._failed.str() if self._failed else 'no answer'}")

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        self._failed = self._failed or error

    async def close(self) -> None:
        """Drop the producer, and what it may still hold: that is written again."""
        if self._producer is not None:
            self._producer.purge()
            await asyncio.to_thread(self._producer.flush, 1)
            self._producer = None
