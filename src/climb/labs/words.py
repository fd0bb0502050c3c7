"""Measured numbers as explanations speak of them."""

from __future__ import annotations

__all__ = ["number"]


def number(value: float) -> str:
    """A measured number with three significant digits, thousands separated: 0.00312, 4.56, 78.9, 12,300."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
