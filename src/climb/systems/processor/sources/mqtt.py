"""An MQTT topic: a message is acknowledged to its broker when its reading is safe in the processor.

With QoS 1 the broker keeps what is not acknowledged, and sends it again after a break. A record with a number of its own (``seq``)
then counts once. One without is numbered as it comes, so if a crash falls between the reading and its acknowledgement, it counts
twice: at least once is what MQTT gives, and all that can be promised. What the publisher sends with QoS 0 is at most once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

import aiomqtt

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import MqttSource
from climb.systems.processor.sources.mapping import Around, BadRecord, Mapping
from climb.systems.processor.sources.source import Collected, Ground

__all__ = ["Mqtt"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0
_MOST_MESSAGES = 1000  # sent and not acknowledged: the broker waits then (MQTT 5, 3.1.2.11.3, Receive Maximum)
_GATHER_S = 0.01
_SETTLE_WITHIN_S = 3.0
_KEPT_S = 24 * 3600  # how long the broker is to keep messages for us while we are away (Session Expiry Interval)


class Mqtt:
    """The source of an ``mqtt`` part."""

    def __init__(self, source: MqttSource, key: str, client: str, ground: Ground) -> None:
        self._source = source
        self._mapping = Mapping(source.fields, key)
        self._ground = ground
        self._client_id = client
        self._password = os.environ.get(source.password_env) if source.password_env else None
        ground.tally.problem = "not connected yet"
        if source.password_env and self._password is None:
            raise EdgeError(f"the environment variable {source.password_env} is not set")

    async def run(self) -> None:
        """Take messages until cancelled; connect again, with growing pauses, when the broker is gone."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with self._client() as client:
                    client._client.manual_ack_set(on=True)  # noqa: SLF001 - aiomqtt has no way of its own
                    await client.subscribe(self._source.topic, qos=1)
                    self._ground.tally.problem = ""
                    pause_s = _FIRST_PAUSE_S
                    await self._take_all_and_settle(client)
            except aiomqtt.MqttError as error:
                self._ground.tally.problem = f"MQTT at {self._source.host}:{self._source.port}: {error}"
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _client(self) -> aiomqtt.Client:
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # as the library has it
        properties.ReceiveMaximum = _MOST_MESSAGES
        properties.SessionExpiryInterval = _KEPT_S
        return aiomqtt.Client(
            self._source.host,
            self._source.port,
            username=self._source.username,
            password=self._password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
        )

    async def _take_all_and_settle(self, client: aiomqtt.Client) -> None:
        """When this is cancelled, what was handed on gets its acknowledgements while the connection is still there."""
        try:
            await self._take_all(client)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ground.feed.settled(), _SETTLE_WITHIN_S)
            raise

    async def _take_all(self, client: aiomqtt.Client) -> None:
        """Gather messages for a moment, so that many share a batch, and hand them on."""
        waiting: asyncio.Queue[aiomqtt.Message | None] = asyncio.Queue(_MOST_MESSAGES)
        reading = asyncio.create_task(_read(client, waiting))
        try:
            while not reading.done() or not waiting.empty():
                first = await waiting.get()
                await asyncio.sleep(_GATHER_S)
                gathered = [first, *(waiting.get_nowait() for _ in range(waiting.qsize()))]
                if messages := [message for message in gathered if message is not None]:
                    await self._hand_on(client, messages)
            await reading  # says why there are no more
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _hand_on(self, client: aiomqtt.Client, messages: list[aiomqtt.Message]) -> None:
        collected = Collected()
        for message in messages:
            self._add(collected, message)
        batch = collected.batch()
        batch.when_safe = lambda: _acknowledge(client, messages)
        await self._ground.feed.send(batch)

    def _add(self, collected: Collected, message: aiomqtt.Message) -> None:
        self._ground.tally.read += 1
        try:
            reading = self._mapping.reading(_bytes(message.payload), Around(topic=str(message.topic)))
        except BadRecord as why:
            self._ground.tally.note_bad(str(message.topic), why)
        else:
            seq = self._ground.places.next_number() if reading.seq is None else reading.seq
            collected.add(reading.sensor, seq, reading.ts, reading.value)


async def _read(client: aiomqtt.Client, waiting: asyncio.Queue[aiomqtt.Message | None]) -> None:
    try:
        async for message in client.messages:
            await waiting.put(message)
    finally:
        if not waiting.full():  # else it wakes whoever waits as it is
            waiting.put_nowait(None)


def _acknowledge(client: aiomqtt.Client, messages: list[aiomqtt.Message]) -> None:
    """If the connection has gone meanwhile, this does nothing, and the broker sends them again."""
    for message in messages:
        if message.qos:
            client._client.ack(message.mid, message.qos)  # noqa: SLF001 - as above


def _bytes(payload: Any) -> bytes:
    """A payload as it came; aiomqtt's type also names what can be published."""
    return payload if isinstance(payload, bytes) else bytes(payload or b"")
