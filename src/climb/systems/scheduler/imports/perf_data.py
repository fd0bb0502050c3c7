"""The text of a recording: a file, compressed or not, standard input, or what perf makes of a perf.data."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from climb.systems.scheduler.imports.errors import PerfMissing, RecordingError

__all__ = ["opened"]

_PERF_MAGIC = (b"PERFILE2", b"2ELIFREP")  # tools/perf/util/header.c; the second is of the other byte order
_PATIENCE_S = 10  # for perf to end when nobody reads it any more
_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def opened(source: str) -> Iterator[IO[str]]:
    """The lines of ``source``: a path, or ``-`` for standard input."""
    if source == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        return
    path = Path(source)
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise RecordingError(f"{source}: {error.strerror or error}") from error
    if magic in _PERF_MAGIC:
        with _through_perf(path) as lines:
            yield lines
    elif magic[:2] == _GZIP_MAGIC:
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
            yield lines
    else:
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield lines


@contextmanager
def _through_perf(path: Path) -> Iterator[IO[str]]:
    perf = shutil.which("perf")
    if perf is None:
        raise PerfMissing(f"{path} is perf's own format, and perf is not installed here")
    command = [perf, "script", "-i", str(path), "--ns", "--show-lost-events"]
    with tempfile.TemporaryFile("w+", errors="replace") as told:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, encoding="utf-8", errors="replace") as run:
            assert run.stdout is not None
            try:
                yield run.stdout
                run.stdout.close()  # if not all of it was asked for, this ends perf
                run.wait(_PATIENCE_S)
            finally:
                run.kill()
        told.seek(0)
        if run.returncode > 0:
            raise RecordingError(
                f"perf can't read {path}: {(told.read().strip() or 'no reason given').splitlines()[-1]}"
            )
