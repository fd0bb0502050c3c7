"""Signals that end a scan."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from climb.systems.scanner.interrupts import Interrupts

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_stops_the_scan(number: signal.Signals) -> None:
    """The exit code says which one it was."""
    calls: list[str] = []
    with Interrupts() as interrupts:
        interrupts.on_stop(lambda: calls.append("stop"))
        signal.raise_signal(number)

    assert calls == ["stop"]
    assert interrupts.exit_code == 128 + number


def test_an_early_signal_is_not_lost() -> None:
    """One that comes before there is anything to stop stops it when it is there."""
    calls: list[str] = []
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        interrupts.on_stop(lambda: calls.append("stop"))

    assert calls == ["stop"]


def test_a_second_signal_ends_the_program() -> None:
    """Whoever asks twice does not want to wait for good order."""
    with Interrupts():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_a_closed_terminal_is_survived_where_that_was_asked_for() -> None:
    """As by nohup, which has the signal ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGHUP)

    assert interrupts.received is None


def test_the_handlers_of_before_come_back() -> None:
    """The command may be one part of a longer program."""
    before = [signal.getsignal(number) for number in NUMBERS]
    with Interrupts():
        pass

    assert [signal.getsignal(number) for number in NUMBERS] == before
