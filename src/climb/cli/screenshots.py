"""Pictures of every page, taken from a workbench with real content."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from climb.cli.palette_png import smaller
from climb.cli.sample_home import SampleHome
from climb.errors import SetupError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

__all__ = ["LARGEST", "take_all"]

LARGEST = 2_500_000  # bytes of all pictures
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_WAIT = 120_000  # milliseconds for what takes seconds
_PLOTTED = 20_000  # milliseconds of a plot that are worth a look
_LONG = {"run-failed", "run-service", "stream", "lab-result", "concept"}  # of these more than the first screen is shown
_TALLEST = 1800  # pixels of a long picture


def take_all(checkout: Path, folder: Path) -> Iterator[str]:
    """Write the pictures into ``folder``, and tell the name of each. Raises SetupError if there is no browser."""
    browser_path = _browser_path()
    try:
        sync_api = importlib.import_module("playwright.sync_api")
    except ImportError as error:
        raise SetupError(
            "pictures are taken with the package playwright, which is not installed",
            next_step="./climb docs screenshots, which uses the checkout's own environment",
        ) from error
    sample = SampleHome(checkout, _neutral_folder())
    try:
        origin = sample.serve()
        with sync_api.sync_playwright() as playwright:
            words = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            browser = playwright.chromium.launch(executable_path=browser_path, args=words)
            yield from _Camera(browser, origin, folder).everything(sample)
            browser.close()
    finally:
        sample.end()
        sample.remove()


def _browser_path() -> str:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise SetupError(
            f"there is no browser here: none of {', '.join(_BROWSERS)} is on the PATH",
            next_step="install chromium from your system's packages",
        )
    return found


def _neutral_folder() -> Path:
    """A folder whose name says nothing about whoever takes the pictures."""
    folder = Path(tempfile.gettempdir()) / "learner"
    try:
        folder.mkdir()
    except FileExistsError as error:
        raise SetupError(
            f"{folder} exists, and the pictures need a folder of that name", next_step=f"rm -r {folder}"
        ) from error
    return folder


class _Camera:
    """Two windows, a wide light one and a narrow dark one, on the same workbench."""

    def __init__(self, browser: Browser, origin: str, folder: Path) -> None:
        self._folder = folder
        wide: ViewportSize = {"width": 1200, "height": 800}
        phone: ViewportSize = {"width": 360, "height": 740}
        contexts = {
            "wide": browser.new_context(base_url=origin, viewport=wide, color_scheme="light"),
            "phone": browser.new_context(base_url=origin, viewport=phone, color_scheme="dark"),
        }
        for context in contexts.values():
            context.set_default_timeout(_WAIT)
        self._workshop = browser.new_page()
        self._windows = {look: context.new_page() for look, context in contexts.items()}

    def everything(self, sample: SampleHome) -> Iterator[str]:
        """All pages, in the order in which a learner comes to them."""
        yield from self._take("route-newcomer", "/")
        sample.run_the_starter()
        failed = sample.run_with_a_bug()
        yield from self._judged_live()
        result = sample.measure("handshake", 3, "three packets for one, so three times as long")
        sample.measure("fsync", 20, "a disk has to turn")
        sample.answer("sockets", "file-descriptors", "system-calls", "udp")
        entry = sample.write(failed, "handshake", result)
        pages = {
            "route": "/",
            "module": "/modules/1.1",
            "concept": "/concepts/sockets",
            "project": "/projects/scanner",
            "run-failed": f"/runs/{failed}",
            "runs": "/runs",
            "labs": "/labs",
            "lab": "/labs/dns-cache",
            "lab-result": f"/labs/handshake/{result}",
            "journal": "/journal",
            "entry": f"/journal/{entry}",
            "desk": f"/journal/{entry}/edit",
            "search": "/search?q=handshake",
        }
        for name, path in pages.items():
            yield from self._take(name, path)
        yield from self._schedules("schedules", "workload=convoy&policy=fcfs&policy=srtf")
        yield from self._schedules(
            "schedules-recorded", "workload=recording&policy=eevdf&quantum=14&queues=per-cpu&from=4100&to=5300"
        )

        yield from self._take("run-service", f"/runs/{sample.run_a_service_with_a_bug('forgets-the-highest-numbers')}")
        with sample.stream() as address:
            yield from self._stream(address)

    def _stream(self, address: str) -> Iterator[str]:
        """A running processor, after the plots have some seconds to show."""
        for window in self._windows.values():
            window.goto(f"/systems/processor?at={address}")
        for look, window in self._windows.items():
            window.locator("canvas").first.wait_for()
            window.wait_for_timeout(_PLOTTED)
            yield self._keep("stream", look)

    def _schedules(self, name: str, words: str) -> Iterator[str]:
        """Charts of schedules, with the cursor on the second turn."""
        for look, window in self._windows.items():
            window.goto(f"/systems/scheduler?{words}")
            window.locator("canvas").first.wait_for()
            window.locator("[data-lanes]").first.focus()
            for _ in range(2):
                window.keyboard.press("ArrowRight")
            window.locator("#charts").evaluate("(charts) => charts.scrollIntoView()")
            window.locator(".lane-mark:visible").wait_for()
            yield self._keep(name, look)

    def _judged_live(self) -> Iterator[str]:
        """Our own scanner while it is judged, another run in line, and the verdict."""
        wide, phone = self._windows["wide"], self._windows["phone"]
        wide.goto("/projects/scanner")
        wide.get_by_role("button", name="Watch it being judged").click()
        wide.wait_for_url("**/runs/**")
        phone.goto("/projects/scanner")
        phone.get_by_role("button", name="Check it again").click()
        phone.wait_for_url("**/jobs/**")
        yield from self._take("job", phone.url, looks=("phone",))
        wide.locator("[sse-swap=stage-3]", has_text=re.compile("passed")).wait_for()
        yield self._keep("run-live", "wide")
        place = wide.url
        phone.get_by_role("button", name="Stop it").click()
        yield from self._take("run-live", place, looks=("phone",))
        wide.locator(".sentence", has_text=re.compile("stages hold")).wait_for()
        yield from self._take("run-passed", place)

    def _take(self, name: str, path: str, looks: tuple[str, ...] = ("wide", "phone")) -> Iterator[str]:
        for look in looks:
            self._windows[look].goto(path)
            yield self._keep(name, look)

    def _keep(self, name: str, look: str) -> str:
        page, file = self._windows[look], self._folder / f"{name}-{look}.png"
        page.evaluate("document.fonts.ready")
        if name in _LONG:
            high = min(page.evaluate("document.documentElement.scrollHeight"), _TALLEST)
            clip = {"x": 0, "y": 0, "width": (page.viewport_size or {"width": 0})["width"], "height": high}
            png = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type] # four numbers, as it wants
        else:
            png = page.screenshot()
        file.write_bytes(smaller(self._workshop, png))
        return file.name
