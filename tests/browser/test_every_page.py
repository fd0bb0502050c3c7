"""What holds for every page of the workbench: wide and narrow, light and dark."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest

from climb.course.loader import course

pytestmark = pytest.mark.slow

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = ("light", "dark")
LOOKS = {
    "wide": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "has_touch": True},
}
PLACES = {
    "route": "/",
    "module": "/modules/1.1",
    "module-of-the-other-track": "/modules/linux-1",
    "project": "/projects/scanner",
    "routes-of-a-service": "/projects/identity/contract",
    "schedules": "/systems/scheduler",
    "schedules-of-many": "/systems/scheduler?workload=crowd",
    "schedules-recorded": "/systems/scheduler?workload=recording&policy=eevdf&policy=cfs&quantum=14",
    "processor-that-does-not-run": "/systems/processor?at=127.0.0.1:9&sensors=s1",
    "project-to-come": "/projects/scheduler",
    "runs": "/runs",
    "races": "/races",
    "run-failed": "/runs/{failed}",
    "run-held": "/runs/{held}",
    "labs": "/labs",
    "lab": "/labs/handshake",
    "lab-result": "/labs/handshake/{lab}",
    "lab-recorded": "/labs/handshake/recording",
    "journal": "/journal",
    "desk": "/journal/new",
    "desk-with-an-entry": "/journal/{entry}/edit",
    "entry": "/journal/{entry}",
    "merge": "/journal/{entry}/merge/{other}",
    "search": "/search?q=socket",
    "search-empty": "/search",
    "search-without-a-hit": "/search?q=xyzzyplugh",
    "about": "/pages/how-to-learn",
    "stub-of-a-concept": "/concepts/kubernetes",
}
CONCEPTS = [f"/concepts/{slug}" for slug, concept in course().concepts.items() if concept.body]
# Concepts are all alike on a wide window, but each has a drawing, code or a table that may not fit on a phone.
WIDE = [*PLACES.values(), *CONCEPTS[:3]]
PHONE = [*PLACES.values(), *CONCEPTS]
MOST_SCRIPT = 150_000  # bytes on one page
LEAST_TARGET = 24  # pixels, WCAG 2.2 criterion 2.5.8
LEAST_TEXT = 12  # pixels, as rendered

NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120) ?? source.node?.nodeValue);
    window.shifts.push({ value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = (
    "async () => { await document.fonts.ready; for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); }"
)

RUN_AXE = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`));
}"""
SCRIPTS = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.initiatorType === "script" || new URL(entry.name).pathname.endsWith(".js"))
  .map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize])"""
SMALL_TARGETS = """(least) => [...document.querySelectorAll("button, input, select, textarea, summary, nav a, a.button, a.chip, .station a")]
  .map((element) => element.closest("label") ?? element)
  .filter((element) => element.checkVisibility() && !element.closest(".trail, .in-text"))
  .map((element) => [element.outerHTML.slice(0, 120), element.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < least || box.height < least))
  .map(([html, box]) => `${html}: ${box.width} × ${box.height}`)"""
SMALL_TEXTS = """(least) => {
  const small = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.nodeValue.trim() || !element.checkVisibility()) continue;
    const scale = element instanceof SVGGraphicsElement ? element.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(element).fontSize) * scale;
    if (size < least - 0.05) small.push(`${size.toFixed(1)} px: ${node.nodeValue.trim().slice(0, 60)}`);
  }
  return small;
}"""
TOO_WIDE = """() => [document.scrollingElement.scrollWidth, [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".wide, .bytes, .unseen, .drawing, .plot, pre"))
  .map((element) => element.outerHTML.slice(0, 120))]"""


@pytest.fixture(scope="module")
def windows(lived_in, module_window) -> dict[str, Any]:
    """A window for each look, which all pages are opened in."""
    return {name: module_window(lived_in, init=NOTE_SHIFTS, **look) for name, look in LOOKS.items()}


@pytest.fixture(
    scope="module", params=[*(("wide", path) for path in WIDE), *(("phone", path) for path in PHONE)], ids="-".join
)
def visited(request: pytest.FixtureRequest, windows, lived_in) -> Any:
    """Each page, loaded once for each look; its tests only look at it."""
    look, path = request.param
    page = windows[look]
    page.emulate_media(color_scheme=LOOKS[look]["color_scheme"])
    page.goto(path.format(**lived_in.names))
    page.evaluate(SETTLED)
    return page


def test_nothing_moves_while_it_loads(visited) -> None:
    """What is shown first stays where it is."""
    assert visited.evaluate("shifts") == []


def test_it_has_one_heading_and_at_most_one_main_button(visited) -> None:
    """Whoever looks for what this is and what to do finds one thing each."""
    assert visited.locator("h1").count() == 1
    assert visited.locator("main .main:visible").count() <= 1
    assert visited.locator("[data-next]:visible").count() <= 1


def test_its_scripts_are_few(visited) -> None:
    """The browser has to read at most 150 kB of script."""
    scripts = visited.evaluate(SCRIPTS)

    assert scripts
    assert sum(size for _, size in scripts) <= MOST_SCRIPT, scripts


def test_it_is_no_wider_than_the_window(visited) -> None:
    """Nothing has to be scrolled sideways but tables and bytes within their frames."""
    width, wide = visited.evaluate(TOO_WIDE)

    assert (width, wide) == (visited.viewport_size["width"], [])


def test_its_targets_are_large_enough_for_a_finger(visited) -> None:
    """Everything to press that does not stand within a sentence has 24 pixels at least."""
    assert visited.evaluate(SMALL_TARGETS, LEAST_TARGET) == []


def test_its_text_is_large_enough_to_read(visited) -> None:
    """No text is rendered smaller than 12 pixels, in drawings and plots too."""
    assert visited.evaluate(SMALL_TEXTS, LEAST_TEXT) == []


def test_axe_finds_nothing(visited) -> None:
    """Every rule of WCAG 2.2 AA and of good practice that a machine can check holds."""
    visited.evaluate(AXE)

    assert visited.evaluate(RUN_AXE, RULES) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_its_colours_stand_out(visited, scheme: str) -> None:
    """The contrast of WCAG AA, in light and in dark: the one rule of axe that depends on the scheme."""
    visited.emulate_media(color_scheme=scheme)
    if not visited.evaluate("'axe' in window"):
        visited.evaluate(AXE)

    assert visited.evaluate(RUN_AXE, ["color-contrast"]) == []
