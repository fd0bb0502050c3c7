"""Evidence and verdicts survive being written and read."""

import msgspec
import pytest

from climb.judge.evidence import (
    Comparison,
    Evidence,
    Exchange,
    Latencies,
    Lifetime,
    Message,
    Output,
    Percentiles,
    Reading,
    Series,
    Transcript,
)
from climb.judge.verdict import CheckResult, Status

EACH_KIND: list[Evidence] = [
    Comparison(subject="s", expected="e", received="r", difference=("d",), mark=(1, 2), why="w", saw=None),
    Transcript(
        number=1,
        argv=("./program", "--ports"),
        stdin=None,
        stdout="out \x00 \u2028",
        stdout_bytes=5,
        stderr="",
        stderr_bytes=0,
        ended="exit code 0",
        seconds=0.5,
        peak_memory=3,
    ),
    Output(title="t", lines=("a", "b")),
    Reading(subject="s", value=2.5, limit=2.0, unit="s", calibration="c"),
    Series(subject="s", unit="n", points=((0.0, 1.0),), limit=None),
    Latencies(subject="s", unit="ms", curves=(Percentiles(label="l", points=((99.0, 1.5),)),), limit=2.0),
    Exchange(
        peer="connection 1",
        messages=(Message(direction="sent", at=0.1, offset=0, size=2, text="a\n"),),
        left_out=1,
        gap=1,
        sent_bytes=2,
        received_bytes=0,
        by_hand="curl -si http://127.0.0.1:$PORT/",
    ),
    Lifetime(
        number=1,
        argv=("./program",),
        env=(("PORT", "1"),),
        folders=(),
        started=0.0,
        ready=None,
        ended="exit code 0",
        seconds=1.0,
        peak_memory=1,
    ),
]


@pytest.mark.parametrize("evidence", EACH_KIND, ids=lambda piece: type(piece).__name__)
def test_each_kind_round_trips_through_json(evidence: Evidence) -> None:
    """What is read back is equal, and of the same kind."""
    result = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="", evidence=(evidence,))

    again = msgspec.json.decode(msgspec.json.encode(result), type=CheckResult)

    assert again == result
    assert type(again.evidence[0]) is type(evidence)


@pytest.mark.parametrize("evidence", EACH_KIND, ids=lambda piece: type(piece).__name__)
def test_each_kind_says_what_it_is(evidence: Evidence) -> None:
    """A script finds the kind under "type", in lower case."""
    assert msgspec.to_builtins(evidence)["type"] == type(evidence).__name__.lower()
