"""What a command writes and where: to standard output, or to a file that is complete or not there at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from climb.errors import UsageError
from climb.printable import printable

__all__ = ["KINDS", "kind_by_name", "output_to", "tell_written"]

KINDS = {
    "gantt": "a chart as text",
    "json": "the schedule as JSON",
    "svg": "a picture",
    "html": "a page",
    "perfetto": "a trace for Perfetto",
}
_BY_SUFFIX = {".json": "json", ".svg": "svg", ".html": "html", ".txt": "gantt"}


def kind_by_name(path: str) -> str:
    """The kind that the name of a file asks for; JSON if it asks for none that we know."""
    return _BY_SUFFIX.get(Path(path).suffix.lower(), "json")


def tell_written(path: str, what: str) -> None:
    """Say on standard error what a file now holds."""
    sys.stderr.write(f"wrote {printable(path)}: {what}\n")


@contextmanager
def output_to(path: str | None, *, option: str = "--output-file") -> Iterator[IO[bytes]]:
    """A stream of bytes. A file appears under its name when all of it is written. Raises UsageError if it can't be."""
    if path is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    try:
        if target.exists() and not target.is_file():  # a pipe or a device can't be replaced
            with target.open("wb") as out:
                yield out
            return
        with _beside(target) as out:
            yield out
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from error


@contextmanager
def _beside(target: Path) -> Iterator[IO[bytes]]:
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as out:
        try:
            yield out
            out.flush()
            os.chmod(out.name, 0o666 & ~_umask())  # noqa: PTH101 - by name, as it was made
            os.replace(out.name, target)  # noqa: PTH105 - as above
        except BaseException:
            with suppress(OSError):
                os.unlink(out.name)  # noqa: PTH108 - as above
            raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
