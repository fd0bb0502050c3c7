"""A finding of the audit as a table: each operation that does not hold, and how close to a kill it was acknowledged."""

from __future__ import annotations

from climb.judge.evidence import Table
from climb.judge.history import History
from climb.judge.properties import Counterexample, Finding

__all__ = ["kills_table"]

_MOST = 20


def kills_table(finding: Finding, history: History) -> Table:
    """The first of them, in the order of their acknowledgements."""
    rows = tuple(_row(each, history) for each in finding.counterexamples[:_MOST])
    left = len(finding.counterexamples) - len(rows)
    more = (("", "", "", f"and {left:,} more"),) if left > 0 else ()
    return Table(
        subject="what does not hold",
        columns=("operation", "acknowledged (s)", "before the kill (ms)", "is now"),
        rows=rows + more,
    )


def _row(each: Counterexample, history: History) -> tuple[str, str, str, str]:
    operation = each.operations[-1]
    at = operation.ended_at
    kills = [event.at for event in history.events if event.kind == "killed" and at is not None and event.at >= at]
    before = f"{(min(kills) - at) * 1000:.1f}" if kills and at is not None else ""
    return operation.label or operation.what, "" if at is None else f"{at:.3f}", before, each.received.split(" (")[0]
