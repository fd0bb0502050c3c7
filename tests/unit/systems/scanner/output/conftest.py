"""Results as the engine would hand them over, and a writer's text as a function of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest

from climb.systems.scanner.model import Found, State, Summary
from climb.systems.scanner.output import make_writer

Write = Callable[..., str]

STARTED = datetime(2026, 11, 22, tzinfo=UTC).timestamp()


@pytest.fixture
def make_summary() -> Callable[..., Summary]:
    def make(**counts: float) -> Summary:
        return Summary(**{"hosts": 1, "ports": 8, "open": 1, "closed": 6, "filtered": 1, "elapsed_s": 1.02, **counts})

    return make


@pytest.fixture
def make_found() -> Callable[..., Found]:
    def make(**fields: object) -> Found:
        return Found(**{"host": "192.0.2.7", "port": 80, "state": State.OPEN, "rtt_ms": 0.21, **fields})

    return make


@pytest.fixture
def written(make_summary: Callable[..., Summary]) -> Write:
    def write(
        kind: str,
        results: Iterable[Found] = (),
        *,
        show_all: bool = False,
        interrupted: bool = False,
        command_line: Iterable[str] = ("climb", "scan", "192.0.2.7"),
        **counts: float,
    ) -> str:
        stream = io.StringIO()
        writer = make_writer(kind, stream, command_line=list(command_line), show_all=show_all, started_at=STARTED)
        for found in results:
            writer.found(found)
        writer.finish(make_summary(**counts), interrupted=interrupted)
        return stream.getvalue()

    return write
