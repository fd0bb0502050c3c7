"""The one sentence that a scan ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from climb.systems.scanner.model import Summary

__all__ = ["count", "sentence"]


def count(number: int, noun: str) -> str:
    """``1 port``, ``8 ports``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def sentence(summary: Summary, *, interrupted: bool = False) -> str:
    """For example: ``3 open of 8 ports on 1 host in 1.02 s (4 closed, 1 filtered)``."""
    where = f"{count(summary.ports, 'port')} on {count(summary.hosts, 'host')}"
    rest = [f"{summary.closed} closed"] * bool(summary.closed) + [f"{summary.filtered} filtered"] * bool(
        summary.filtered
    )
    others = f" ({', '.join(rest)})" if rest else ""
    before = "Interrupted: " if interrupted else ""
    return f"{before}{summary.open} open of {where} in {summary.elapsed_s:.2f} s{others}"
