"""Evidence: typed values that back a verdict and can be shown in a terminal, on a page, or read by a script."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from climb.gantt.model import Row
from climb.sequence.model import Shade, Step

__all__ = [
    "Comparison",
    "Curve",
    "Evidence",
    "Exchange",
    "Latencies",
    "Lifetime",
    "Message",
    "Output",
    "Percentiles",
    "Reading",
    "Sequence",
    "Series",
    "Table",
    "Timeline",
    "Transcript",
]


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


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One of several lines of a series: its name, which stands at its end, and points of (seconds, value)."""

    label: str
    points: tuple[tuple[float, float], ...]


class Series(_Evidence, frozen=True, tag="series", kw_only=True):
    """A quantity over time: points of (seconds, value), and the limit it should have kept.

    Several of the same unit are ``lines``, beside the points or instead of them. ``spans`` are times in which something was wrong
    on purpose, shaded. Quantities of other units are series of their own, with the same spans.
    """

    subject: str
    unit: str
    points: tuple[tuple[float, float], ...] = ()
    limit: float | None = None
    lines: tuple[Curve, ...] = ()
    spans: tuple[Shade, ...] = ()


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """One of several curves of latencies: its name, and points of (percentile, value), the last the largest value of all."""

    label: str
    points: tuple[tuple[float, float], ...]


class Latencies(_Evidence, frozen=True, tag="latencies", kw_only=True):
    """How long things took, by percentile: which value 90, 99, 99.9 percent did not exceed; and the limit, if there was one."""

    subject: str
    unit: str
    curves: tuple[Percentiles, ...]
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


class Sequence(_Evidence, frozen=True, tag="sequence", kw_only=True):
    """Who told whom what, and what happened meanwhile, as a sequence diagram; ``mark`` is the step to point at, from 0."""

    subject: str
    actors: tuple[str, ...]
    steps: tuple[Step, ...]
    shades: tuple[Shade, ...] = ()
    mark: int | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an exchange: bytes in one direction, or a ``note`` of something that happened to the connection.

    ``offset`` counts the bytes of this direction before it, ``size`` those of the step; ``text`` may be cut, and then is shorter.
    """

    direction: str  # "sent" (by the judge), "received" or "note"
    at: float  # seconds since the check began
    offset: int
    size: int
    text: str


class Exchange(_Evidence, frozen=True, tag="exchange", kw_only=True):
    """What the judge and the program said to each other over one connection.

    Of a long one the first and the last steps are kept; ``left_out`` says how many are missing, and ``gap`` behind which. ``by_hand`` is
    a line for a shell that sends the same, with ``$PORT`` for the port; empty if there is none.
    """

    peer: str
    messages: tuple[Message, ...]
    left_out: int
    gap: int
    sent_bytes: int
    received_bytes: int
    by_hand: str = ""


class Lifetime(_Evidence, frozen=True, tag="lifetime", kw_only=True):
    """One life of a service: how it was started, when it was ready, how it ended. Times are seconds since the check began.

    ``env`` holds what the contract names and nothing else; ``folders`` are those of its values that are folders of this check.
    """

    number: int
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    started: float
    ready: float | None
    ended: str
    seconds: float
    peak_memory: int


Evidence: TypeAlias = (
    Comparison | Transcript | Output | Reading | Series | Latencies | Table | Timeline | Exchange | Lifetime | Sequence
)
