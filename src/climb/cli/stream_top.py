"""climb stream top: a running processor, looked at once a second until q is pressed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from climb.cli.console import console, print_json
from climb.errors import SetupError, UsageError

if TYPE_CHECKING:
    from climb.cli.stream_top_view import Scene
    from climb.systems.processor.watching.address import Address
    from climb.systems.processor.watching.watch import View, Watch

__all__ = ["top"]

_WITHIN_S = 5.0
_END_KEYS = b"qQ\x1b\x03"


@click.command()
@click.argument("url", required=False)
@click.option("--once", is_flag=True, help="Print the numbers of this moment, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print what /stats tells as a JSON line each second.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.1, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look.",
)
def top(url: str | None, once: bool, as_json: bool, every_s: float) -> None:
    """Watch a running processor: its rate, its lag, its watermark, its workers and the newest windows.

    URL is where it answers HTTP, on this machine; a port is enough. Without it, the processor that climb stream run starts is meant.

    In a terminal the view renews itself; q or Ctrl-C ends it. Elsewhere a line is printed each second. If the processor stops, that is
    said, and the view goes on when it is back.

    \b
    Examples:
      climb stream top
      climb stream top 7070 --once
      climb stream top http://127.0.0.1:7070 --json
    """
    address = _address(url)
    with _ended_by_signals():
        asyncio.run(_watch(address, once=once, as_json=as_json, every_s=every_s))


def _address(url: str | None) -> Address:
    from climb.systems.processor.pipeline.errors import EdgeError
    from climb.systems.processor.watching.address import USUAL, read_address

    try:
        return USUAL if url is None else read_address(url)
    except EdgeError as error:
        raise UsageError(str(error), next_step=f"climb stream top {USUAL}") from error


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM are the usual ends of this, and no failure."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


async def _watch(address: Address, *, once: bool, as_json: bool, every_s: float) -> None:
    from climb.cli.stream_top_view import Scene
    from climb.systems.processor.watching.watch import Watch

    watch = Watch(address, within_s=_WITHIN_S)
    scene = Scene(address)
    await _look(watch, scene)
    _demand_an_answer(watch.view, address)
    if as_json or not (once or console().is_interactive):
        await _tell(watch, scene, once=once, as_json=as_json, every_s=every_s)
    elif once:
        console().print(scene.picture(console().options), soft_wrap=False)
    else:
        await _live(watch, scene, every_s)


async def _look(watch: Watch, scene: Scene) -> None:
    """Ask for the numbers, and for the newest windows if there are more than before."""
    from climb.systems.processor.watching.asking import NoAnswer, NotAProcessor
    from climb.systems.processor.watching.watch import Phase, newest

    view = await watch.look()
    if view.phase is Phase.RUNNING and view.stats is not None and scene.wants_windows(view):
        with suppress(NoAnswer, NotAProcessor):  # the next look tells why
            scene.windows = (await newest(watch.address, view.stats, within_s=_WITHIN_S)).windows
    scene.add(view)


def _demand_an_answer(view: View, address: Address) -> None:
    """What never answered is a mistake in the address, or a processor that is not running."""
    from climb.systems.processor.watching.watch import Phase

    if view.phase is Phase.STRANGE:
        raise SetupError(
            view.problem,
            next_step="look at what runs there, and give the address of a processor: climb stream top URL",
        )
    if view.phase is not Phase.RUNNING:
        raise SetupError(view.problem or f"nothing answers at {address}", next_step="climb stream run")


async def _tell(watch: Watch, scene: Scene, *, once: bool, as_json: bool, every_s: float) -> None:
    from climb.cli.stream_top_view import document, line

    while True:
        if as_json:
            print_json(document(watch.address, watch.view))
        else:
            click.echo(line(watch.view))
            sys.stdout.flush()
        if once:
            return
        await asyncio.sleep(every_s)
        await _look(watch, scene)


async def _live(watch: Watch, scene: Scene, every_s: float) -> None:
    from rich.live import Live

    ended = asyncio.Event()
    with _keys(ended), Live(scene, console=console(), screen=True, auto_refresh=False) as live:
        while not ended.is_set():
            live.refresh()
            try:
                async with asyncio.timeout(every_s):
                    await ended.wait()
            except TimeoutError:
                await _look(watch, scene)


@contextmanager
def _keys(ended: asyncio.Event) -> Iterator[None]:
    """Let a key end it, if the keyboard is ours."""
    if not sys.stdin.isatty():
        yield
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        if set(os.read(keyboard, 64) or b"q") & set(_END_KEYS):
            ended.set()

    try:
        tty.setcbreak(keyboard)
        loop.add_reader(keyboard, pressed)
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
