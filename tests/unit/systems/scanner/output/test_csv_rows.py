from __future__ import annotations

import csv
import io

import pytest

from climb.systems.scanner.model import Http, Tls
from climb.systems.scanner.output.csv_rows import COLUMNS, guarded


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_empty_scan_has_a_header(written) -> None:
    """The header is there even if nothing was found, so that a reader knows the columns."""
    assert written("csv") == ",".join(COLUMNS) + "\n"


def test_nested_facts_are_flattened(written, make_found) -> None:
    """HTTP and TLS facts have columns with a prefix."""
    found = make_found(http=Http(status=301, server="nginx"), tls=Tls(subject="example.org"))

    (row,) = rows(written("csv", [found]))

    assert (row["http_status"], row["http_server"], row["tls_subject"]) == ("301", "nginx", "example.org")


def test_what_is_absent_is_an_empty_field(written, make_found) -> None:
    """Null has no other form in CSV."""
    (row,) = rows(written("csv", [make_found()]))

    assert row["banner"] == row["http_title"] == row["tls_version"] == ""


def test_a_comma_or_a_quote_stays_in_its_field(written, make_found) -> None:
    """A title with the format's own characters is read back unchanged."""
    (row,) = rows(written("csv", [make_found(http=Http(title='a,"b"'))]))

    assert row["http_title"] == 'a,"b"'


def test_a_line_break_does_not_start_a_row(written, make_found) -> None:
    """Text with a line break is one line, for tools that read line by line."""
    text = written("csv", [make_found(banner="a\r\nb")])

    assert len(text.splitlines()) == 2
    assert rows(text)[0]["banner"] == "a b"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1", "  =1", "＝1"])
def test_formulas_are_neutralised(text) -> None:
    """What a spreadsheet would compute begins with an apostrophe instead."""
    assert guarded(text).startswith("'")


@pytest.mark.parametrize("text", ["", "nginx", "a=b", "200 - OK", "::1"])
def test_harmless_text_is_left_alone(text) -> None:
    """Only the first visible character makes a formula."""
    assert guarded(text) == text


def test_a_servers_formula_is_neutralised_in_the_row(written, make_found) -> None:
    """The guard holds for nested facts too."""
    (row,) = rows(written("csv", [make_found(http=Http(title="=HYPERLINK(1)"))]))

    assert row["http_title"] == "'=HYPERLINK(1)"
