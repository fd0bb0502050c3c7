"""A running processor seen from outside: one that we wrote, one by others to the same contract, and programs that are none."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from climb.systems.processor.pipeline.reading import read_pipeline
from climb.systems.processor.pipeline.running import PROCESSOR, run
from climb.systems.processor.watching.address import Address
from climb.systems.processor.watching.asking import NoAnswer, NotAProcessor, ask
from climb.systems.processor.watching.following import Following
from climb.systems.processor.watching.told import Closed, Page, Stats
from climb.systems.processor.watching.watch import Phase, Watch, newest

RIGHT = (sys.executable, str(Path(__file__).parents[2] / "right" / "processor" / "python" / "processor.py"))
WINDOW_MS = 10_000
Eventually = Callable[[Callable[[], Any], str], Awaitable[None]]


class Ground:
    """A pipeline that takes lines over TCP, started as often as asked on the same ports and data."""

    def __init__(self, folder: Path, command: tuple[str, ...], http_port: int, tcp_port: int) -> None:
        self.data = folder / "data"
        self.address = Address("127.0.0.1", http_port)
        self._command = command
        self._tcp_port = tcp_port
        self._file = folder / "pipeline.toml"
        parts = f'[[sources]]\ntype = "tcp"\nport = {tcp_port}\n[[sinks]]\ntype = "http"\nport = {http_port}\n'
        self._file.write_text(f'{parts}[window]\nlength = "{WINDOW_MS}ms"\n', encoding="utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop, started = asyncio.Event(), asyncio.get_running_loop().create_future()
        pipeline = read_pipeline(self._file)
        work = asyncio.create_task(run(pipeline, self.data, stop, started=started.set_result, command=self._command))
        try:
            await asyncio.wait((work, started), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
            yield
        finally:
            stop.set()
            await work

    async def send(self, sensor: str, numbers: range) -> None:
        """One reading for each window of these numbers, acknowledged; the last one's window stays open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._tcp_port)
        for number in numbers:
            reading = {"sensor": sensor, "seq": number + 1, "ts": number * WINDOW_MS, "value": number}
            writer.write(json.dumps(reading).encode() + b"\n")
        writer.write_eof()
        await reader.read()
        writer.close()


@pytest.fixture(params=[PROCESSOR, RIGHT], ids=["ours", "by-others"])
def ground(request: pytest.FixtureRequest, tmp_path: Path, pipelines: Any, monkeypatch: pytest.MonkeyPatch) -> Ground:
    shared = tmp_path.parent.parent / "climb-cache"  # kernels are compiled once for all tests
    monkeypatch.setenv("CLIMB_CACHE", os.environ.get("CLIMB_CACHE", str(shared)))
    return Ground(tmp_path, request.param, pipelines.http_port, pipelines.tcp_port)


