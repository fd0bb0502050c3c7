"""From a finding to a verdict: the check ends, and the learner sees the counterexample in its surroundings."""

from __future__ import annotations

from collections.abc import Sequence

from climb.judge.evidence import Comparison, Evidence
from climb.judge.expect import Failure
from climb.judge.history import History
from climb.judge.properties.finding import Finding
from climb.judge.sequences import sequence_of

__all__ = ["demand"]

_MORE = 4


def demand(finding: Finding, history: History, *, why: str, evidence: Sequence[Evidence] = ()) -> None:
    """End the check if the finding does not hold: with its first counterexample, how many more there are, and a sequence."""
    if finding.holds:
        return
    first, *others = finding.counterexamples
    comparison = Comparison(
        subject=finding.claim,
        expected=first.expected,
        received=first.received,
        difference=_others([each.received for each in others]),
        why=why,
    )
    drawn = sequence_of(history, subject="what led to it", around=first.operations)
    raise Failure(finding.claim, comparison, drawn, *evidence)


def _others(received: Sequence[str]) -> tuple[str, ...]:
    if not received:
        return ()
    left = len(received) - _MORE
    return ("also:", *received[:_MORE], *((f"and {left:,} more",) if left > 0 else ()))
