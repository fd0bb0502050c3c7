"""The page of a run while it happens."""

import re
import statistics
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROUND_TRIPS = 30  # an event may take this many round trips of the same page at the same time

NOTE_ALL = """
window.begun = performance.timeOrigin;
window.shifts = [];
window.said = [];
window.seen = {};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifts.push({ value: entry.value, moved: entry.sources.map((source) => source.node?.outerHTML?.slice(0, 160)) });
  }
}).observe({ type: "layout-shift", buffered: true });
addEventListener("DOMContentLoaded", () => {
  const look = () => {
    for (const line of document.querySelectorAll("[sse-swap^=stage-]")) {
      const state = line.querySelector(".unseen")?.textContent.replace(":", "").trim();
      const key = `${line.getAttribute("sse-swap")} ${state}`;
      window.seen[key] ??= Date.now() / 1000;
    }
    const words = document.querySelector("[sse-swap=say]")?.textContent.trim();
    if (words && window.said.at(-1) !== words) window.said.push(words);
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
});
"""
ROUND_TRIP = """async () => {
  const began = performance.now();
  await (await fetch("/static/icon.svg", { cache: "no-store" })).text();
  return (performance.now() - began) / 1000;
}"""


def check(page, folder: Path) -> None:
    """Have a folder judged, from the first page."""
    page.goto("/")
    page.get_by_label("A folder with a").fill(str(folder))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page).to_have_url(re.compile("/runs/"))


def stage(page, number: int):
    """The line of a stage."""
    return page.locator(f"[sse-swap=stage-{number}]")


def test_stages_tick_and_the_failure_unfolds_without_a_reload(workbench, gate, window) -> None:
    """What the judge finds appears on the page that is open, in order, and the report of the first failure with it."""
    page = window(workbench, init=NOTE_ALL)
    check(page, gate.folder)
    gate.reached()
    expect(stage(page, 1)).to_contain_text("running")
    expect(stage(page, 2)).to_contain_text("waiting")
    expect(page.locator(".report")).to_have_count(0)
    begun = page.evaluate("begun")

    gate.open()
    expect(stage(page, 1)).to_contain_text("passed")
    expect(stage(page, 2)).to_contain_text("failed")
    expect(page.locator(".report h2")).to_contain_text("2.")
    expect(page.locator(".sentence")).to_have_text(re.compile(r"^1 of \d+ stages hold\. Next: 2 "))
    expect(page.get_by_role("button", name="Replay this check")).to_be_visible()

    assert page.evaluate("begun") == begun
    assert list(page.evaluate("seen"))[-1:] != ["stage-1 running"]


def test_a_screen_reader_hears_each_stage_and_the_end(workbench, gate, window) -> None:
    """The live region says one sentence a stage, then how it ended."""
    page = window(workbench, init=NOTE_ALL)
    check(page, gate.folder)
    gate.reached()
    gate.open()
    expect(page.locator(".sentence")).to_contain_text("stages hold")

    said = page.evaluate("said")

    assert said[0] == "Stage 1, One open port: passed."
    assert re.fullmatch(r"1 of \d+ stages hold\. Next: 2 .*", said[-1])
    assert len(said) <= 3
    expect(page.get_by_role("status").first).to_have_text(said[-1])


@pytest.mark.parametrize("width", [1200, 360])
def test_nothing_moves_while_stages_tick(workbench, gate, window, width: int) -> None:
    """Neither the ticks nor the report push away what is being read."""
    page = window(workbench, init=NOTE_ALL, viewport={"width": width, "height": 800})
    check(page, gate.folder)
    gate.reached()
    gate.open()
    expect(page.locator(".report h2")).to_contain_text("2.")
    expect(page.locator(".sentence")).to_contain_text("stages hold")

    assert page.evaluate("shifts") == []


