"""The learner's processor as checks use it: started with settings, spoken to over its two ports, started again on the same folder."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.refusal import refusal
from climb.judge.drivers.service import Instance, Service, healthy
from climb.judge.expect import expect
from climb.projects.processor.driver.patience import Patience
from climb.projects.processor.driver.results import Page, Stats, metrics_of, page_of, read
from climb.projects.processor.driver.sender import Book, Sender
from climb.projects.processor.driver.stream import Feed, feed
from climb.projects.processor.rules import Reading, Shape, Window

if TYPE_CHECKING:
    from climb.judge.drivers.http import HttpClient

__all__ = ["NEVER_MS", "Processor", "Running"]

NEVER_MS = 1_000_000_000  # as IDLE_MS: no check runs for eleven days, so no sensor falls idle
_PORTS = ("PORT", "INGEST_PORT")
_LEAST_PATIENCE_S = 5.0  # how long an answer may take; only failures wait for so long
_STARTS = 5  # or as many times as long as the program took to start
_PLAIN_STARTS = 300  # or as many times as long as any process takes to start here and now
_POLL_S = 0.02
_STATS_FORM = (
    '{"accepted": …, "late": …, "duplicates": …, "rejected": …, "sensors": …, "windows_closed": …, "watermark": whole number or null, '
    '"workers": …, "percentile_error": …, "memory_bound_mib": …}'
)


class Processor:
    """Starts the learner's program, with one data folder for the whole check."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.book = Book()
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """The data folder, empty at the first start."""
        if self._folder is None:
            self._folder = self.service.folder()
        return self._folder

    async def start(
        self, shape: Shape, *, workers: int = 1, idle_ms: int = NEVER_MS, fresh: bool = False, **limits: Any
    ) -> Running:
        """Start it and wait until it is ready; it ends with the check. ``fresh``: on a folder of its own, which nothing was sent to."""
        folder, book = (self.service.folder("other"), Book()) if fresh else (self.folder, self.book)
        env = environment(shape, folder, workers=workers, idle_ms=idle_ms)
        instance = await self.service.start(env, ports=_PORTS, ready=healthy("PORT"), **limits)
        busy_s = _PLAIN_STARTS * (await calibrate_start()).seconds
        patience = Patience(math.ceil(max(_LEAST_PATIENCE_S, busy_s, _STARTS * (instance.ready_seconds or 0))))
        return Running(instance, shape, book, now=self.service.now, patience=patience)

    async def refuses(self, env: Mapping[str, str | Path | None], *, ports: tuple[str, ...] = _PORTS) -> str:
        """What it writes to standard error before it ends with exit code 2, as it must."""
        return await refusal(self.service, env, ports)


