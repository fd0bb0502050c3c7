"""Evidence: typed values that back a verdict and can be shown in a terminal, on a page, or read by a script."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from climb.gantt.model import Row

__all__ = ["Comparison", "Evidence", "Output", "Reading", "Series", "Table", "Timeline", "Transcript"]


class _Evidence(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What all kinds share: the tag that names the kind."""


class Comparison(_Evidence, frozen=True, tag="comparison", kw_only=True):
    """What should have been, what was, and the exact difference.

    ``mark`` is the part of ``received`` to point at: start and length in characters.
    """

    subject: str
    expected: str
    received: str
    difference: tuple[str, ...] = ()
    mark: tuple[int, int] | None = None
    why: str = ""
    saw: str | None = None


class Transcript(_Evidence, frozen=True, tag="transcript", kw_only=True):
    """One call of a command: what it was given and all that came back.

    Long streams are cut in the middle; ``stdout_bytes`` and ``stderr_bytes`` say how much there was, and the run folder
    holds the whole of it in ``calls/<number>.*``.
    """

    number: int
    argv: tuple[str, ...]
    stdin: str | None
    stdout: str
    stdout_bytes: int
    stderr: str
    stderr_bytes: int
    ended: str
    seconds: float
    peak_memory: int


class Output(_Evidence, frozen=True, tag="output", kw_only=True):
    """The last lines that a program or a build wrote, as it wrote them."""

    title: str
    lines: tuple[str, ...]


class Reading(_Evidence, frozen=True, tag="reading", kw_only=True):
    """A measured quantity against its limit; ``calibration`` says what the limit was made from."""

    subject: str
    value: float
    limit: float
    unit: str
    calibration: str


class Series(_Evidence, frozen=True, tag="series", kw_only=True):
    """A quantity over time: points of (seconds, value), and the limit it should have kept."""

    subject: str
    unit: str
    points: tuple[tuple[float, float], ...]
    limit: float | None = None


class Table(_Evidence, frozen=True, tag="table", kw_only=True):
    """Facts side by side: a heading for each column, and rows of as many cells; ``mark`` is the row to point at."""

    subject: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    mark: int | None = None


class Timeline(_Evidence, frozen=True, tag="timeline", kw_only=True):
    """Who used what when, as a Gantt chart. ``moment`` is the time to point at, in ``unit``."""

    subject: str
    unit: str
    rows: tuple[Row, ...]
    moment: int | None = None


Evidence: TypeAlias = Comparison | Transcript | Output | Reading | Series | Table | Timeline
