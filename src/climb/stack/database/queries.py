"""Queries that stand in files of SQL, as functions.

::

    -- name: find_user
    SELECT id, email FROM users WHERE email = :email;

    SQL = Queries(Path(__file__).with_name("users.sql"))
    find_user = SQL.row("find_user", User)
    user = await find_user(connection, email="a@example.org")

A name with a colon is a parameter. A row becomes a Struct whose fields are its columns.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from climb.stack.database.connection import Connection
from climb.stack.telemetry.traces import span

__all__ = ["Queries", "Query", "QueryError"]

T = TypeVar("T")
Row = TypeVar("Row")

_NAME = re.compile(r"^-- name:[ \t]*(\w+)[ \t]*\n", re.MULTILINE)
# What may hold a colon that is none of ours is matched first, and left as it is: texts, names in quotes, comments, casts.
_PARAMETER = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|::|:=|:([a-z_]\w*)", re.DOTALL
)


class QueryError(Exception):
    """A file of queries is wrong, or one is asked for that is not in it."""


@dataclass(frozen=True)
class Statement:
    """A query as PostgreSQL takes it, and the parameters in their order."""

    name: str
    sql: str
    parameters: tuple[str, ...]

    def values(self, given: dict[str, object]) -> list[object]:
        """The given values in the order of the parameters; TypeError if one is missing or too many."""
        if given.keys() != set(self.parameters):
            raise TypeError(
                f"{self.name} takes {', '.join(self.parameters) or 'nothing'}; given {', '.join(given) or 'nothing'}"
            )
        return [given[name] for name in self.parameters]


class Query(Generic[T]):
    """A query as a function of a connection and its parameters."""

    def __init__(self, statement: Statement, read: Callable[[Connection, str, list[object]], Awaitable[T]]) -> None:
        self.statement = statement
        self._read = read

    async def __call__(self, on: Connection, /, **values: object) -> T:
        """Ask the database."""
        with span(self.statement.name, **{"db.system.name": "postgresql", "db.operation.name": self.statement.name}):
            return await self._read(on, self.statement.sql, self.statement.values(values))


class Queries:
    """The queries of a file. Each ``row``, ``rows``, … says what one of them answers."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.statements = parsed(file.read_text(encoding="utf-8"), str(file))

    def row(self, name: str, kind: type[Row]) -> Query[Row | None]:
        """A query for one row, or none."""

        async def read(on: Connection, sql: str, values: list[object]) -> Row | None:
            found = await on.fetchrow(sql, *values)
            return None if found is None else kind(**found)

        return Query(self._statement(name), read)

    def rows(self, name: str, kind: type[Row]) -> Query[list[Row]]:
        """A query for any number of rows."""

        async def read(on: Connection, sql: str, values: list[object]) -> list[Row]:
            return [kind(**found) for found in await on.fetch(sql, *values)]

        return Query(self._statement(name), read)

    def value(self, name: str, kind: type[T]) -> Query[T]:  # noqa: ARG002 - for the type checker
        """A query for one value, which there always is."""

        async def read(on: Connection, sql: str, values: list[object]) -> T:
            found = await on.fetchrow(sql, *values)
            if found is None:
                raise QueryError(f"{name} found nothing")
            value: T = next(iter(found.values()))
            return value

        return Query(self._statement(name), read)

    def count(self, name: str) -> Query[int]:
        """A query that changes rows; it answers how many."""

        async def read(on: Connection, sql: str, values: list[object]) -> int:
            return int((await on.execute(sql, *values)).rpartition(" ")[2])

        return Query(self._statement(name), read)

    def nothing(self, name: str) -> Query[None]:
        """A query that answers nothing of interest."""

        async def read(on: Connection, sql: str, values: list[object]) -> None:
            await on.execute(sql, *values)

        return Query(self._statement(name), read)

    def _statement(self, name: str) -> Statement:
        try:
            return self.statements[name]
        except KeyError:
            raise QueryError(f"{self._file} has no query {name}") from None


def parsed(text: str, origin: str) -> dict[str, Statement]:
    """The queries of a text, by name."""
    head, *pieces = _NAME.split(text)
    if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
        raise QueryError(f"{origin}: there is SQL before the first name")
    statements: dict[str, Statement] = {}
    for name, sql in zip(pieces[::2], pieces[1::2], strict=True):
        if name in statements:
            raise QueryError(f"{origin}: {name} is there twice")
        statements[name] = _statement(name, sql.strip().removesuffix(";"))
        if not _PARAMETER.sub("", sql).strip(" \n;"):
            raise QueryError(f"{origin}: {name} is empty")
    return statements


def _statement(name: str, sql: str) -> Statement:
    parameters: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        parameter = found[2]
        if parameter is None:
            return found[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    return Statement(name, _PARAMETER.sub(numbered, sql), tuple(parameters))
