"""How far a long play is, on standard error while it lasts, if that is a terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from climb.cli.console import console

__all__ = ["progress"]

_PATIENCE_S = 1.0  # what is over by then needs no word


@contextmanager
def progress(title: str, *, shown: bool = True) -> Iterator[Callable[[str], None]]:
    """A line that begins with ``title``; the function that is given changes the rest of it. It leaves nothing behind."""
    out = console(stderr=True)
    if not (shown and out.is_interactive):  # a terminal, and one that can take a line back
        yield lambda _text: None
        return
    columns = (TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    line = Progress(*columns, console=out, transient=True, redirect_stdout=False)
    task = line.add_task(title, total=None)
    begin = threading.Timer(_PATIENCE_S, line.start)  # the first word may come late: compiling takes some seconds
    begin.daemon = True
    begin.start()
    try:
        yield lambda text: line.update(task, description=f"{title}: {text}")
    finally:
        begin.cancel()
        begin.join()
        if line.live.is_started:
            line.stop()
