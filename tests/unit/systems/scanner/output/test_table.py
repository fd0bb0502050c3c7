from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from climb.systems.scanner.model import Http, State, Tls
from climb.systems.scanner.output import make_writer
from climb.systems.scanner.output.port_rows import port_rows, validity
from climb.systems.scanner.output.terminal import UNICODE

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def terminal(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_a_port_is_one_line_of_facts(written, make_found) -> None:
    """Port, state, service, time and what answers stand in a line below the host."""
    found = make_found(service="http", http=Http(status=200, title="Hello", server="nginx"))

    text = written("table", [found])

    assert "192.0.2.7\n    80  open   http     0.21 ms  200 Hello · nginx\n" in text


def test_the_last_line_sums_up(written, make_found) -> None:
    """The output ends with one sentence."""
    text = written("table", [make_found()])

    assert text.endswith("\n1 open of 8 ports on 1 host in 1.02 s (6 closed, 1 filtered).\n")


def test_hosts_are_in_the_order_of_their_addresses(written, make_found) -> None:
    """Addresses are sorted as numbers, and a name is shown with its address."""
    text = written("table", [make_found(host="192.0.2.10"), make_found(host="example.test", address="192.0.2.9")])

    assert text.index("example.test (192.0.2.9)") < text.index("192.0.2.10")


def test_markup_from_a_server_is_shown_not_obeyed(written, make_found) -> None:
    """Square brackets are text, and an escape sequence loses its escape."""
    text = written("table", [make_found(banner="[bold]x[/bold] :smile: \x1b[31mred")])

    assert "[bold]x[/bold] :smile: \ufffd[31mred" in text


def test_text_that_would_run_backwards_is_defused(written, make_found) -> None:
    """A right-to-left override can't disguise what follows it."""
    assert "\u202e" not in written("table", [make_found(banner="a\u202egpj.exe")])


def test_one_server_can_not_fill_the_screen(written, make_found) -> None:
    """A long fact is cut, and says so."""
    text = written("table", [make_found(banner="x" * 5000)])

    assert text.count("x") < 100
    assert "…" in text


def test_no_line_is_wider_than_the_terminal(written, make_found, monkeypatch) -> None:
    """At 40 columns the facts of a port go below it."""
    monkeypatch.setenv("COLUMNS", "40")
    found = make_found(service="http", http=Http(status=301, title="Moved", location="https://example.org/" + "a" * 30))

    lines = written("table", [found]).splitlines()

    assert max(map(len, lines)) <= 40
    assert lines[1].split() == ["80", "open", "http", "0.21", "ms"]
    assert lines[2].strip().startswith("301 Moved")


def test_an_ascii_terminal_gets_ascii(make_found, make_summary) -> None:
    """Where the encoding holds no more, our own signs are ASCII and the server's become question marks."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    writer = make_writer("table", stream, command_line=["climb"], show_all=False, started_at=NOW.timestamp())

    writer.found(make_found(http=Http(status=301, title="日本", location="/")))
    writer.finish(make_summary())

    assert b"301 ?? -> /" in raw.getvalue()


def test_no_color_means_no_escape(make_found, make_summary, monkeypatch) -> None:
    """With NO_COLOR set, a terminal gets no colour; none of our text needs one to be understood."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    stream.isatty = lambda: True
    writer = make_writer("table", stream, command_line=["climb"], show_all=False, started_at=NOW.timestamp())

    writer.found(make_found())
    writer.finish(make_summary())

    assert "\x1b[3" not in stream.getvalue()


def test_neighbouring_closed_ports_share_a_line(make_found) -> None:
    """A run of ports that were all closed is one row; a gap in the numbers ends it."""
    closed = [make_found(port=number, state=State.CLOSED) for number in (1, 2, 3, 4, 9)]

    rows = port_rows(closed, NOW, UNICODE)

    assert [(row.ports, row.facts) for row in rows] == [("1–4", ("4 ports",)), ("9", ())]


def test_open_ports_never_share_a_line(make_found) -> None:
    """Each open port is worth a row."""
    rows = port_rows([make_found(port=number) for number in (1, 2, 3)], NOW, UNICODE)

    assert [row.ports for row in rows] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("not_after", "words"),
    [
        ("2027-01-31T12:00:00Z", "expires in 70 days"),
        ("2026-11-23T12:00:00Z", "expires in 1 day"),
        ("2026-11-22T12:00:00Z", "expires today"),
        ("2026-11-21T12:00:00Z", "expired today"),
        ("2026-11-19T00:00:00Z", "expired 2 days ago"),
        ("2026-11-12T00:00:00", "expired 9 days ago"),
        ("never", None),
    ],
)
def test_validity_in_a_persons_words(not_after, words) -> None:
    """The end of a certificate is told as days from now."""
    assert validity(not_after, NOW) == words


def test_the_certificate_is_named(written, make_found) -> None:
    """Subject and remaining days are among the facts."""
    tls = Tls(version="TLSv1.3", subject="example.org", not_after="2027-01-31T12:00:00Z")

    text = " ".join(written("table", [make_found(service="https", tls=tls)]).split())

    assert "TLSv1.3 · certificate for example.org · expires in 70 days" in text


def test_an_empty_result_teaches(written) -> None:
    """When nothing is open, the reader learns what it may mean and which command to try."""
    text = written("table", open=0, closed=0, filtered=8)

    assert "No probe was answered" in text
    assert "climb scan 192.0.2.7 --timeout 5\n" in text
    assert "climb scan 192.0.2.7 --all\n" in text


def test_an_interrupted_scan_says_so_and_gives_no_advice(written) -> None:
    """What was not probed yet can't be judged."""
    text = written("table", open=0, interrupted=True)

    assert text == "Interrupted: 0 open of 8 ports on 1 host in 1.02 s (6 closed, 1 filtered).\n"
