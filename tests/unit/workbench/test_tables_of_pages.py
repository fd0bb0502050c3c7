"""Tables in the course's text: each can be reached by keyboard, under a name that no other table of the page has."""

import re

from climb.workbench.render.markdown import markdown

TABLE = "| run | *schedule* |\n| --- | --- |\n| `a` | b |\n"
OTHER = "| field | meaning |\n| --- | --- |\n| c | d |\n"


def names(text: str) -> list[str]:
    return re.findall(r'role="region" aria-label="([^"]*)"', markdown(text))


def test_a_table_is_named_by_its_columns_as_they_are_read() -> None:
    """Without the signs that set a word in italics."""
    assert names(TABLE) == ["Table: run, schedule"]


def test_tables_that_are_headed_alike_are_numbered() -> None:
    """From the second one on, and other tables between them count for nothing."""
    assert names(f"{TABLE}\n\n{OTHER}\n\n{TABLE}\n\n{TABLE}") == [
        "Table: run, schedule",
        "Table: field, meaning",
        "Table: run, schedule (2)",
        "Table: run, schedule (3)",
    ]


def test_numbers_begin_anew_with_each_text() -> None:
    """Nothing is remembered from one page to the next."""
    assert names(TABLE) == names(TABLE)
