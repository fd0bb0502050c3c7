"""Migrations: which files there are, and which of them are due."""

from pathlib import Path

import pytest

from climb.stack.database.migrations import Migration, MigrationError, due, migrations_in

FIRST, SECOND, THIRD = (Migration(number, f"m{number}", f"SELECT {number}") for number in (1, 2, 3))
ALL = [FIRST, SECOND, THIRD]


def applied(*migrations: Migration) -> dict[int, str]:
    return {migration.number: migration.sha256 for migration in migrations}


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    """And those that can't be in a transaction say so in their first line."""
    (tmp_path / "0002_index.sql").write_text("-- outside of a transaction\nCREATE INDEX CONCURRENTLY i ON a (b)")
    (tmp_path / "0001_tables.sql").write_text("CREATE TABLE a (b int)")
    found = migrations_in(tmp_path)

    assert [(one.number, one.name, one.in_transaction) for one in found] == [(1, "tables", True), (2, "index", False)]


@pytest.mark.parametrize(
    "names", [["0002_a.sql"], ["0001_a.sql", "0001_b.sql"], ["0001_a.sql", "0003_c.sql"], ["1_a.sql"], ["0001_A.sql"]]
)
def test_a_gap_a_double_or_a_strange_name_is_refused(tmp_path: Path, names: list[str]) -> None:
    """Two people who wrote the same number find out before anything is applied."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1")

    with pytest.raises(MigrationError):
        migrations_in(tmp_path)


def test_what_is_applied_is_not_due() -> None:
    """The rest is, in order."""
    assert due(ALL, {}) == ALL
    assert due(ALL, applied(FIRST)) == [SECOND, THIRD]
    assert due(ALL, applied(*ALL)) == []


def test_a_file_that_was_changed_after_it_was_applied_is_refused() -> None:
    """Its change would be in some databases and not in others."""
    with pytest.raises(MigrationError, match=r"0001_m1\.sql is not the one that was applied"):
        due(ALL, {1: "other"})


def test_a_file_that_comes_before_applied_ones_is_refused() -> None:
    """Nobody knows whether it works behind them."""
    with pytest.raises(MigrationError, match=r"0002_m2\.sql was left out"):
        due(ALL, applied(FIRST, THIRD))


def test_a_newer_database_is_no_mistake() -> None:
    """In a rolling restart the older program meets what the newer one has applied."""
    assert due([FIRST], applied(*ALL)) == []
