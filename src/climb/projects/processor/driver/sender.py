"""One connection that readings are sent over, and what came back on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from climb.judge.difference import show
from climb.judge.expect import fail
from climb.projects.processor.driver.patience import Patience
from climb.projects.processor.rules import Reading

if TYPE_CHECKING:
    from climb.judge.drivers.lines import LineClient

__all__ = ["Book", "Sender", "highest"]

_SHOWN = 300
_POLL_S = 0.002
_A_WHILE_S = 1.0
_FORM = '{"ack": {"s1": 17}} or {"reject": {"line": 12, "reason": "…"}}'


def highest(readings: Iterable[Reading]) -> dict[str, int]:
    """The highest number of each sensor among these."""
    found: dict[str, int] = {}
    for reading in readings:
        found[reading.sensor] = max(reading.seq, found.get(reading.sensor, 0))
    return found


class Book(msgspec.Struct):
    """The highest number that each sensor has sent over any connection, and the highest that was acknowledged."""

    sent: dict[str, int] = {}
    acked: dict[str, int] = {}

    def note_sent(self, readings: Iterable[Reading]) -> None:
        """These are on their way."""
        for reading in readings:
            self.sent[reading.sensor] = max(reading.seq, self.sent.get(reading.sensor, 0))

    def note_acked(self, sensor: str, seq: int, where: str) -> None:
        """Keep an acknowledgement; fails the check if nothing like it was sent."""
        if not 1 <= seq <= self.sent.get(sensor, 0):
            last = self.sent.get(sensor)
            fail(
                f"an ack {where}",
                expected=f"at most {last} for {sensor}, the highest number sent"
                if last
                else f"none for {sensor}: it has sent nothing",
                received=show({sensor: seq}),
                why="An ack promises that readings are safe. What was not sent is not safe, and a sensor that believes such an ack never sends it.",
            )
        self.acked[sensor] = max(seq, self.acked.get(sensor, 0))


class Sender:
    """A client's connection to the port for readings."""

    def __init__(self, client: LineClient, book: Book, patience: Patience) -> None:
        self.client = client
        self.acked: dict[str, int] = {}
        self.rejects: list[tuple[int, str]] = []
        self.ended = False  # the program has closed its side
        self._book = book
        self._patience = patience
        self._read = 0  # answers that were looked at

    def __repr__(self) -> str:
        return f"Sender({self.client.name!r}, acked={self.acked})"

    async def send(self, *readings: Reading) -> None:
        """Send readings, one line each."""
        self._book.note_sent(readings)
        await self.client.send(b"".join(reading.line() for reading in readings), timeout_s=self._patience.seconds)

    async def send_raw(self, data: bytes, *readings: Reading) -> None:
        """Send these bytes; ``readings`` are what they mean."""
        self._book.note_sent(readings)
        await self.client.send(data, timeout_s=self._patience.seconds)

    async def acknowledged(self, *readings: Reading) -> None:
        """Wait until each of these has been acknowledged on this connection, by its number or a higher one."""
        wanted = highest(readings)
        await self._until(lambda: not self._lacking(wanted), lambda: self._demand_acks(wanted))

    async def answered(self, *readings: Reading) -> bool:
        """Like ``acknowledged``, but false if the connection ends before."""
        wanted = highest(readings)

        def demand() -> None:
            if not self.ended:
                self._demand_acks(wanted)

        await self._until(lambda: not self._lacking(wanted), demand)
        return not self._lacking(wanted)

    async def listen(self, *readings: Reading) -> None:
        """Wait for the acks of these for a while, and demand nothing."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _A_WHILE_S
        while self._lacking(highest(readings)) and loop.time() < deadline and not self.client.closed_by_peer:
            self.catch_up()
            await asyncio.sleep(_POLL_S)

    async def deliver(self, *readings: Reading) -> None:
        """Send readings and wait for their acks."""
        await self.send(*readings)
        await self.acknowledged(*readings)

    async def rejected(self, count: int) -> None:
        """Wait until ``count`` lines were rejected on this connection."""

        def demand() -> None:
            fail(
                "rejects",
                expected=f"{count}, one for each bad line",
                received=f"{len(self.rejects)}: {show([line for line, _ in self.rejects])}"
                + (", then the end of the connection" if self.ended else ""),
                why="A sender that is not told of a bad line believes that it was taken.",
            )

        await self._until(lambda: len(self.rejects) >= count, demand)

    async def finish(self) -> None:
        """Shut down the sending side, and read all answers to the end of the stream."""
        await self.client.half_close()
        await self._until(lambda: self.ended, self._demand_end)

    async def end(self) -> None:
        """Read all answers to the end of the stream."""
        await self._until(lambda: self.ended, self._demand_end)

    async def close_when_ended(self) -> None:
        """Read to the end of the stream, or to a reset, then close: as a client does that has been told to go."""
        await self.end()
        await self.client.close()

    async def close(self) -> None:
        """Close the connection."""
        await self.client.close()

    def catch_up(self) -> None:
        """Read the answers that are here already."""
        received = self.client.received
        while self._read < len(received):
            self._take(received[self._read].data)
            self._read += 1

    async def _until(self, done: Callable[[], bool], demand: Callable[[], None]) -> None:
        """Wait while answers come, and as long as its patience lasts after the last of them."""
        loop = asyncio.get_running_loop()
        heard, since = -1, loop.time()
        while True:
            self.ended = self.client.closed_by_peer
            self.catch_up()
            if self._read > heard:
                heard, since = self._read, loop.time()
            if done():
                return
            if self.ended or loop.time() > since + self._patience.seconds:
                demand()
                return
            await asyncio.sleep(_POLL_S)

    def _lacking(self, wanted: Mapping[str, int]) -> dict[str, int]:
        return {sensor: seq for sensor, seq in wanted.items() if self.acked.get(sensor, 0) < seq}

    def _demand_acks(self, wanted: Mapping[str, int]) -> None:
        if not self._book.acked:
            self._patience.note_silence()
        lacking = self._lacking(wanted)
        after = "then the end of the connection" if self.ended else f"nothing more for {self._patience.seconds:.0f} s"
        here = {sensor: self.acked.get(sensor) for sensor in lacking}
        fail(
            "acks",
            expected=show({"ack": lacking}) + ", in one line or several",
            received=f"{show({'ack': here}) if any(here.values()) else 'no ack for ' + ', '.join(sorted(lacking)[:6])}, {after}",
            why="An ack comes by itself for every reading that is safe, resent ones too. A sender without it keeps the reading, and sends it again.",
            saw=f"{len(self.rejects)} rejects, the last: line {self.rejects[-1][0]}, {self.rejects[-1][1]}"
            if self.rejects
            else None,
        )

    def _demand_end(self) -> None:
        fail(
            "the end of the connection",
            expected="closed by the program, after its last answer",
            received=f"still open after {self._patience.seconds:.0f} s",
            why="Who has shut down its sending side reads on until the end, and waits for it.",
        )

    def _take(self, data: bytes) -> None:
        where = f"on {self.client.name or 'a connection'}"
        try:
            answer = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _not_an_answer(where, data, str(error))
        match answer:
            case {"ack": dict(acks)} if acks and all(type(seq) is int for seq in acks.values()):
                for sensor, seq in acks.items():
                    self._book.note_acked(sensor, seq, where)
                    self._patience.note_answer()
                    self.acked[sensor] = max(seq, self.acked.get(sensor, 0))
            case {"reject": {"line": int(line), "reason": str(reason)}}:
                self.rejects.append((line, reason))
            case _:
                _not_an_answer(where, data, "neither an ack nor a reject")


def _not_an_answer(where: str, data: bytes, problem: str) -> None:
    fail(
        f"an answer {where}",
        expected=_FORM,
        received=f"{data[:_SHOWN].decode(errors='backslashreplace')}   ({problem})",
        why="Clients read these lines by machine, one JSON object each.",
    )
