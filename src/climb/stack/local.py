"""The servers that a system needs: those that the environment names, else real ones, started here on first use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["broker", "database"]


@contextmanager
def database(*, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The address of a PostgreSQL: ``DATABASE_URL``, else one of our own that ends with the block.

    Ours keeps its data in ``folder``, or not at all.
    """
    if given := environment.get("DATABASE_URL"):
        yield given
        return
    from climb.stack.postgres import postgres

    with postgres(folder) as address:
        yield address


@contextmanager
def broker(*, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The bootstrap servers of a Kafka: ``KAFKA_BOOTSTRAP_SERVERS``, else a broker of our own that ends with the block."""
    if given := environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    from climb.stack.kafka import kafka

    with kafka() as address:
        yield address
