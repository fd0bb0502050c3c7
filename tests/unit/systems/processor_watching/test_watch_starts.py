"""Whether a processor has been started again since it was last seen."""

import msgspec
import pytest

from climb.systems.processor.watching.told import Stats
from climb.systems.processor.watching.watch import Phase, View, started_again

STATS = Stats(
    accepted=0, late=0, duplicates=5, rejected=0, sensors=0, windows_closed=0, watermark=None, workers=1,
    percentile_error=0.01,
)  # fmt: skip


def _aged(seconds: float | None) -> Stats:
    return msgspec.structs.replace(STATS, uptime_seconds=seconds)


@pytest.mark.parametrize(
    ("first_s", "second_s", "again"),
    [
        *((60.0, 62.0, False), (60.0, 62.8, False), (60.0, 0.4, True), (60.0, 61.0, True)),
        *((0.005, 0.08, True), (0.1, 2.1, False), (0.1, 2.099, False)),
    ],
)
def test_an_age_grows_by_the_time_between_two_answers(first_s: float, second_s: float, *, again: bool) -> None:
    """Two seconds between them: a younger one was started again, even one older than the last was."""
    before = View(Phase.RUNNING, 0, 0, _aged(first_s))

    assert started_again(before, _aged(second_s), 2.0) is again


@pytest.mark.parametrize(
    ("phase", "duplicates", "again"),
    [(Phase.RUNNING, 5, False), (Phase.RUNNING, 4, True), (Phase.GONE, 5, True)],
)
def test_without_an_age_the_counters_and_a_seen_end_tell(phase: Phase, duplicates: int, *, again: bool) -> None:
    """Counters never fall while a processor runs."""
    now = msgspec.structs.replace(STATS, duplicates=duplicates)

    assert started_again(View(phase, 0, 0, STATS), now, 2.0) is again


def test_the_first_answer_is_no_start_again() -> None:
    """Nothing is known of before."""
    assert not started_again(View(Phase.WAITING, 0, 0), _aged(0.1), 2.0)
