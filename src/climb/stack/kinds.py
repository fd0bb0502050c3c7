"""The kinds of servers that can be had here: how each is called, which variable names another one, and how ours is started."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from climb.stack.answering import broker_answers, cache_answers, database_answers
from climb.stack.server import Kept

__all__ = ["KINDS", "Kind", "kind_named"]


@dataclass(frozen=True)
class Kind:
    """A kind of server; ``start`` gets the folder for its data and its log, and the port that it should have."""

    name: str
    title: str
    variable: str
    keeps_data: bool
    start: Callable[[Path, int | None], AbstractContextManager[Kept]]
    answers: Callable[[str], bool]


def _database(folder: Path, port: int | None) -> AbstractContextManager[Kept]:
    from climb.stack.postgres import postgres

    return postgres(folder, port=port)


def _cache(folder: Path, port: int | None) -> AbstractContextManager[Kept]:
    from climb.stack.valkey import valkey

    return valkey(folder, port=port)


def _broker(folder: Path, port: int | None) -> AbstractContextManager[Kept]:
    from climb.stack.kafka import kafka

    return kafka(port=port, log=folder / "log")


KINDS = (
    Kind("database", "PostgreSQL", "DATABASE_URL", True, _database, database_answers),
    Kind("cache", "Valkey", "CACHE_URL", True, _cache, cache_answers),
    Kind("broker", "Kafka (tansu)", "KAFKA_BOOTSTRAP_SERVERS", False, _broker, broker_answers),
)


def kind_named(name: str) -> Kind:
    """The kind of that name, which must be one of them."""
    return next(kind for kind in KINDS if kind.name == name)
