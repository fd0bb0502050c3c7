"""A processor's numbers for a terminal: a picture as wide as there is room, a line for a pipe, a document for a script."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from climb.cli.console import symbols
from climb.systems.processor.watching.address import Address
from climb.systems.processor.watching.told import Closed, Stats, Worker
from climb.systems.processor.watching.watch import Phase, View, last_of
from climb.systems.processor.watching.words import clock, distance, lag, moment, sentence

__all__ = ["Scene", "document", "line", "sparkline"]

_SEEN = 240  # looks that the lines over time remember
_NAMES = 12  # columns in front of the numbers
_ROWS = 8  # of the newest windows, if there is no height to go by
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_HEIGHTS_ASCII = " .:-=+*#%@"
_MEASURES = ("count", "mean", "min", "p50", "p95", "p99", "max")


def sparkline(values: Sequence[float | None], width: int, *, ascii_only: bool) -> str:
    """The last ``width`` values as heights from 0 to the largest of them; what is not known is a gap."""
    heights = _HEIGHTS_ASCII if ascii_only else _HEIGHTS
    shown = list(values)[-width:] if width > 0 else []
    most = max((value for value in shown if value is not None), default=0) or 1
    return "".join(" " if value is None else heights[1 + round(value / most * (len(heights) - 2))] for value in shown)


def document(address: Address, view: View) -> dict[str, object]:
    """One look, for a script."""
    return {
        "processor": str(address),
        "state": view.phase.value,
        "at": view.at_ms,
        "behind_ms": view.behind_ms,
        "stats": msgspec.to_builtins(view.stats) if view.phase is Phase.RUNNING else None,
    }


def line(view: View) -> str:
    """One look on one line."""
    stats = view.stats
    if view.phase is not Phase.RUNNING or stats is None:
        return f"{clock(view.at_ms)}  {sentence(view)}"
    parts = [
        f"{_rate(view.rate)} readings/s",
        f"lag p50 {lag(stats.lag_p50_ms)}, p99 {lag(stats.lag_p99_ms)}",
        f"watermark {distance(view.behind_ms)}",
        *(f"{name} {value:,}" for name, value in _counters(stats)),
    ]
    return f"{clock(view.at_ms)}  {'; '.join(parts)}"


class Scene:
    """What a terminal shows. It remembers the looks before, for the lines over time."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._view: View | None = None
        self._rates: deque[float | None] = deque(maxlen=_SEEN)
        self._lags: deque[float | None] = deque(maxlen=_SEEN)
        self._closed = -1
        self.windows: list[Closed] = []

    def wants_windows(self, view: View) -> bool:
        """Whether windows have closed since those that are shown."""
        return view.stats is not None and view.stats.windows_closed != self._closed

    def add(self, view: View) -> None:
        """Show this look from now on."""
        running = view.phase is Phase.RUNNING and view.stats is not None
        self._view = view
        self._closed = view.stats.windows_closed if view.stats else -1
        self._rates.append(view.rate if running else None)
        self._lags.append(view.stats.lag_p99_ms if running and view.stats else None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.picture(options, live=True)

    def picture(self, options: ConsoleOptions, *, live: bool = False) -> Text:
        """All of it, no line longer than there is room; while ``live`` no more lines either."""
        view = self._view
        assert view is not None
        width, plain = options.max_width, symbols().dot == "-"
        height = options.max_height if live else 0
        lines = [*self._head(view, live=live), Text()]
        if view.stats is not None:
            lines += [*self._over_time(view, view.stats, width, plain=plain), Text()]
            lines += [*_counted(view.stats, width), Text()]
            if view.stats.by_worker:
                lines += [*_workers(view.stats.by_worker, width, plain=plain), Text()]
            lines += self._newest(view.stats, width, height - len(lines) - 3 if live else _ROWS)
        for each in lines:
            if plain:
                each.plain = each.plain.replace("–", "-")
            each.truncate(width, overflow="crop" if plain else "ellipsis")
        return Text("\n").join(lines[: height - 1] if live and height > 1 else lines)

    def _head(self, view: View, *, live: bool) -> Iterable[Text]:
        ends = "   q ends" if live else ""
        yield Text.assemble(("climb stream top", "bold"), f"   {self._address}", (ends, "dim"))
        yield Text(sentence(view), style="" if view.phase is Phase.RUNNING else "bold")

    def _over_time(self, view: View, stats: Stats, width: int, *, plain: bool) -> Iterable[Text]:
        figures = (
            ("readings/s", _rate(view.rate), self._rates),
            ("lag", f"p50 {lag(stats.lag_p50_ms)}   p99 {lag(stats.lag_p99_ms)}", self._lags),
        )
        room = max(len(text) for _, text, _ in figures) + 2
        for name, text, values in figures:
            drawn = sparkline(values, width - _NAMES - room, ascii_only=plain)
            yield Text.assemble((f"{name:<{_NAMES}}", "dim"), (f"{text:<{room}}", "bold"), drawn)
        mark = "none yet" if stats.watermark is None else f"{moment(stats.watermark)}   {distance(view.behind_ms)}"
        yield Text.assemble((f"{'watermark':<{_NAMES}}", "dim"), mark)

    def _newest(self, stats: Stats, width: int, most: int) -> Iterable[Text]:
        if self.windows:
            return _newest(self.windows, width, most)
        if stats.windows_closed:
            return [Text("No window has closed lately.", style="dim")]
        return [Text("No window has closed yet. climb stream sensors sends readings.", style="dim")]


def _counted(stats: Stats, width: int) -> Iterable[Text]:
    """Names and numbers, in as many columns as fit."""
    pairs = _counters(stats)
    cell = _NAMES + 2 + max(len(f"{value:,}") for _, value in pairs) + 3
    across = max(1, min(3, (width + 3) // cell))
    down = -(-len(pairs) // across)
    for row in range(down):
        text = Text()
        for name, value in pairs[row::down]:
            text.append(f"{name:<{_NAMES + 2}}", "dim")
            text.append(f"{value:>{cell - _NAMES - 5},}   ")
        yield text


def _counters(stats: Stats) -> list[tuple[str, int]]:
    told = [
        ("accepted", stats.accepted),
        ("late", stats.late),
        ("duplicates", stats.duplicates),
        ("rejected", stats.rejected),
        ("sensors", stats.sensors),
        ("closed", stats.windows_closed),
        ("open windows", stats.open_windows),
        ("connections", stats.connections),
    ]
    return [(name, value) for name, value in told if value is not None]


def _workers(workers: Sequence[Worker], width: int, *, plain: bool) -> Iterable[Text]:
    most = max(worker.readings_per_second for worker in workers) or 1
    heads = ("worker", "readings/s", "sensors", "connections", "commits")
    rows = [
        (str(number), f"{w.readings_per_second:,.0f}", f"{w.sensors:,}", f"{w.connections:,}", f"{w.commits:,}")
        for number, w in enumerate(workers, 1)
    ]
    table = _table(heads, rows, width)
    room = min(20, width - len(table[0]) - 3)
    yield Text(table[0], style="dim")
    for text, worker in zip(table[1:], workers, strict=True):
        bar = ("#" if plain else "█") * round(worker.readings_per_second / most * room) if room > 3 else ""
        yield Text(f"{text}   {bar}" if bar else text)


def _newest(windows: list[Closed], width: int, most: int) -> Iterable[Text]:
    shown = last_of(windows)
    rows = shown[: max(most, 1)]
    first = rows[0]
    left = f", {len(rows)} of {len(shown)}" if len(rows) < len(shown) else ""
    yield Text(f"newest windows, {moment(first.start)} to {clock(first.end)}{left}", style="dim")
    table = _table(
        ("sensor", *_MEASURES),
        [(each.sensor, f"{each.count:,}", *(f"{getattr(each, name):.6g}" for name in _MEASURES[1:])) for each in rows],
        width,
    )
    yield Text(table[0], style="dim")
    yield from map(Text, table[1:])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lines of one length: the first column to the left, numbers to the right; columns that don't fit are left out from the end."""
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    fitting = max(
        place for place in range(1, len(widths) + 1) if place == 1 or sum(widths[:place]) + 2 * (place - 1) <= width
    )
    return [
        "  ".join(
            text.ljust(size) if place == 0 else text.rjust(size)
            for place, (text, size) in enumerate(zip(row[:fitting], widths, strict=False))
        )
        for row in (heads, *rows)
    ]


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
