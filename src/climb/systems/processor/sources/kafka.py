"""A Kafka topic: each message counts once, since its number comes from its partition and offset, which a replay finds again.

An offset is committed only when its reading, and all before it in its partition, are safe in the processor. When partitions are taken
away from this consumer, what was read of them is finished and committed first. What was read before a crash and not committed is
read again and recognised. Where another member of the group went on meanwhile, its place is taken over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import KafkaSource
from climb.systems.processor.sources.mapping import Around, BadRecord, Mapping
from climb.systems.processor.sources.places import Span
from climb.systems.processor.sources.source import Collected, Ground

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

__all__ = ["KafkaTopic"]

_SESSION_TIMEOUT_MS = 6000  # the shortest that a broker takes by default (group.min.session.timeout.ms)
_MOST_MESSAGES = 1000
_POLL_S = 0.1
_COMMIT_EVERY_S = 0.5
_ASK_S = 10.0
_GONE_AFTER_S = 10.0  # messages of before a crash that do not come by then were deleted
_FINISH_S = 3.0  # while partitions are taken away; half of the session timeout


class KafkaTopic:
    """The source of a ``kafka`` part. The consumer has one thread, and only what runs there touches it."""

    def __init__(self, source: KafkaSource, key: str, group: str, brokers: str, ground: Ground) -> None:
        self._topic = source.topic
        self._topic_id = ""  # another one if the topic is deleted and made again: its offsets mean other messages then
        self._mapping = Mapping(source.fields, key)
        self._ground = ground
        self._held: dict[int, list[Message]] = {}  # by partition: consumed, not handed on
        self._replay: list[Span] = []  # planned before a crash, not sent again yet
        self._replay_since = 0.0
        self._safe: dict[int, int] = {}  # by partition: the offset behind the last safe message, not committed yet
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settings = {
            "bootstrap.servers": brokers,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": _SESSION_TIMEOUT_MS,
            "topic.metadata.refresh.interval.ms": 5000,  # a topic may be made after us
            "error_cb": self._note_error,
            "logger": _quiet(),
        }

    async def run(self) -> None:
        """Consume until cancelled."""
        from confluent_kafka import Consumer

        self._loop = asyncio.get_running_loop()
        consumer = Consumer(self._settings)
        thread = ThreadPoolExecutor(1, thread_name_prefix="kafka")
        committed_at = self._loop.time()
        try:
            await self._in(thread, consumer.subscribe, [self._topic], self._assigned, self._revoked)
            while True:
                messages = await self._in(thread, consumer.consume, _MOST_MESSAGES, _POLL_S)
                if self._failed is not None:
                    raise self._failed
                self._hold(messages)
                await self._hand_on_held()
                if self._safe and self._loop.time() - committed_at > _COMMIT_EVERY_S:
                    committed_at = self._loop.time()
                    await self._in(thread, self._commit, consumer)
        finally:
            # The loop may be ending, so this can't be awaited with certainty; the thread does it in order.
            thread.submit(self._commit, consumer)
            thread.submit(consumer.close)
            await asyncio.shield(asyncio.to_thread(thread.shutdown))

    async def _in(self, thread: ThreadPoolExecutor, function: object, *words: object) -> list[Message]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(thread, function, *words)  # type: ignore[arg-type]  # the C library has no types

    def _part(self, partition: int) -> str:
        return f"{self._topic}#{self._topic_id}/{partition}"

    # --- messages -----------------------------------------------------------------------------------------------

    def _hold(self, messages: Sequence[Message]) -> None:
        for message in messages:
            error, partition = message.error(), message.partition()
            if error is not None:
                self._note_error(error)
            elif partition is not None:
                self._held.setdefault(partition, []).append(message)

    async def _hand_on_held(self) -> None:
        """Hand on what was consumed: first, in their order, the spans of before a crash."""
        while self._replay:
            span = self._replay[0]
            partition = int(span.part.rpartition("/")[2])
            held = self._held.get(partition, [])
            again = [message for message in held if _offset(message) < span.end]
            if again:
                self._held[partition] = held[len(again) :]
                await self._hand_on(partition, again)
                self._replay_since = time.monotonic()
            elif not held and time.monotonic() - self._replay_since < _GONE_AFTER_S:
                return  # they are on their way
            if not again or _offset(again[-1]) + 1 == span.end:
                self._replay = [one for one in self._replay if one != span]
        held_now, self._held = self._held, {}
        for partition, messages in held_now.items():
            if messages:
                await self._hand_on(partition, messages)

    async def _hand_on(self, partition: int, messages: Sequence[Message]) -> None:
        part, end = self._part(partition), _offset(messages[-1]) + 1
        span = self._ground.places.plan(part, _offset(messages[0]), end)
        collected = Collected()
        for message in messages:
            self._add(collected, message, span.number(_offset(message)))
        batch = collected.batch()

        def safe() -> None:
            self._ground.places.safe(part, end)
            self._safe[partition] = end

        batch.when_safe = safe
        await self._ground.feed.send(batch)

    def _add(self, collected: Collected, message: Message, number: int) -> None:
        self._ground.tally.read += 1
        key, value = message.key(), message.value()
        try:
            if value is None:
                raise BadRecord("the message is empty")  # noqa: TRY301 - as all other reasons are told
            text = key.decode() if isinstance(key, bytes) else key
            reading = self._mapping.reading(_bytes(value), Around(key=text, topic=self._topic))
        except (BadRecord, UnicodeDecodeError) as why:
            self._ground.tally.note_bad(
                f"{self._part(message.partition() or 0)} at offset {message.offset()}", str(why)
            )
        else:
            seq = number if reading.seq is None else reading.seq
            collected.add(reading.sensor, seq, reading.ts, reading.value)

    # --- in the consumer's thread -------------------------------------------------------------------------------

    def _commit(self, consumer: Consumer) -> None:
        from confluent_kafka import KafkaException, TopicPartition

        safe, self._safe = self._safe, {}
        if not safe:
            return
        offsets = [TopicPartition(self._topic, partition, offset) for partition, offset in safe.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            self._note_error(error.args[0])  # they are read again, and recognised
        else:
            self._ground.tally.problem = (
                "" if self._ground.tally.problem.startswith("Kafka: ") else self._ground.tally.problem
            )

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        from confluent_kafka import KafkaException

        try:
            self._topic_id = self._ask_topic_id()
            for place in partitions:
                place.offset = self._begin(consumer, place)
            self._replay = self._ground.places.to_replay(self._part(place.partition) for place in partitions)
            self._replay_since = time.monotonic()
            consumer.assign(partitions)
        except KafkaException as error:
            self._failed = EdgeError(
                f"Kafka does not say where {self._topic} is to be read from: {error.args[0].str()}"
            )

    def _begin(self, consumer: Consumer, place: TopicPartition) -> int:
        """Where to read a partition from: where we were, or further on if another member of the group went on."""
        part, places = self._part(place.partition), self._ground.places
        lowest, _highest = consumer.get_watermark_offsets(place, timeout=_ASK_S)
        committed = consumer.committed([place], timeout=_ASK_S)[0].offset
        ours = places.known().get(part)
        if ours is None or committed > places.end(part):
            places.forget(part)
            return int(max(lowest, committed))
        if ours < lowest:
            self._ground.tally.lost += lowest - ours
            self._ground.tally.problem = (
                f"{part} begins at offset {lowest}: {lowest - ours} messages were deleted unread"
            )
        return int(max(lowest, ours))

    def _ask_topic_id(self) -> str:
        from confluent_kafka import KafkaException, TopicCollection
        from confluent_kafka.admin import AdminClient

        settings = {name: self._settings[name] for name in ("bootstrap.servers", "error_cb", "logger")}
        client = AdminClient(settings)  # type: ignore[arg-type]  # callbacks are settings too
        try:
            described = client.describe_topics(TopicCollection([self._topic]), request_timeout=_ASK_S)
            return str(described[self._topic].result(_ASK_S).topic_id)
        except KafkaException:  # not every broker tells it to everyone
            return ""

    def _revoked(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        assert self._loop is not None
        settled = asyncio.run_coroutine_threadsafe(self._ground.feed.settled(), self._loop)
        try:
            settled.result(_FINISH_S)
        except (TimeoutError, asyncio.CancelledError):
            settled.cancel()
        self._commit(consumer)
        self._held, self._replay = {}, []  # with the eager protocol all partitions are taken away together

    def _note_error(self, error: KafkaError) -> None:
        self._ground.tally.problem = f"Kafka: {error.str()}"


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return int(offset)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _quiet() -> object:
    """A logger for the library, which else writes to standard error."""
    import logging

    logger = logging.getLogger("climb.kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
