"""The pages of labs, in the real workbench: a prediction first, then a run as it happens, then what it means."""

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from climb.labs import store
from climb.labs.result import Predicted, Result, Sample

LAB = "handshake"  # two seconds with its usual knobs
ENOUGH_S = 60.0


@pytest.fixture
def run(browser: Any) -> str:
    """The address of a run that has been started with a prediction of 3."""
    answer = browser.send(f"/labs/{LAB}/run", prediction="3", because="<b>three</b> segments")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def home(shared_workbench: Any) -> Path:
    """The home of the workbench that is shared."""
    return shared_workbench.home


def kept(home: Path, name: str, **values: Any) -> str:
    """Put a result of the lab into the home; returns its page."""
    started = "2026-03-01T10:00:00+00:00"
    result = Result(lab=LAB, id=name, started_at=started, knobs={"answer": 100}, predicted=Predicted(value=4))
    store.save(home, msgspec.structs.replace(result, **values))
    return f"/labs/{LAB}/{name}"


def ended(browser: Any, run: str) -> str:
    """The run's page, once the run has ended."""
    end = time.monotonic() + ENOUGH_S
    while "sse-connect" in (page := browser.read(run)):
        assert time.monotonic() < end, page
        time.sleep(0.05)
    return page


def test_the_index_names_every_lab(browser: Any) -> None:
    """With its question and about how long it takes."""
    page = browser.read("/labs")

    assert f'href="/labs/{LAB}"' in page
    assert "Does it matter whether a client opens a new connection" in page
    assert re.search(r"About \d+ s", page)


def test_a_lab_asks_for_a_prediction_first(browser: Any) -> None:
    """The number is required, with its unit beside it; every knob can be chosen."""
    page = browser.read(f"/labs/{LAB}")

    assert re.search(r'<input id="prediction" name="prediction" required', page)
    assert 'name="knob-answer"' in page
    assert "no-prediction" not in page


@pytest.mark.parametrize(
    ("typed", "reason"), [("", "Predict first"), ("many", "&#39;many&#39; is none"), ("-1", "is none")]
)
def test_without_a_number_nothing_is_run(browser: Any, home: Path, typed: str, reason: str) -> None:
    """The form comes back with the reason and with all that was typed; no result is begun."""
    before = list((home / "labs" / LAB).glob("*.json"))
    answer = browser.send(f"/labs/{LAB}/run", prediction=typed, because="as I said", **{"knob-answer": "10000"})

    assert answer.status_code == 400
    assert reason in answer.text
    assert 'value="as I said"' in answer.text
    assert re.search(r'value="10000" selected', answer.text)
    assert list((home / "labs" / LAB).glob("*.json")) == before


def test_a_form_without_its_token_is_refused(browser: Any) -> None:
    """As every form that starts something."""
    assert browser.send(f"/labs/{LAB}/run", prediction="3", token="wrong").status_code == 403


def test_a_knob_that_does_not_exist_is_refused(browser: Any) -> None:
    """Its name is told."""
    answer = browser.send(f"/labs/{LAB}/run", prediction="3", **{"knob-teapot": "1"})

    assert answer.status_code == 400
    assert "teapot" in answer.text


def test_the_prediction_is_kept_before_anything_is_measured(run: str, home: Path) -> None:
    """The result's file exists when the form is answered, with the number and the reason."""
    result = store.find_result(home, LAB, run.rpartition("/")[2])

    assert result.predicted == Predicted(value=3, because="<b>three</b> segments")


def test_a_run_is_followed_to_its_result(browser: Any, run: str) -> None:
    """Progress, then the result in the same place, then what a screen reader says, then the end."""
    events = browser.to_the_end(run)
    shares = [float(share) for _, data in events for share in re.findall(r'<progress[^>]* value="([\d.]+)"', data)]
    names = [name for name, _ in events]
    result = dict(events)["result"]

    assert shares == sorted(shares)
    assert names[-3:] == ["result", "say", "done"]
    assert "You predicted 3 ×, and measured" in result
    assert 'class="plot"' in result
    assert "you predicted" in result
    assert "How far to trust it" in result


