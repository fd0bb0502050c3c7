"""climb stream sensors: simulated sensors, sent to a processor or written to a file."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from climb.cli.console import console, print_json
from climb.cli.sched_output import output_to
from climb.cli.sched_progress import progress
from climb.cli.stream_errors import told
from climb.counted import counted
from climb.errors import UsageError
from climb.systems.processor.pipeline.model import HTTP_PORT, TCP_PORT

if TYPE_CHECKING:
    from climb.systems.processor.sensors.model import Habits
    from climb.systems.processor.sensors.sending import Plan, Sending
    from climb.systems.processor.sensors.totals import Compared, Counts

__all__ = ["sensors"]

_SHARE = click.FloatRange(0, 1)
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_CLOSE_S = 1.5  # the contract shows a closed window within a second
_SHOWN = 10
_DEFAULT_READINGS = 100_000


class _Time(click.ParamType[float]):
    """A time with its unit, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(value))
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is not a time with its unit, such as 500ms, 10s, 5m or 1h", param, ctx)
        return float(found[1]) * _UNITS_S[found[2]]


@click.command()
@click.option(
    "--sensors", "number", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many sensors."
)
@click.option(
    "--connections", type=click.IntRange(1, 1000), default=4, show_default=True, help="Over how many connections."
)
@click.option(
    "--interval",
    type=_Time(),
    default="1s",
    show_default=True,
    metavar="TIME",
    help="Event time between a sensor's readings.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Readings a second, all together; default: as the interval says, so that event time is real time.",
)
@click.option("--fast", is_flag=True, help="Send as fast as the processor takes them.")
@click.option("--readings", type=click.IntRange(1), metavar="N", help="End after so many readings.")
@click.option("--for", "for_s", type=_Time(), metavar="TIME", help="End after this time.")
@click.option(
    "--out-of-order",
    type=_SHARE,
    default=0.02,
    show_default=True,
    metavar="SHARE",
    help="Readings that are sent after later ones.",
)
@click.option(
    "--resent", type=_SHARE, default=0.01, show_default=True, metavar="SHARE", help="Lines that are sent twice."
)
@click.option(
    "--malformed",
    type=_SHARE,
    default=0.001,
    show_default=True,
    metavar="SHARE",
    help="Broken lines, beside the good ones.",
)
@click.option(
    "--skew", type=_Time(), default="200ms", show_default=True, metavar="TIME", help="How much clocks are off, at most."
)
@click.option(
    "--breaks",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="N",
    help="How often each connection breaks, a second.",
)
@click.option("--steady", is_flag=True, help="Neither bursts nor gaps.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed makes the same sensors."
)
@click.option(
    "--start",
    "start_ms",
    type=click.IntRange(0),
    metavar="MS",
    help="Event time of the first readings; default: now, or the watermark if that is later.",
)
@click.option(
    "--prefix", metavar="TEXT", help="What the sensors' names begin with; default: s, with --check one of its own."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=TCP_PORT,
    show_default=True,
    help="Where the processor takes lines.",
)
@click.option(
    "--http-port", type=click.IntRange(1, 65535), default=HTTP_PORT, show_default=True, help="Where it answers."
)
@click.option("--check", is_flag=True, help="At the end, compare what the processor says with what was sent.")
@click.option("--output", metavar="FILE", help="Write the lines to FILE, or - for standard output, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def sensors(**given: Any) -> None:
    """Simulate sensors that send readings to a processor on this machine.

    Values have a daily cycle, a slow drift and noise. Clocks are off; some sensors measure in bursts, or fall silent; some readings come
    out of order, twice, or broken. Connections send again what was not acknowledged. Ctrl-C ends it in order.

    --check knows the exact totals and windows, and ends with 1 if the processor says anything else. It needs a lateness above
    nine intervals, or some readings are late; then counts are compared, and windows that lack readings are not.

    \b
    Examples:
      climb stream sensors
      climb stream sensors --for 30s --sensors 1000 --check
      climb stream sensors --fast --readings 1000000 --breaks 0.5 --check
      climb stream sensors --readings 50000 --output readings.jsonl
    """
    _refuse_what_does_not_fit(given)
    with told():
        if given["output"] is not None:
            _write(given)
        else:
            asyncio.run(_send(given))


def _refuse_what_does_not_fit(given: dict[str, Any]) -> None:
    if given["fast"] and given["rate"] is not None:
        raise UsageError("--fast and --rate say different things about how fast", next_step="leave one of them out")
    if given["output"] is not None and given["check"]:
        raise UsageError("--check asks a processor, and --output sends to none", next_step="leave one of them out")
    prefix = given["prefix"]
    if prefix is not None and not re.fullmatch(r"[A-Za-z0-9._:-]{1,48}", prefix):
        raise UsageError(f"--prefix takes 1 to 48 letters, digits, . _ : -, not {prefix!r}")


def _habits(given: dict[str, Any]) -> Habits:
    from climb.systems.processor.sensors.model import Habits

    own = f"c{int(time.time() * 1000):x}-" if given["check"] else "s"
    return Habits(
        sensors=given["number"],
        interval_ms=given["interval"] * 1000,
        out_of_order=given["out_of_order"],
        resent=given["resent"],
        malformed=given["malformed"],
        skew_ms=round(given["skew"] * 1000),
        steady=given["steady"],
        prefix=given["prefix"] or own,
        seed=given["seed"],
    )


def _write(given: dict[str, Any]) -> None:
    from climb.systems.processor.sensors.model import lines_of

    habits = _habits(given)
    readings = given["readings"] or (
        _DEFAULT_READINGS
        if given["for_s"] is None
        else round(given["for_s"] * 1000 / habits.interval_ms * habits.sensors)
    )
    start_ms = given["start_ms"] if given["start_ms"] is not None else int(time.time() * 1000)
    lines = lines_of(habits, range(habits.sensors), start_ms=start_ms, readings=readings)
    path, written = given["output"], 0
    with (
        output_to(None if path == "-" else path, option="--output") as out,
        progress("sensors", shown=path != "-") as tell,
    ):
        while some := list(islice(lines, 1000)):
            out.write(b"".join(line.text for line in some))
            written += len(some)
            tell(counted(written, "line"))
    if path != "-":
        sys.stderr.write(f"wrote {path}: {counted(written, 'line')} of {counted(habits.sensors, 'sensor')}\n")


async def _send(given: dict[str, Any]) -> None:
    from climb.systems.processor.sensors.sending import send

    before = await asyncio.to_thread(_counts, given)
    plan = _plan(given, before)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with progress("sensors") as show:
        sending = await send(plan, lambda now: show(_line(now)), stop)
    took_s = time.monotonic() - sending.began
    found = await _checked(given, before, sending) if given["check"] and before is not None else None
    _print_result(sending, took_s, found, as_json=given["as_json"])
    if found and found.differences:
        click.get_current_context().exit(1)


def _counts(given: dict[str, Any]) -> Counts | None:
    """What the processor has counted so far; without --check it need not answer."""
    from climb.systems.processor.pipeline.errors import EdgeError
    from climb.systems.processor.sensors.sending import counts

    try:
        return counts(given["http_port"])
    except EdgeError:
        if given["check"]:
            raise
        return None


def _plan(given: dict[str, Any], before: Counts | None) -> Plan:
    from climb.systems.processor.sensors.sending import Plan

    now_ms, habits = int(time.time() * 1000), _habits(given)
    start_ms = given["start_ms"]
    if start_ms is None:
        start_ms = max(now_ms, (before and before.watermark) or 0) + habits.skew_ms
    rate = given["rate"] or habits.sensors * 1000 / habits.interval_ms
    return Plan(
        habits=habits,
        tcp_port=given["port"],
        connections=given["connections"],
        rate=None if given["fast"] else rate,
        readings=given["readings"],
        for_s=given["for_s"],
        start_ms=start_ms,
        first_seq=now_ms * 1000,  # above all numbers that an earlier simulation gave to the same sensors
        breaks=given["breaks"],
        keep=given["check"],
    )


async def _checked(given: dict[str, Any], before: Counts, sending: Sending) -> Compared:
    from climb.systems.processor.sensors.sending import counts, windows
    from climb.systems.processor.sensors.totals import compare

    await asyncio.sleep(_CLOSE_S)
    after = await asyncio.to_thread(counts, given["http_port"])
    rows = await asyncio.to_thread(lambda: list(windows(given["http_port"])))
    return compare(sending.totals, before, after, rows)


def _line(now: Sending) -> str:
    took_s = max(time.monotonic() - now.began, 0.001)
    sent = now.totals.taken + now.totals.resent
    return f"{sent:,} sent, {now.safe:,} safe, {sent / took_s:,.0f} a second"


def _print_result(sending: Sending, took_s: float, found: Compared | None, *, as_json: bool) -> None:
    totals = sending.totals
    rejected = sum(feed.rejected for feed in sending.feeds)
    if as_json:
        document = {
            "readings": totals.taken,
            "resent": totals.resent,
            "malformed": totals.broken,
            "rejected": rejected,
            "unacknowledged": sending.left,
            "reconnected": sending.reconnected,
            "seconds": round(took_s, 3),
            "windows": found and found.windows,
            "differences": found and found.differences,
        }
        print_json(document)
        return
    out = console()
    end = f"not acknowledged: {counted(sending.left, 'line')}" if sending.left else "all acknowledged or rejected"
    sent = f"{counted(totals.taken, 'reading')}, {totals.resent:,} sent twice, {counted(totals.broken, 'broken line')}"
    out.print(f"{sent} in {took_s:.1f} s: {end}.", soft_wrap=True)
    if sending.reconnected:
        out.print(f"{counted(sending.reconnected, 'connection')} broke; what was not acknowledged was sent again.")
    if found is None:
        return
    if not found.differences:
        closed = (
            f"{found.windows:,} closed windows of these sensors"
            if found.windows
            else "no window of these sensors is closed yet"
        )
        out.print(f"The processor agrees: all totals, and {closed}.")
    for sentence in found.differences[:_SHOWN]:
        out.print(f"differs: {sentence}", soft_wrap=True)
    if len(found.differences) > _SHOWN:
        out.print(f"… and {len(found.differences) - _SHOWN:,} more differences")
