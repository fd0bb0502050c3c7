"""Files of named queries."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from climb.stack.database.queries import Queries, QueryError, parsed

TEXT = """-- What is asked of users.

-- name: find_user
-- By their address.
SELECT id, ':no' AS "a:b", now()::text /* :no */ FROM users -- :no
WHERE email = :email AND (name = :name OR :name IS NULL OR email = :email);

-- name: touch_users
UPDATE users SET at = $$ :no $$ || $x$ :no $x$;
"""


class User(msgspec.Struct):
    """A row."""

    id: int
    email: str


class Table:
    """A connection that remembers what it was asked and answers with fixed rows."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.asked: list[object] = []

    async def fetch(self, *asked: object) -> tuple[dict[str, Any], ...]:
        self.asked += asked
        return self.rows

    async def fetchrow(self, *asked: object) -> dict[str, Any] | None:
        self.asked += asked
        return self.rows[0] if self.rows else None

    async def execute(self, *asked: object) -> str:
        self.asked += asked
        return "UPDATE 3"


def queries(folder: Path, text: str) -> Queries:
    (folder / "some.sql").write_text(text)
    return Queries(folder / "some.sql")


def test_names_with_a_colon_become_numbers() -> None:
    """Each parameter has one, however often it is there; texts, comments, casts and names in quotes stay as they are."""
    statement = parsed(TEXT, "some.sql")["find_user"]

    assert statement.parameters == ("email", "name")
    assert "email = $1 AND (name = $2 OR $2 IS NULL OR email = $1)" in statement.sql
    assert "SELECT id, ':no' AS \"a:b\", now()::text /* :no */ FROM users -- :no" in statement.sql
    assert parsed(TEXT, "some.sql")["touch_users"].parameters == ()


async def test_a_row_becomes_what_is_declared(tmp_path: Path) -> None:
    """Or None, if there is none."""
    find = queries(tmp_path, "-- name: find\nSELECT * FROM users WHERE email = :email").row("find", User)
    table = Table({"id": 1, "email": "a@b"})

    assert await find(table, email="a@b") == User(1, "a@b")
    assert await find(Table(), email="a@b") is None
    assert table.asked == ["SELECT * FROM users WHERE email = $1", "a@b"]


async def test_rows_counts_and_values(tmp_path: Path) -> None:
    """The other kinds of answer."""
    some = queries(tmp_path, "-- name: all\nSELECT 1\n-- name: touch\nUPDATE x\n-- name: count\nSELECT 2")

    assert await some.rows("all", User)(Table({"id": 1, "email": "a"}, {"id": 2, "email": "b"})) == [
        User(1, "a"),
        User(2, "b"),
    ]
    assert await some.count("touch")(Table()) == 3
    assert await some.value("count", int)(Table({"count": 7})) == 7


@pytest.mark.parametrize("given", [{}, {"mail": "x"}, {"email": "x", "more": 1}])
async def test_wrong_parameters_are_named(tmp_path: Path, given: dict[str, object]) -> None:
    """Before the database is asked."""
    find = queries(tmp_path, "-- name: find\nSELECT :email").row("find", User)
    table = Table()

    with pytest.raises(TypeError, match="find takes email"):
        await find(table, **given)

    assert table.asked == []


@pytest.mark.parametrize(
    "text",
    ["SELECT 1;\n-- name: a\nSELECT 2", "-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "-- name: a\n-- nothing\n"],
)
def test_a_file_that_is_wrong_is_refused(text: str) -> None:
    """SQL without a name, a name twice, a name without SQL."""
    with pytest.raises(QueryError):
        parsed(text, "some.sql")


def test_a_query_that_is_not_there_is_named_at_once(tmp_path: Path) -> None:
    """When the program starts, and not when somebody first asks."""
    with pytest.raises(QueryError, match="has no query find"):
        queries(tmp_path, "-- name: other\nSELECT 1").row("find", User)
