"""What the processor refuses to start with."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from processor_clients import Service

Start = Callable[..., Service]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "None"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("INGEST_PORT", "7.5"),
        ("DATA_DIR", "/nowhere/at/all"),
        ("DATA_DIR", "None"),
        ("WINDOW_MS", "None"),
        ("WINDOW_MS", "0"),
        ("WINDOW_MS", "1000000001"),
        ("WINDOW_MS", "+5"),
        ("WINDOW_MS", "٣"),
        ("SLIDE_MS", "300"),
        ("SLIDE_MS", ""),
        ("LATENESS_MS", "-1"),
        ("IDLE_MS", "0"),
        ("WORKERS", "65"),
    ],
)
def test_a_wrong_variable(service: Start, name: str, value: str) -> None:
    """A variable that is missing or wrong ends it with exit code 2 and one line that names it."""
    running = service(ready=False, **{name: value})
    code, errors = running.wait(), running.errors()

    assert code == 2
    assert errors.startswith(f"{name}: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(("name", "shape"), [("WINDOW_MS", (2000, 500)), ("SLIDE_MS", (1000, 250))])
def test_another_shape(service: Start, name: str, shape: tuple[int, int]) -> None:
    """A folder that was written with other windows is refused; other settings may change."""
    service(window_ms=1000, slide_ms=500).kill()
    service(window_ms=1000, slide_ms=500, lateness_ms=7, idle_ms=3, workers=2).kill()
    running = service(ready=False, window_ms=shape[0], slide_ms=shape[1])
    code, errors = running.wait(), running.errors()

    assert code == 2
    assert errors.startswith(f"{name}: ")


def test_a_port_in_use(service: Start) -> None:
    """A port that another program has is named like any wrong variable."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        running = service(ready=False, port=taken.getsockname()[1])
        code, errors = running.wait(), running.errors()

    assert code == 2
    assert errors.startswith("PORT: ")
