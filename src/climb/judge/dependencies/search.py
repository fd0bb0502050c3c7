"""Looking for secrets in a database: every value of every table, in every form that gives the secret away.

Written as hexadecimal digits or in base64, a secret is as good as it is; so is the random number that it was made of. What was
hashed is not found, which is the point.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

__all__ = ["Found", "forms", "search"]

_SHORTEST = 8  # bytes of a form that is not the secret itself: shorter ones are found by chance
_TABLES = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS place, c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY n.nspname, c.relname
"""
_COLUMNS = """
SELECT attname AS name, quote_ident(attname) AS quoted, atttypid = 'bytea'::regtype AS binary
FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KEY = """
SELECT quote_ident(a.attname) AS quoted FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = $1 AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)
"""
_MOST = 100  # rows told of one column


class Found(NamedTuple):
    """Where a secret was: the table, the column, the key of the row, and which of the secrets, counted from 0.

    ``source`` and ``value`` are table and column as a statement names them: a program's tables may be in a schema of its own.
    """

    table: str
    column: str
    key: str
    secret: int
    source: str
    value: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of row {self.key}"


def forms(secret: str | bytes) -> set[bytes]:
    """All that gives the secret away, as bytes."""
    whole = secret.encode() if isinstance(secret, str) else secret
    found = {whole}
    if isinstance(secret, str):
        found.add(json.dumps(secret)[1:-1].encode())
        found.add(json.dumps(secret, ensure_ascii=False)[1:-1].encode())
    further = {whole.hex().encode(), whole.hex().upper().encode(), *_base64(whole), *_decoded(whole)}
    further |= {form.hex().encode() for form in _decoded(whole)}
    return found | {form for form in further if len(form) >= _SHORTEST}


async def search(connection: Any, secrets: Sequence[str | bytes]) -> list[Found]:
    """Every place where one of them is, table by table."""
    wanted = [(number, form) for number, secret in enumerate(secrets) for form in forms(secret)]
    found: list[Found] = []
    for table in await connection.fetch(_TABLES):
        found += await _in_table(connection, table, wanted)
    return found


async def _in_table(connection: Any, table: Any, wanted: Sequence[tuple[int, bytes]]) -> list[Found]:
    columns = await connection.fetch(_COLUMNS, table["oid"])
    keys = [f"its.{row['quoted']}" for row in await connection.fetch(_KEY, table["oid"])]
    key = f"concat_ws(', ', {', '.join(keys)})" if keys else "its.ctid::text"
    found = []
    for column in columns:
        value = f"its.{column['quoted']}"
        searched = value if column["binary"] else f"convert_to({value}::text, 'UTF8')"
        # The names are quoted by the server itself, and the secrets are arguments.
        query = (
            f"SELECT DISTINCT {key} AS key, wanted.number FROM {table['place']} AS its,"  # noqa: S608
            " unnest($1::int[], $2::bytea[]) AS wanted(number, form)"
            f" WHERE position(wanted.form in {searched}) > 0 ORDER BY 2, 1 LIMIT {_MOST}"
        )
        rows = await connection.fetch(query, [number for number, _ in wanted], [form for _, form in wanted])
        found += [
            Found(table["name"], column["name"], row["key"], row["number"], table["place"], column["quoted"])
            for row in rows
        ]
    return found


def _base64(data: bytes) -> Iterator[bytes]:
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        yield encoded.rstrip(b"=")


def _decoded(data: bytes) -> set[bytes]:
    """What the secret may be a spelling of: bytes as hexadecimal digits, with or without hyphens, or in base64."""
    found = set()
    with contextlib.suppress(ValueError):
        found.add(bytes.fromhex(data.decode("ascii").replace("-", "")))
    padded = data + b"=" * (-len(data) % 4)
    for characters in (None, b"-_"):
        try:
            found.add(base64.b64decode(padded, altchars=characters, validate=True))
        except (binascii.Error, ValueError):
            continue
    return {form for form in found if len(form) >= _SHORTEST}