def test_a_page_that_was_closed_catches_up(workbench, gate, window) -> None:
    """A run goes on without its page, which later shows all that happened meanwhile."""
    page = window(workbench)
    check(page, gate.folder)
    gate.reached()
    address = page.url
    page.close()
    gate.open()

    page = window(workbench, address)

    expect(stage(page, 1)).to_contain_text("passed")
    expect(page.locator(".report h2")).to_contain_text("2.")


def test_two_pages_show_the_same_run(workbench, gate, window) -> None:
    """Whoever opens a run that goes on sees it go on, in every window."""
    first = window(workbench)
    check(first, gate.folder)
    gate.reached()
    second = window(workbench, first.url)
    expect(stage(second, 1)).to_contain_text("running")
    gate.open()

    for page in (first, second):
        expect(page.locator(".report h2")).to_contain_text("2.")


def test_a_run_that_waits_shows_its_place_in_line_then_itself(workbench, gate, window) -> None:
    """One thing is judged at a time: the next one waits on a page of its own, which becomes the run's by itself."""
    page = window(workbench)
    check(page, gate.folder)
    gate.reached()
    waiting = window(workbench)
    waiting.get_by_role("button", name="Watch our scanner being judged").click()
    expect(waiting.locator("main")).to_contain_text("In line: number 1")
    page.get_by_role("button", name="Stop it").click()

    expect(waiting).to_have_url(re.compile("/runs/"))
    waiting.get_by_role("button", name="Stop it").click()
    expect(waiting.locator("main")).to_contain_text("cut short")


def test_a_hint_opens_one_at_a_time(workbench, gate, window) -> None:
    """Each press of the button shows one more hint and says how many are left."""
    page = window(workbench)
    gate.open()
    check(page, gate.folder)
    button = page.get_by_role("button", name=re.compile(r"Hint \("))
    left = int(re.search(r"\d+", button.inner_text())[0])
    button.click()

    expect(page.locator("#hints + ol li")).to_have_count(1)
    if left > 1:
        expect(button).to_have_text(f"Hint ({left - 1} left)")
    else:
        expect(button).to_have_count(0)


@pytest.mark.slow
def test_an_event_is_on_the_page_at_once(workbench, window) -> None:
    """From the judge's line on disk to the page it takes few round trips of that page, on whatever machine this is."""
    page = window(workbench, init=NOTE_ALL)
    check(page, workbench.threads())
    (folder,) = (workbench.folder / "threads" / ".climb" / "runs").iterdir()
    written: dict[str, float] = {}
    ended = threading.Event()
    follower = threading.Thread(target=note_stages, args=(folder / "events.jsonl", written, ended))
    follower.start()
    try:
        round_trips = []
        for number in (1, 2, 3):
            expect(stage(page, number)).to_contain_text("passed")
            round_trips += [page.evaluate(ROUND_TRIP) for _ in range(5)]
    finally:
        ended.set()
        follower.join()
    shown = page.evaluate("seen")
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("main")).to_contain_text("cut short")
    known = [number for number in (1, 2, 3) if f"stage-{number}" in written]
    late = [shown[f"stage-{number} passed"] - written[f"stage-{number}"] for number in known]
    ratio = statistics.median(late) / statistics.median(round_trips)
    print(f"an event was shown after {ratio:.1f} round trips of {statistics.median(round_trips) * 1000:.1f} ms")

    assert known
    assert ratio < ROUND_TRIPS


def note_stages(path: Path, written: dict[str, float], ended: threading.Event) -> None:
    """Note when the end of each stage stands in the run's log."""
    lines = path.read_bytes().count(b"\n")
    while not ended.wait(0.002):
        now, data = time.time(), path.read_bytes().splitlines(keepends=True)
        for line in data[lines:]:
            if line.endswith(b"\n") and (found := re.search(rb'"type":"StageDone".*?"number":(\d+)', line)):
                written.setdefault(f"stage-{int(found[1])}", now)
        lines = sum(line.endswith(b"\n") for line in data)
