"""The schedules that the brief shows were worked out by hand; the reference makes the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from climb.systems.scheduler import schedule
from climb.systems.scheduler.command import parsed
from climb.systems.scheduler.reading import read_workload

_BRIEF = Path(__file__).parents[4] / "src/climb/projects/scheduler/brief.md"
_SEGMENT = re.compile(r"(\w+) (\d+)–(\d+)")


def _examples() -> Iterator[tuple[str, str, str]]:
    """Each row of each table below "Worked examples", with the workload above it."""
    section = _BRIEF.read_text(encoding="utf-8").partition("## Worked examples\n")[2].partition("\n## ")[0]
    document = ""
    for block in section.split("\n\n"):
        if block.startswith("    {"):
            document = block
        for run, timeline in re.findall(r"^\| `(--policy [^`]+)` \| (.+) \|$", block, re.MULTILINE):
            yield document, run, timeline


def _segments(timeline: str) -> list[tuple[int, str, int, int]]:
    """The schedule in a row; without a word on processors there is only one."""
    parts = re.findall(r"processor (\d+): ([^;]+)", timeline) or [("0", timeline)]
    found = [
        (int(cpu), task, int(start), int(end)) for cpu, part in parts for task, start, end in _SEGMENT.findall(part)
    ]
    return sorted(found, key=lambda segment: (segment[2], segment[0]))


@pytest.mark.parametrize(("document", "run", "timeline"), list(_examples()))
def test_a_worked_example_is_what_the_reference_makes(document: str, run: str, timeline: str) -> None:
    """The reference's segments are those of the row."""
    options, _ = parsed(run.split())

    made = schedule(read_workload(document.encode()), options).timeline

    assert [(part.cpu, part.task, part.start, part.end) for part in made] == _segments(timeline)


def test_the_schedule_shown_at_first_is_that_of_the_workload_shown() -> None:
    """The numbers in the example of a schedule document belong to the example of a workload document, with ``rr``."""
    workload, shown = re.findall(r"^    \{.+?\n\n", _BRIEF.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[:2]
    editor = json.loads(re.search(r'"editor": (\{"completion.+?\})', shown)[1])
    summary = json.loads(re.search(r'"summary": (\{.+?\})', shown, re.DOTALL)[1])

    made = schedule(read_workload(workload.encode()), parsed(["--policy", "rr"])[0])

    assert {name: getattr(made.tasks["editor"], name) for name in editor} == editor
    assert {name: getattr(made.summary, name) for name in summary} == pytest.approx(summary, abs=0.001)


def test_the_examples_show_every_policy() -> None:
    """No policy is without a worked example."""
    shown = {run.split()[1] for _, run, _ in _examples()}

    from climb.systems.scheduler.model import POLICIES

    assert shown == set(POLICIES)
