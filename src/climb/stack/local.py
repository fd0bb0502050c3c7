"""The servers that a system needs: those that the environment names, else real ones, started here on first use."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["broker", "cache", "database"]


@contextmanager
def database(*, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The address of a PostgreSQL: ``DATABASE_URL``, else one of our own that ends with the block.

    Ours keeps its data in ``folder``, or not at all.
    """
    if given := environment.get("DATABASE_URL"):
        yield given
        return
    from climb.stack.postgres import postgres

    with postgres(folder) as server:
        yield server.address


@contextmanager
def cache(*, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The address of a Valkey or a Redis: ``CACHE_URL``, else a Valkey of our own that ends with the block.

    It begins with redis://, or with rediss:// for TLS, whichever of the two servers it is. Ours keeps its data in ``folder``, or in
    memory alone.
    """
    if given := environment.get("CACHE_URL"):
        from climb.stack.addresses import cache_address

        yield cache_address(given, origin="CACHE_URL")
        return
    from climb.stack.valkey import valkey

    with valkey(folder) as server:
        yield server.address


@contextmanager
def broker(*, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The bootstrap servers of a Kafka: ``KAFKA_BOOTSTRAP_SERVERS``, else a broker of our own that ends with the block."""
    if given := environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    from climb.stack.kafka import kafka

    with kafka() as server:
        yield server.address