@asynccontextmanager
async def following(ground: Ground, sensor: str, *, most: int) -> AsyncIterator[Following]:
    found = Following(ground.address, sensor, most=most)
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Seen:
    """What has been taken of a following so far."""

    def __init__(self, found: Following) -> None:
        self._found = found
        self.windows: list[Closed] = []
        self.passed = 0
        self.begun = 0

    def look(self) -> "Seen":
        news = self._found.take()
        self.windows = news.windows if news.anew else self.windows + news.windows
        self.passed += news.passed
        self.begun += news.anew
        return self

    @property
    def numbers(self) -> list[int]:
        return [window.start // WINDOW_MS for window in self.windows]


async def test_the_numbers_are_those_of_the_processor(ground: Ground, eventually: Eventually) -> None:
    """What was sent is counted, the watermark is known, and the newest windows are the last to close."""
    watch = Watch(ground.address)
    async with ground.running():
        await ground.send("a", range(5))
        await eventually(lambda: _closed(watch, 4), "four windows")
        page = await newest(ground.address, watch.view.stats, within_s=5)

    assert watch.view.phase is Phase.RUNNING
    assert (watch.view.stats.accepted, watch.view.stats.watermark) == (5, 4 * WINDOW_MS)
    assert [window.start for window in page.windows][-1:] == [3 * WINDOW_MS]


async def test_a_stop_and_a_start_are_noticed(ground: Ground) -> None:
    """Before the first answer, while it runs, when it is gone, and when it is back."""
    watch = Watch(ground.address)
    phases = [(await watch.look()).phase]
    async with ground.running():
        phases.append((await watch.look()).phase)
    phases.append((await watch.look()).phase)
    async with ground.running():
        phases.append((await watch.look()).phase)

    assert phases == [Phase.WAITING, Phase.RUNNING, Phase.GONE, Phase.RUNNING]
    assert watch.view.starts == 1


async def test_it_goes_on_by_cursor_when_the_processor_is_back(ground: Ground, eventually: Eventually) -> None:
    """No window is missing and none comes twice, though the connection ended in between."""
    async with following(ground, "a", most=50) as found:
        seen = Seen(found)
        async with ground.running():
            await ground.send("b", range(1))
            await ground.send("a", range(8))
            await ground.send("b", range(1, 8))
            await eventually(lambda: seen.look().numbers == list(range(7)), "seven windows")
        async with ground.running():
            await ground.send("a", range(8, 12))
            await ground.send("b", range(8, 12))
            await eventually(lambda: seen.look().numbers == list(range(11)), "eleven windows")

    assert {window.sensor for window in seen.windows} == {"a"}
    assert seen.begun == 1


async def test_only_the_newest_are_kept_until_they_are_taken(ground: Ground, eventually: Eventually) -> None:
    """What does not fit is counted, so memory stays what it is however many windows close."""
    async with ground.running(), following(ground, "a", most=5) as found:
        await ground.send("a", range(2))
        seen = Seen(found)
        await eventually(lambda: seen.look().numbers == [0], "the first window")
        await ground.send("a", range(2, 40))
        watch = Watch(ground.address)
        await eventually(lambda: _closed(watch, 39), "all windows")
        await eventually(lambda: found._windows and found._windows[-1].start == 38 * WINDOW_MS, "the last window")
        news = found.take()

    assert [window.start // WINDOW_MS for window in news.windows] == list(range(34, 39))
    assert news.passed == 33


async def test_other_results_begin_anew(ground: Ground, eventually: Eventually) -> None:
    """A processor on an empty folder does not know the cursor; what was seen of the one before is not mixed in."""
    async with following(ground, "a", most=50) as found:
        seen = Seen(found)
        async with ground.running():
            await ground.send("a", range(9))
            await eventually(lambda: seen.look().numbers == list(range(8)), "eight windows")
        shutil.rmtree(ground.data)
        async with ground.running():
            await ground.send("a", range(4))
            await eventually(lambda: seen.look().numbers == list(range(3)), "three windows")

    assert seen.begun == 2


async def _closed(watch: Watch, number: int) -> bool:
    view = await watch.look()
    return view.stats is not None and view.stats.windows_closed == number


# --- what is no processor --------------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def peer(answer: bytes, *, then: bytes = b"", end: bool = True) -> AsyncIterator[tuple[Address, list[bytes]]]:
    """A server that answers each request so, ``then`` again and again; and the requests that it got."""
    asked: list[bytes] = []
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            while then:
                writer.write(then)
                await writer.drain()
            await (writer.drain() if end else reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Address("127.0.0.1", server.sockets[0].getsockname()[1]), asked
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        OK + b"content-length: 2\r\n\r\n[]",
        OK + b"content-length: 14\r\n\r\n" + b'{"accepted":1}',
        OK + b"\r\n" + b"[" * 100_000,
        OK + b"content-length: 3\r\n\r\n\xff\xfe\xfd",
    ],
)
async def test_another_program_is_not_taken_for_a_processor(answer: bytes) -> None:
    """Nothing that it says is believed or followed, and there is one request and no more."""
    async with peer(answer) as (address, asked):
        watch = Watch(address)
        await watch.look()

        assert watch.view.phase is Phase.STRANGE
        assert watch.view.stats is None
        assert [request.split(b"\r\n")[0] for request in asked] == [b"GET /stats HTTP/1.1"]


@pytest.mark.parametrize("answer", [OK + b"\r\n", OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK])
async def test_an_answer_without_end_is_cut(answer: bytes) -> None:
    """In its body or in its head."""
    async with peer(answer, then=b"x-more: 1\r\n" * 5000) as (address, _):
        with pytest.raises(NotAProcessor):
            await ask(address, "/stats", Stats, within_s=60)


async def test_silence_ends_in_time() -> None:
    """A program that takes the connection and says nothing keeps nobody waiting."""
    async with peer(b"", end=False) as (address, _):
        with pytest.raises(NoAnswer, match="did not answer"):
            await ask(address, "/stats", Stats, within_s=0.05)


async def test_a_name_that_no_sensor_can_have_is_not_shown() -> None:
    """The contract says what names are made of."""
    window = dict.fromkeys(("start", "end", "count", "mean", "min", "max", "p50", "p95", "p99"), 1)
    body = json.dumps({"windows": [window | {"sensor": "<script>"}], "next": "1"}).encode()
    async with peer(OK + b"content-length: %d\r\n\r\n%b" % (len(body), body)) as (address, _):
        with pytest.raises(NotAProcessor):
            await ask(address, "/windows", Page, within_s=5)
