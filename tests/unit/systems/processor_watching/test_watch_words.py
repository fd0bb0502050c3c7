"""A processor's standing in words."""

import msgspec
import pytest

from climb.systems.processor.watching.told import Stats
from climb.systems.processor.watching.watch import Phase, View
from climb.systems.processor.watching.words import distance, duration, lag, moment, sentence

STATS = Stats(
    accepted=1, late=0, duplicates=0, rejected=0, sensors=1, windows_closed=0, watermark=None, workers=2,
    percentile_error=0.01, uptime_seconds=65.0, recovery_seconds=0.4, replayed=12_000, durable=True,
)  # fmt: skip
RUNNING = View(Phase.RUNNING, 2_000, 1_000, STATS)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.25, "250 ms"), (7.25, "7.2 s"), (59.4, "59 s"), (192, "3 min 12 s"), (7_500, "2 h 5 min")),
        *((86_400, "1 day"), (200_000, "2 days"), (97_830_720, "3.1 years"), (1.8e12, "57,039 years")),
    ],
)
def test_a_length_of_time_has_the_unit_that_fits(seconds: float, text: str) -> None:
    """From milliseconds to the years that replayed readings are away."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("behind_ms", "text"),
    [(2_300, "2.3 s behind now"), (-60_000, "1 min 0 s ahead of now"), (None, "there is none yet")],
)
def test_the_watermark_is_behind_or_ahead(behind_ms: int | None, text: str) -> None:
    """And is said to be missing where there is none."""
    assert distance(behind_ms) == text


@pytest.mark.parametrize(("milliseconds", "text"), [(None, "–"), (2.048, "2.05 ms"), (1500.0, "1.5 s")])
def test_a_lag_is_in_milliseconds_up_to_a_second(milliseconds: float | None, text: str) -> None:
    """What was not measured is a dash."""
    assert lag(milliseconds) == text


def test_a_moment_beyond_the_calendar_is_a_number() -> None:
    """Event time goes up to 2⁵³ − 1 ms."""
    assert moment(2**53 - 1) == "9007199254740991 ms"


def test_a_running_one_says_since_when_and_of_what() -> None:
    """How long it runs, its workers, and whether it is durable."""
    assert sentence(RUNNING) == "Running for 1 min 5 s, 2 workers, durable."


def test_one_that_only_keeps_the_contract_says_less() -> None:
    """Nothing is made up for what it does not tell."""
    bare = msgspec.structs.replace(STATS, uptime_seconds=None, durable=None, workers=1)

    assert sentence(msgspec.structs.replace(RUNNING, stats=bare)) == "Running, 1 worker."


def test_one_that_was_started_again_says_what_that_took() -> None:
    """Recovery and what was replayed."""
    said = sentence(msgspec.structs.replace(RUNNING, starts=1))

    assert said.endswith(", recovered in 400 ms, 12,000 readings replayed.")


def test_one_that_is_gone_says_that_its_numbers_are_old() -> None:
    """And that it is awaited."""
    said = sentence(msgspec.structs.replace(RUNNING, phase=Phase.GONE))

    assert said.startswith("No answer since ")
    assert "These are its last numbers" in said
