"""A lab: predict, run, see the prediction on the plot, run again with another knob."""

import re

import pytest
from playwright.sync_api import expect

NOTE_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


def predict(page, number: str, **knobs: str) -> None:
    """Type a prediction, turn knobs, and run."""
    page.locator("#prediction").fill(number)
    for name, value in knobs.items():
        page.locator(f"#knob-{name}").select_option(value)
    page.get_by_role("button", name="Run it").click()
    expect(page).to_have_url(re.compile(r"/labs/[\w-]+/\d"))


def test_nothing_is_measured_without_a_prediction(workbench, window) -> None:
    """The button leads back to the field; no run begins."""
    page = window(workbench, "/labs/handshake")
    page.get_by_role("button", name="Run it").click()

    assert page.evaluate("document.activeElement.id") == "prediction"
    assert page.url.endswith("/labs/handshake")
    assert not (workbench.home / "labs").exists()


def test_a_prediction_that_is_no_number_is_asked_for_again(workbench, window) -> None:
    """The page says what was typed, and keeps it."""
    window.may("status of 400")
    page = window(workbench, "/labs/handshake")
    page.locator("#prediction").fill("many")
    page.get_by_role("button", name="Run it").click()

    expect(page.get_by_role("alert")).to_contain_text("many")
    expect(page.locator("#prediction")).to_have_value("many")


@pytest.mark.slow
def test_the_plot_marks_what_was_predicted(workbench, window) -> None:
    """The result appears by itself: the verdict on the prediction, and the prediction on the plot."""
    page = window(workbench, "/labs/handshake", init=NOTE_SHIFTS)
    predict(page, "3", processors="1")
    expect(page.locator("main")).to_contain_text("Your prediction is kept: 3")

    expect(page.locator(".headline")).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text(re.compile("predict", re.IGNORECASE))
    expect(page.locator(".plot").filter(has_text=re.compile("predict", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("heading", name="How far to trust it")).to_be_visible()
    assert sum(page.evaluate("shifts")) < 0.01


@pytest.mark.slow
def test_the_history_of_a_lab_grows(workbench, window) -> None:
    """Each run is a row of the lab's page, with what was predicted, measured, and set."""
    page = window(workbench, "/labs/handshake")
    for number, answer in (("3", "100"), ("2", "10000")):
        predict(page, number, answer=answer)
        expect(page.locator(".headline")).to_be_visible()
    page.get_by_role("link", name="All results of this lab").click()
    rows = page.get_by_role("region", name="Earlier results").locator("tbody tr")

    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2 ")
    expect(rows.first).to_contain_text("10000")
    expect(rows.nth(1)).to_contain_text("3 ")


def test_a_run_can_be_stopped(workbench, window) -> None:
    """Stopping says so on the page, and keeps the prediction."""
    page = window(workbench, "/labs/dns-cache")
    predict(page, "3")
    page.get_by_role("button", name="Stop it").click()
    page.goto(re.sub(r"#.*", "", page.url))

    expect(page.locator("main")).to_contain_text("stopped")


def test_the_cursor_reads_values_out_of_a_plot(lived_in, window) -> None:
    """With scripts a line plot tells its values at the cursor, and says nothing when it leaves."""
    page = window(lived_in, "/labs/page-faults/recording")
    live = page.locator(".plot.live")
    if not live.count():
        pytest.skip("no recording on this machine holds a line plot")
    live.first.locator(".u-over").hover()

    expect(live.first.locator(".readout")).to_have_text(re.compile(r"\d"))
    page.mouse.move(5, 5)
    expect(live.first.locator(".readout")).to_be_hidden()
