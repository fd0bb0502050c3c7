"""What a check may demand of what it received. A demand that does not hold ends the check with a comparison as evidence.

expect(report.open_ports, "open ports").equals({8080}, why="a completed handshake means open")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from climb.judge.difference import compare, show
from climb.judge.evidence import Comparison, Evidence, Reading

__all__ = ["CannotTell", "Expectation", "Failure", "expect", "fail", "within"]


class Failure(Exception):
    """The program broke the claim. Raised by expectations and drivers, turned into a verdict by the run."""

    def __init__(self, subject: str, *evidence: Evidence) -> None:
        super().__init__(subject)
        self.subject = subject
        self.evidence = evidence


class CannotTell(Exception):
    """The judge has no fair verdict: the machine was too busy, or something else was in the way."""


def expect(received: Any, subject: str) -> Expectation:
    """Begin a demand on ``received``; ``subject`` names it in the report, as in "open ports"."""
    return Expectation(received, subject)


def fail(subject: str, *, expected: str, received: str, why: str, saw: object = None) -> NoReturn:
    """End the check: expected and received are already in words."""
    raise Failure(
        subject,
        Comparison(subject=subject, expected=expected, received=received, why=why, saw=_words(saw)),
    )


class Expectation:
    """A value received, waiting for a demand. Each demand says why it must hold."""

    def __init__(self, received: Any, subject: str) -> None:
        self._received = received
        self._subject = subject

    def equals(self, expected: Any, *, why: str, saw: object = None) -> None:
        """The value is exactly ``expected``. For mappings only the keys of ``expected`` count."""
        received = self._received
        if isinstance(expected, Mapping) and isinstance(received, Mapping):
            held = all(key in received and received[key] == value for key, value in expected.items())
        else:
            held = received == expected
        if not held:
            self._fail(expected, why, saw)

    def at_most(self, limit: float, *, why: str, saw: object = None) -> None:
        """The number is ``limit`` or less."""
        if not (_is_number(self._received) and self._received <= limit):
            self._fail_in_words(f"at most {limit:g}", why, saw)

    def at_least(self, limit: float, *, why: str, saw: object = None) -> None:
        """The number is ``limit`` or more."""
        if not (_is_number(self._received) and self._received >= limit):
            self._fail_in_words(f"at least {limit:g}", why, saw)

    def satisfies(self, rule: Callable[[Any], bool], *, expected: str, why: str, saw: object = None) -> None:
        """``rule`` holds for the value; ``expected`` says the rule in words."""
        if not rule(self._received):
            self._fail_in_words(expected, why, saw)

    def _fail(self, expected: Any, why: str, saw: object) -> NoReturn:
        difference = compare(expected, self._received)
        raise Failure(
            self._subject,
            Comparison(
                subject=self._subject,
                expected=difference.expected,
                received=difference.received,
                difference=difference.lines,
                mark=difference.mark,
                why=why,
                saw=_words(saw),
            ),
        )

    def _fail_in_words(self, expected: str, why: str, saw: object) -> NoReturn:
        fail(self._subject, expected=expected, received=show(self._received), why=why, saw=saw)


def within(
    value: float, limit: float, subject: str, *, unit: str, calibration: str, why: str, saw: object = None
) -> None:
    """A measured ``value`` keeps its ``limit``; ``calibration`` says in words how this machine's limit came about."""
    if value <= limit:
        return
    expected, received = f"at most {limit:.3g} {unit}: {calibration}", f"{value:.3g} {unit}"
    raise Failure(
        subject,
        Comparison(subject=subject, expected=expected, received=received, why=why, saw=_words(saw)),
        Reading(subject=subject, value=value, limit=limit, unit=unit, calibration=calibration),
    )


def _is_number(value: object) -> bool:
    """What a program prints may be of any type, and true is no number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(saw: object) -> str | None:
    return None if saw is None else str(saw)
