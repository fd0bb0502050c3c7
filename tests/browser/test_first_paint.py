"""How soon a page is seen, held against a trivial page of the same server in the same browser at the same time."""

import statistics

import pytest

TIMES = 5
PAINTS = 8.0  # a page may take this many times as long as the trivial one
PATHS = (
    "/",
    "/modules/1.1",
    "/concepts/sockets",
    "/projects/scanner",
    "/runs/{failed}",
    "/labs",
    "/journal",
    "/search?q=socket",
)
FIRST_PAINT = """() => new Promise((done) => {
  const name = "first-contentful-paint";
  const tell = (entries) => entries.length && done(entries[0].startTime);
  tell(performance.getEntriesByName(name));
  new PerformanceObserver((list) => tell(list.getEntriesByName(name))).observe({ type: "paint", buffered: true });
})"""


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_seen_at_once(lived_in, window, path: str) -> None:
    """The first paint takes a small multiple of what this browser needs to show one picture."""
    window.may("favicon.ico")  # which the browser asks for beside a picture
    page = window(lived_in, "/static/icon.svg")
    trivial, ours = [], []
    for _ in range(TIMES):
        for address, taken in (("/static/icon.svg", trivial), (path.format(**lived_in.names), ours)):
            page.goto(address)
            taken.append(page.evaluate(FIRST_PAINT))
    ratio = statistics.median(ours) / statistics.median(trivial)
    print(f"{path}: first paint {statistics.median(ours):.0f} ms, {ratio:.1f} times the trivial page's")

    assert ratio < PAINTS
