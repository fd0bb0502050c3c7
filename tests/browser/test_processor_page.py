"""The processor's page while a processor runs, stops and comes back: live by itself, still while it is paused, and bounded."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

PAGE = "/systems/processor"
WINDOW_MS = 1000
NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts.push(entry.value); })
  .observe({ type: "layout-shift", buffered: true });
"""
COUNT_TICKS = """
window.ticks = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, heard, ...more) {
  return listen.call(this, name, (event) => { heard(event); if (name === "tick") window.ticks += 1; }, ...more);
};
"""
TOO_WIDE = "document.scrollingElement.scrollWidth > innerWidth"
PAINTED = """(canvas) => new Set(new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size > 1"""


class Processor:
    """``climb stream run`` with a pipeline of its own, started as often as asked on the same ports and data."""

    def __init__(self, folder, environment) -> None:
        self.port, self.ingest_port = free_port(), free_port()
        self.address = f"{PAGE}?at=127.0.0.1:{self.port}"
        self._environment = environment
        self._file = folder / "pipeline.toml"
        self._file.write_text(
            f'[window]\nlength = "{WINDOW_MS}ms"\n[[sources]]\ntype = "tcp"\nport = {self.ingest_port}\n'
            f'[[sinks]]\ntype = "http"\nport = {self.port}\n',
            encoding="utf-8",
        )
        self._process = None

    def start(self) -> "Processor":
        words = [sys.executable, "-m", "climb", "stream", "run", str(self._file)]
        self._process = subprocess.Popen(words, env=self._environment, stdout=subprocess.PIPE, text=True)
        said = self._process.stdout.readline()
        assert "is running" in said, said
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.communicate(timeout=60)
            self._process = None

    def send(self, sensor: str, numbers: range) -> None:
        """A reading for each window of these numbers, acknowledged; the last one's stays open."""
        lines = (
            {"sensor": sensor, "seq": number + 1, "ts": number * WINDOW_MS, "value": number % 7} for number in numbers
        )
        with socket.create_connection(("127.0.0.1", self.ingest_port), 60) as client:
            client.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def processor(tmp_path, tmp_path_factory) -> Iterator[Processor]:
    """A processor that does not run yet; kernels are compiled once for all tests."""
    cache = os.environ.get("CLIMB_CACHE", str(tmp_path_factory.getbasetemp().parent / "climb-cache"))
    found = Processor(tmp_path, {**os.environ, "CLIMB_CACHE": cache, "PYTHONUTF8": "1"})
    yield found
    found.stop()


def counted(page, name: str):
    """The number beside a name."""
    return page.locator("[data-part=counters] div").filter(has=page.locator("dt", has_text=name)).locator("dd")


def state(page):
    return page.locator("[data-part=state]")


def test_it_becomes_live_when_a_processor_is_started(shared, window, processor) -> None:
    """Nothing has to be pressed: the commands that it taught are gone, and numbers, windows and plots are there."""
    page = window(shared, processor.address)
    expect(page.get_by_role("heading", name="Start one")).to_be_visible()
    expect(page.locator("[data-empty] code").first).to_have_text("./climb stream run")
    processor.start()
    expect(state(page)).to_contain_text("Running for")
    expect(page.get_by_role("heading", name="Start one")).to_be_hidden()
    processor.send("lamp", range(6))

    expect(counted(page, "accepted")).to_have_text("6")
    expect(page.locator("[data-part=rows] th")).to_have_text("lamp")
    expect(page.locator("[data-curves] figcaption")).to_have_text("lamp · the last 5 windows")
    expect(page.locator("[data-part=workers] tr")).to_have_count(1)
    expect(page.locator("canvas")).to_have_count(5)
    assert all(canvas.evaluate(PAINTED) for canvas in page.locator("canvas").all())


def test_it_says_that_the_processor_stopped_and_goes_on_when_it_is_back(shared, window, processor) -> None:
    """The last numbers stay meanwhile, and no window is missing or comes twice."""
    processor.start()
    processor.send("lamp", range(6))
    page = window(shared, f"{processor.address}&sensors=lamp")
    caption = page.locator("[data-curves] figcaption")
    expect(caption).to_have_text("lamp · the last 5 windows")
    processor.stop()
    expect(state(page)).to_contain_text("No answer since")
    expect(page.locator("[data-spoken]")).to_contain_text("No answer since")
    expect(counted(page, "accepted")).to_have_text("6")
    processor.start()
    processor.send("lamp", range(6, 9))

    expect(state(page)).to_contain_text("It was started again")
    expect(counted(page, "accepted")).to_have_text("9")
    expect(caption).to_have_text("lamp · the last 8 windows")


def test_what_is_paused_stays_as_it_is(shared, window, processor) -> None:
    """By the button and by its key; going on shows what came meanwhile."""
    processor.start()
    page = window(shared, processor.address, init=COUNT_TICKS)
    processor.send("lamp", range(6))
    expect(counted(page, "accepted")).to_have_text("6")
    page.get_by_role("button", name="Pause").click()
    said = state(page).inner_text()
    processor.send("lamp", range(6, 9))
    page.wait_for_function("(before) => ticks > before + 2", arg=page.evaluate("ticks"))
    expect(state(page)).to_have_text(said)
    expect(counted(page, "accepted")).to_have_text("6")
    page.locator("main").press("p")

    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(counted(page, "accepted")).to_have_text("9")


def test_a_plot_keeps_a_bounded_number_of_windows(shared, window, processor) -> None:
    """However many have closed."""
    processor.start()
    page = window(shared, f"{processor.address}&sensors=lamp")
    most = int(page.locator("[data-processor]").get_attribute("data-most"))
    for begin in range(0, 4 * most, most):
        processor.send("lamp", range(begin, begin + most))
    expect(counted(page, "windows closed")).to_have_text(f"{4 * most - 1:,}")

    expect(page.locator("[data-curves] figcaption")).to_contain_text(f"lamp · the last {most} windows")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_all(shared, window, processor, scheme: str) -> None:
    """Nothing is wider than the window, and nothing moves while numbers change."""
    processor.start()
    processor.send("lamp", range(6))
    look = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    page = window(shared, f"{processor.address}&sensors=lamp", init=NOTE_SHIFTS, **look)
    expect(page.locator("[data-curves] figcaption")).to_have_text("lamp · the last 5 windows")
    processor.send("lamp", range(6, 9))
    expect(page.locator("[data-curves] figcaption")).to_have_text("lamp · the last 8 windows")

    assert not page.evaluate(TOO_WIDE)
    assert page.evaluate("shifts") == []


def test_without_scripts_it_has_the_numbers_of_now(shared, window, processor) -> None:
    """And a link that reads them again."""
    processor.start()
    processor.send("lamp", range(6))
    page = window(shared, f"{processor.address}&sensors=lamp", java_script_enabled=False)
    expect(counted(page, "accepted")).to_have_text("6")
    processor.send("lamp", range(6, 9))
    page.get_by_role("link", name="Read the numbers again").click()

    expect(counted(page, "accepted")).to_have_text("9")
    expect(page.locator("[data-part=rows] th")).to_have_text("lamp")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    expect(page.locator(".canvas").locator("visible=true")).to_have_count(0)