def test_the_page_of_an_ended_run_is_complete(browser: Any, run: str) -> None:
    """Headline, verdict, plots with their tables, machine and knobs, a form with the same knobs, the journal; all escaped."""
    page = ended(browser, run)

    assert "You predicted 3 ×, and measured" in page
    assert "&lt;b&gt;three&lt;/b&gt; segments" in page
    assert page.count("<summary>The numbers</summary>") >= 2
    assert "Where and how it was measured" in page
    assert f'href="/journal/new?about=lab/{LAB}/{run.rpartition("/")[2]}"' in page
    assert re.search(r'name="prediction" required[^>]*value=""', page)
    assert "style=" not in page


def test_a_run_without_scripts_refreshes_itself(browser: Any, run: str) -> None:
    """While it lasts the page reloads by itself, and then no more."""
    first = browser.read(run)
    last = ended(browser, run)

    assert "sse-connect" not in first or '<noscript><meta http-equiv="refresh"' in first
    assert "http-equiv" not in last


def test_a_stopped_run_keeps_the_prediction(browser: Any, run: str) -> None:
    """The page says that it was stopped, and what had been predicted."""
    page = browser.read(run)
    found = re.search(r"/jobs/[\w-]+/stop", page)
    assert found is not None, page
    browser.send(found[0])

    page = ended(browser, run)

    assert "This run has no result" in page
    assert "Your prediction is kept: 3 ×" in page


def test_a_failed_run_says_why(browser: Any, home: Path) -> None:
    """With what its measurement wrote last, as text."""
    page = browser.read(kept(home, "20260301T100000", failed="the measurement ended with 1:\n<i>no socket</i>"))

    assert "This run has no result" in page
    assert "&lt;i&gt;no socket&lt;/i&gt;" in page
    assert "Your prediction is kept: 4 ×" in page


def test_a_run_that_was_cut_short_says_so(browser: Any, home: Path) -> None:
    """Such as one during which the machine was switched off."""
    page = browser.read(kept(home, "20260301T100001"))

    assert "it was cut short" in page
    assert "Your prediction is kept: 4 ×" in page


def test_a_result_that_the_lab_no_longer_knows_shows_its_medians(browser: Any, home: Path) -> None:
    """The lab has changed, the numbers are still worth something."""
    samples = (Sample(series="a series of old", unit="µs", values=(1.0, 2.0, 9.0)),)
    address = kept(home, "20260301T100002", finished=True, samples=samples)
    page = browser.read(address)

    assert "The lab has changed since" in page
    assert re.search(r"a series of old.*?2 µs.*?3 times", page, re.DOTALL)
    assert "not explained any more" in browser.read(f"/labs/{LAB}")


def test_three_results_with_the_same_knobs_make_a_course(browser: Any, home: Path) -> None:
    """They are drawn over each other's runs, with what was predicted."""
    recorded = store.recording(LAB)
    assert recorded is not None
    for second in range(3):
        known = {field: getattr(recorded, field) for field in ("samples", "facts", "knobs", "machine", "quiet")}
        kept(home, f"2099010{second + 1}T000000", finished=True, **known)
    page = browser.read(f"/labs/{LAB}")

    assert re.search(r"The last \d+ runs with these knobs", page)


def test_the_recording_says_where_it_was_made(browser: Any) -> None:
    """It offers a run here, and no form that would look like this machine's result."""
    page = browser.read(f"/labs/{LAB}/recording")

    assert "recorded on another machine" in page
    assert "Predict and run it here" in page
    assert f'action="/labs/{LAB}/run"' not in page


@pytest.mark.parametrize("address", ["/labs/teapot", f"/labs/{LAB}/20990101T999999", f"/labs/{LAB}/..%2f..%2ftoken"])
def test_what_is_not_there_is_404(browser: Any, address: str) -> None:
    """As a page that says so."""
    assert browser.open(address).status_code == 404
