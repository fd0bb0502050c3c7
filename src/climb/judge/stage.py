"""Stages and checks, as an author writes them.

    open_port = Stage("open-port", "One open port", concepts=["tcp-handshake"], hints=["…", "…", "…"])

    @open_port.check
    async def reported_open(scanner: Scanner, world: World) -> None:
        \"\"\"One port listens; exactly that port is reported open.\"\"\"
        server = await world.listener(hold())
        report = await scanner(server.address, "--ports", str(server.port))
        expect(report.open_ports, "open ports").equals({server.port}, why="a completed handshake means open")

The docstring is the claim that a learner reads. A check gets the project's driver, which runs the learner's program, and a world
of its own, which is torn down when the check ends.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, overload

import msgspec

from climb.errors import CourseError

__all__ = ["Check", "CheckFunction", "Stage"]

CheckFunction = Callable[[Any, Any], Awaitable[None]]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One claim and the function that tries it. ``id`` is the function's name with hyphens, and never changes."""

    id: str
    claim: str
    function: CheckFunction
    early: bool = False  # begun before the others, where some are judged at the same time


class Stage:
    """The next small step of a project: its checks in order, the concepts behind it, hints from gentle to plain.

    ``timed`` says that checks compare times, so the gate judges nothing else beside its wrong programs.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the word that authors and verdicts use
        title: str,
        *,
        concepts: Sequence[str],
        hints: Sequence[str],
        timed: bool = False,
    ) -> None:
        self.id = id
        self.timed = timed
        self.title = title
        self.concepts = tuple(concepts)
        self.hints = tuple(hints)
        self.checks: list[Check] = []

    def __repr__(self) -> str:
        return f"Stage({self.id!r}, {len(self.checks)} checks)"

    @overload
    def check(self, function: CheckFunction, /) -> CheckFunction: ...

    @overload
    def check(self, /, *, early: bool) -> Callable[[CheckFunction], CheckFunction]: ...

    def check(
        self, function: CheckFunction | None = None, /, *, early: bool = False
    ) -> CheckFunction | Callable[[CheckFunction], CheckFunction]:
        """Add a check; its docstring is the claim. One that waits for long is better begun ``early``.

        Raises CourseError if there is no docstring or the name is taken.
        """
        return self._added(function, early=early) if function else partial(self._added, early=early)

    def _added(self, function: CheckFunction, *, early: bool) -> CheckFunction:
        name = getattr(function, "__name__", "")
        check_id = name.replace("_", "-")
        claim = inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        if not claim:
            raise CourseError(f"stage {self.id}: check {name} has no docstring, so it claims nothing")
        if any(check.id == check_id for check in self.checks):
            raise CourseError(f"stage {self.id} has two checks named {name}")
        self.checks.append(Check(id=check_id, claim=claim, function=function, early=early))
        return function
