"""Run a lab: keep the prediction, measure in a process of its own, keep the result. For the terminal and the page alike."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from climb.errors import SetupError
from climb.labs import store
from climb.labs.lab import Knobs, Lab
from climb.labs.messages import Done, Message, Progress
from climb.labs.result import Predicted, Result

__all__ = ["begin", "run"]

_DEADLINE_FACTOR = 10  # a slow machine may take this many times as long as the lab says
_DEADLINE_LEAST = 60.0
_LONGEST_LINE = 64 * 1024 * 1024  # all samples of a lab come in one line
_LAST_LINES = 12

OnProgress = Callable[[Progress], None]


def begin(home: Path, lab: Lab, knobs: Knobs, predicted: Predicted | None) -> Result:
    """Keep the prediction before anything is measured: a new result without measurements.

    Raises SetupError if this machine can't run the lab, or the result can't be kept.
    """
    if (reason := lab.why_not()) is not None:
        raise SetupError(
            f"this machine can't run the lab {lab.slug}: {reason}", next_step=f"climb lab {lab.slug} --recording"
        )
    now = dt.datetime.now(dt.UTC)
    result = Result(
        lab=lab.slug,
        id=store.free_id(home, lab.slug, now),
        started_at=now.isoformat(timespec="seconds"),
        knobs=dict(knobs),
        predicted=predicted,
    )
    store.save(home, result)
    return result


async def run(home: Path, lab: Lab, begun: Result, on_progress: OnProgress) -> Result:
    """Measure what ``begun`` announced, and keep the result: finished, or failed with the reason.

    When this is cancelled the measuring process is killed, with all that it started. Its current folder is one of its own,
    beside the results, and is removed afterwards.
    """
    started = time.monotonic()
    results = home / "labs" / lab.slug
    try:
        with tempfile.TemporaryDirectory(prefix="run-", dir=results, ignore_cleanup_errors=True) as folder:
            done, failed = await _measure(lab, begun, folder, on_progress)
    except asyncio.CancelledError:
        store.save(home, msgspec.structs.replace(begun, failed="the run was stopped"))
        raise
    except OSError as error:
        done, failed = None, f"the measurement could not begin: {error}"
    result = msgspec.structs.replace(begun, failed=failed) if done is None else _finished(begun, done, started)
    store.save(home, result)
    return result


async def _measure(lab: Lab, begun: Result, folder: str, on_progress: OnProgress) -> tuple[Done | None, str | None]:
    """What was measured, or why there is nothing."""
    deadline = max(lab.seconds * _DEADLINE_FACTOR, _DEADLINE_LEAST)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "climb.labs", str(os.getpid()), lab.slug, msgspec.json.encode(begun.knobs).decode()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        start_new_session=True,
        cwd=folder,
    )
    try:
        async with asyncio.timeout(deadline):
            done, errors = await asyncio.gather(_follow(process, on_progress), _all_of(process.stderr))
            await process.wait()
    except TimeoutError:
        return None, f"the measurement took longer than {deadline:.0f} s and was stopped"
    finally:
        await _end(process)
    return done, None if done else f"the measurement ended with {process.returncode}:\n" + _tail(errors)


def _finished(begun: Result, done: Done, started: float) -> Result:
    return msgspec.structs.replace(
        begun,
        machine=done.machine,
        quiet=done.quiet,
        samples=done.samples,
        facts=done.facts,
        seconds=round(time.monotonic() - started, 2),
        finished=True,
    )


async def _follow(process: asyncio.subprocess.Process, on_progress: OnProgress) -> Done | None:
    assert process.stdout is not None
    done: Done | None = None
    decoder = msgspec.json.Decoder(Message)
    async for line in process.stdout:
        message = decoder.decode(line)
        if isinstance(message, Progress):
            on_progress(message)
        else:
            done = message
    return done


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    return await stream.read()


def _tail(errors: bytes) -> str:
    return "\n".join(errors.decode(errors="replace").splitlines()[-_LAST_LINES:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """The measuring process leads a session of its own, so its group holds all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
