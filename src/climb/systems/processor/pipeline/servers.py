"""The brokers and databases that a pipeline's parts name, or that are started here for it on first use."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import ExitStack
from pathlib import Path

from climb.stack import local

__all__ = ["Servers"]

_PARTITIONS = 4
_WITHIN_S = 10.0


class Servers:
    """Addresses for the parts of one run; what is started ends with ``stack``."""

    def __init__(self, stack: ExitStack, data: Path) -> None:
        self._stack = stack
        self._data = data
        self._brokers: str | None = None
        self._database: str | None = None

    async def brokers(self, given: str | None, topic: str) -> str:
        """Kafka's bootstrap servers: those of the part, of the environment, or of a broker started here, with the topic in it."""
        if given is not None:
            return given
        if self._brokers is None:
            self._brokers = await asyncio.to_thread(self._stack.enter_context, local.broker())
        if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            await asyncio.to_thread(_make_topic, self._brokers, topic)
        return self._brokers

    async def database(self, given: str | None) -> str:
        """PostgreSQL's address: that of the part, of the environment, or of a server started here, its data in the data folder."""
        if given is not None:
            return given
        if self._database is None:
            opened = local.database(folder=self._data / "postgres")
            self._database = await asyncio.to_thread(self._stack.enter_context, opened)
        return self._database

    def started(self) -> list[str]:
        """What was started here, a line each."""
        named = (
            ("Kafka", "KAFKA_BOOTSTRAP_SERVERS", self._brokers),
            ("PostgreSQL", "DATABASE_URL", self._database),
        )
        return [f"{name} at {address}" for name, variable, address in named if address and not os.environ.get(variable)]

    def data_id(self) -> str:
        """What tells this data folder from one that had its place before."""
        file = self._data / "id"
        if not file.exists():
            file.write_text(secrets.token_hex(8))
        return file.read_text()


def _make_topic(brokers: str, topic: str) -> None:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # it is exported without saying so

    client = AdminClient({"bootstrap.servers": brokers})  # what it does ends with it
    made = client.create_topics([NewTopic(topic, _PARTITIONS, 1)])
    try:
        made[topic].result(_WITHIN_S)
    except KafkaException as error:
        if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
            raise
