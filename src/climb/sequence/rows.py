"""What text and drawing have in common: the state of each actor at each row, which rows are shaded, and words for the steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from climb.sequence.model import Arrow, Diagram, Gap, Note, State, Step

__all__ = ["Row", "alternative", "messages", "ordered", "rows", "seconds"]

_TOLD = 40  # steps that the alternative text names


class Row(NamedTuple):
    """A step, the state of each actor after it, whether something is wrong meanwhile, and whether it is the one to point at."""

    step: Step
    states: dict[str, State]
    shaded: bool
    marked: bool


def rows(diagram: Diagram) -> Iterator[Row]:
    """The steps from first to last; who is not named by a note runs."""
    states: dict[str, State] = dict.fromkeys(diagram.actors, "running")
    for number, step in enumerate(diagram.steps):
        if isinstance(step, Note) and step.state is not None and step.actor in states:
            states[step.actor] = step.state
        shaded = any(shade.start <= step.at <= shade.end for shade in diagram.shades)
        yield Row(step, dict(states), shaded, number == diagram.mark)


def ordered(diagram: Diagram, arrow: Arrow) -> tuple[int, int]:
    """The columns of an arrow's sender and receiver."""
    return diagram.actors.index(arrow.sender), diagram.actors.index(arrow.receiver)


def seconds(at: float) -> str:
    """A time as it stands beside a row."""
    return f"{at:.3f}"


def alternative(diagram: Diagram) -> str:
    """The diagram in words, the first steps if there are many."""
    said = [f"Sequence diagram of {', '.join(diagram.actors)}."]
    said += [f"Shaded from {seconds(each.start)} to {seconds(each.end)} s: {each.label}." for each in diagram.shades]
    said += [_told(row) for row in list(rows(diagram))[:_TOLD]]
    if len(diagram.steps) > _TOLD:
        said.append(f"And {len(diagram.steps) - _TOLD} more.")
    return " ".join(said)


def _told(row: Row) -> str:
    pointed = "Pointed at: " if row.marked else ""
    step = row.step
    at = f"{pointed}{seconds(step.at)} s"
    match step:
        case Arrow():
            lost = "" if step.arrived else ", without an answer"
            return f"{at}: {step.sender} to {step.receiver}: {step.label}{lost}."
        case Note():
            return f"{at}: {step.actor + ': ' if step.actor else ''}{step.label}."
        case Gap():
            return f"{at}: {messages(step)}, not shown."


def messages(gap: Gap) -> str:
    """How many are not shown."""
    return f"{gap.messages:,} {'message' if gap.messages == 1 else 'messages'}"
