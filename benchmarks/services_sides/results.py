"""What came of the turns of the benchmark of the services, and how it is told."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Turn:
    """What one side did in one turn."""

    answers_per_s: float
    cpu_us: float  # of the server, an answer
    p50_ms: float
    p99_ms: float
    refused: int  # answered with 503, and not among the answers

    def __str__(self) -> str:
        refused = f", {self.refused} refused" if self.refused else ""
        return f"{self.answers_per_s:,.0f} answers/s, {self.cpu_us:.1f} µs each, p50 {self.p50_ms:.2f} ms, p99 {self.p99_ms:.2f} ms{refused}"


def print_race(
    work: str, turns: dict[str, list[Turn]], calm: dict[str, list[Turn]], memory: dict[str, float], out: TextIO
) -> None:
    """Rates, costs and ratios of one work."""
    print(f"\n{work}", file=out)
    for name, played in turns.items():
        rates, costs = [turn.answers_per_s for turn in played], [turn.cpu_us for turn in played]
        line = f"{statistics.median(rates):9,.0f} answers/s ({min(rates):,.0f} to {max(rates):,.0f})"
        half = statistics.median(turn.p99_ms for turn in calm[name])
        rest = f"p99 at half of that {half:6.2f} ms   {memory[name]:6.1f} MiB"
        if refused := sum(turn.refused for turn in (*played, *calm[name])):
            rest += f"   {refused} refused (503)"
        print(f"  {name:10} {line}   {statistics.median(costs):6.1f} µs of processor each   {rest}", file=out)
    ours = turns.get("ours", [])
    for name, played in turns.items():
        if ours and name != "ours":
            pairs = list(zip(ours, played, strict=True))
            rates = spread([mine.answers_per_s / theirs.answers_per_s for mine, theirs in pairs])
            cores = spread([theirs.cpu_us / mine.cpu_us for mine, theirs in pairs])
            print(f"  ours / {name:10} answers/s {rates}   a core {cores}", file=out)
    out.flush()


def spread(values: Sequence[float]) -> str:
    """The median, and from the smallest to the largest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