class Running:
    """A program that is ready. ``now`` is the clock of the check: seconds since it began."""

    def __init__(
        self, instance: Instance, shape: Shape, book: Book, *, now: Callable[[], float], patience: Patience
    ) -> None:
        self.instance = instance
        self.shape = shape
        self.book = book
        self.now = now
        self.http: HttpClient = instance.http("PORT")
        self._patience = patience

    @property
    def patience_s(self) -> float:
        """How long an answer may take."""
        return self._patience.seconds

    # --- sending ---

    async def connect(self, name: str = "", **options: Any) -> Sender:
        """A connection to the port for readings."""
        return Sender(await self.instance.connect("INGEST_PORT", name=name, **options), self.book, self._patience)

    async def post(self, body: bytes, *readings: Reading) -> dict[str, Any]:
        """``POST /ingest``; ``readings`` are what the body means."""
        self.book.note_sent(readings)
        answer = (await self.http.post("/ingest", body, timeout_s=self.patience_s)).json()
        return read(
            answer,
            dict[str, Any],
            "the answer to POST /ingest",
            form='{"ack": {"s1": 17}, "rejected": [{"line": 12, "reason": "…"}]}',
            why="The sender reads from it what is safe, and what it has to mend.",
        )

    # --- results ---

    async def page(self, **parameters: object) -> Page:
        """One page of ``GET /windows``."""
        target = "/windows" + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
        return page_of((await self.http.get(target, timeout_s=self.patience_s)).json(), f"GET {target}")

    async def pages(self, *, after: str | None = None, **parameters: object) -> list[Page]:
        """All pages from a cursor on, up to and with the empty one."""
        pages: list[Page] = []
        while not pages or pages[-1].windows:
            at = pages[-1].next if pages else after
            pages.append(await self.page(**parameters, **({} if at is None else {"after": at})))
            if pages[-1].windows:
                expect(pages[-1].next, "the cursor behind a page").satisfies(
                    lambda cursor, at=at: cursor is not None and cursor != at,  # type: ignore[misc]  # a default binds the loop's value
                    expected="a cursor of its own" if at is None else f"another one than {at!r}, which was given",
                    why="Given as after, it must lead on: with the old one, or none, the reader gets the same page for ever.",
                )
        return pages

    async def windows(self, count: int = 0) -> list[Window]:
        """All that are shown; waits until there are ``count``, as long as its patience lasts."""
        seen: list[Window] = []

        async def enough() -> bool:
            nonlocal seen
            first = await self.page()
            seen = list(first.windows)
            if first.next is not None and seen and (len(seen) < count or len(seen) >= 1000):
                seen += [window for page in await self.pages(after=first.next) for window in page.windows]
            return len(seen) >= count

        await self.until(enough)
        return seen

    async def stats(self) -> Stats:
        """``GET /stats``."""
        document = (await self.http.get("/stats", timeout_s=self.patience_s)).json()
        return read(document, Stats, "GET /stats", form=_STATS_FORM, why="What was counted is read by name.")

    async def stats_until(self, done: Callable[[Stats], bool]) -> Stats:
        """The first stats for which ``done`` is true, or those at the end of its patience."""
        seen = await self.stats()

        async def reached() -> bool:
            nonlocal seen
            seen = await self.stats()
            return done(seen)

        if not done(seen):
            await self.until(reached)
        return seen

    async def percentile_error(self) -> float:
        """The stated error; a program without /stats, which a later stage asks for, is taken to be exact."""
        response = await self.http.get("/stats", status=None, timeout_s=self.patience_s)
        try:
            stated = response.json()["percentile_error"]
        except Exception:  # whatever it is, it states no error
            return 0.0
        return float(stated) if isinstance(stated, int | float) and 0 <= stated <= 0.02 else 0.0

    async def metrics(self) -> dict[str, tuple[str, float]]:
        """``GET /metrics``: kind and value by name."""
        return metrics_of((await self.http.get("/metrics", timeout_s=self.patience_s)).text)

    def feed(
        self,
        *,
        last_event_id: str | None = None,
        receive_buffer: int | None = None,
        **parameters: object,
    ) -> AbstractAsyncContextManager[Feed]:
        """``GET /stream``, open while the block lasts."""
        target = "/stream" + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
        return feed(
            self.http, target, patience_s=self.patience_s, last_event_id=last_event_id, receive_buffer=receive_buffer
        )

    async def until(self, done: Callable[[], Awaitable[bool]], *, pause_s: float = _POLL_S) -> bool:
        """Poll ``done`` until it is true; false if that takes longer than the patience of this machine allows."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not await done():
            if loop.time() > began + self.patience_s:
                return False
            await asyncio.sleep(pause_s)
        return True


def environment(
    shape: Shape, folder: Path, *, workers: int = 1, idle_ms: int = NEVER_MS
) -> dict[str, str | Path | None]:
    """The contract's variables, but for the ports."""
    return {
        "DATA_DIR": folder,
        "WINDOW_MS": str(shape.window_ms),
        "SLIDE_MS": None if shape.slide_ms is None else str(shape.slide_ms),
        "LATENESS_MS": str(shape.lateness_ms) if shape.lateness_ms else None,
        "IDLE_MS": str(idle_ms),
        "WORKERS": str(workers) if workers != 1 else None,
    }
