"""Measured numbers as explanations speak of them."""

from __future__ import annotations

from climb.labs.statistics import Estimate

__all__ = ["number", "with_interval", "with_unit"]


def number(value: float) -> str:
    """A measured number with three significant digits, thousands separated: 0.00312, 4.56, 78.9, 12,300."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"


def with_unit(value: float, unit: str) -> str:
    """A measured number with its unit, if it has one."""
    return f"{number(value)} {unit}".rstrip()


def with_interval(estimate: Estimate, unit: str) -> str:
    """A value with its unit and, if it has one that can be seen, its interval."""
    low, high = number(estimate.low), number(estimate.high)
    return with_unit(estimate.value, unit) + (f" ({low} to {high})" if low != high else "")
