"""What is written down of a server that stays: one file a kind, by the process that holds it, for all who ask later."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from climb.stack.errors import StackError

__all__ = ["Place", "Record", "boot_id"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Record:
    """A server that was started to stay; ``state`` is starting, running, stopped or failed, and may be older than the truth."""

    kind: str
    state: str
    holder: int
    boot: str
    folder: str
    log: str
    address: str = ""
    port: int | None = None
    server: int | None = None
    version: str = ""
    since: float = 0.0
    code: int = 0


@dataclass(frozen=True)
class Place:
    """The folder of one kind: a lock that the holder keeps for its life, and its record."""

    folder: Path

    def read(self) -> Record | None:
        """The last record, if there is one that can be read."""
        try:
            return Record(**json.loads((self.folder / "record.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, record: Record) -> None:
        """Put the record in the place of the last one; only this user can read it, since it holds a password."""
        new = self.folder / "record.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(asdict(record), out)
        new.replace(self.folder / "record.json")

    def is_held(self) -> bool:
        """Whether the process that holds a server here is alive."""
        try:
            file = os.open(self.folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except PermissionError as error:
            raise StackError(
                f"{self.folder} belongs to another user", next_step="set CLIMB_HOME to a folder of yours"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(file)

    @contextmanager
    def held(self, *, wait: bool = False) -> Iterator[bool]:
        """Keep the lock while the block lasts; False if somebody else has it, unless this is to wait."""
        file = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(file)


def boot_id() -> str:
    """What tells this start of the machine from others; empty where the kernel does not say."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
