from __future__ import annotations

from datetime import UTC, datetime

from climb.systems.scanner.model import Summary
from climb.systems.scanner.output.advice import Advice, advice
from climb.systems.scanner.output.writer import Request


def advised(*words: str, closed: int = 0, filtered: int = 0, show_all: bool = False) -> Advice:
    summary = Summary(hosts=1, ports=closed + filtered, open=0, closed=closed, filtered=filtered, elapsed_s=1)
    request = Request(
        command_line=("climb", "scan", *words),
        show_all=show_all,
        started_at=datetime(2026, 11, 22, tzinfo=UTC).timestamp(),
    )
    return advice(summary, request)


def commands(told: Advice) -> list[str]:
    return [command for command, _ in told.commands]


def test_refusals_mean_that_the_machine_is_there() -> None:
    """Only refusals: other ports may be worth a try, patience is not."""
    told = advised("h", closed=8)

    assert "refused" in told.meaning
    assert commands(told) == ["climb scan h --ports 1-1024", "climb scan h --all"]


def test_a_longer_timeout_replaces_the_given_one() -> None:
    """The suggestion is five times what the user chose, in either spelling."""
    assert commands(advised("h", "--timeout", "0.5", filtered=1))[0] == "climb scan h --timeout 2.5"
    assert commands(advised("--timeout=3", "h", filtered=1))[0] == "climb scan h --timeout 15"


def test_what_was_already_asked_is_not_suggested() -> None:
    """Who has seen all ports needs no --all; who has scanned many is not sent to the first thousand."""
    assert commands(advised("h", closed=2000, show_all=True)) == []


def test_a_command_can_be_pasted() -> None:
    """Words with blanks are quoted as a shell wants them."""
    assert commands(advised("a b", closed=2000)) == ["climb scan 'a b' --all"]


def test_an_empty_scan_is_no_verdict() -> None:
    """Without a probe there is nothing to conclude."""
    assert advised("h").meaning == "Nothing was probed, so nothing is known."
