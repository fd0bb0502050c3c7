"""Talks without encryption."""

from __future__ import annotations

import pytest

from climb.systems.scanner.model import Facts
from climb.systems.scanner.probe.plain import AskTalk, ListenTalk, PlainTalk, banner_of
from climb.systems.scanner.probe.services import ASKS
from climb.systems.scanner.probe.talk import Ending


def plain() -> PlainTalk:
    return PlainTalk(9999, "a.example:9999", window_s=0.15)


def asked() -> PlainTalk:
    talk = plain()
    talk.open()
    talk.quiet()
    return talk


def test_a_server_that_speaks_first_is_not_asked() -> None:
    """Its first line is the banner, and with it the talk is done."""
    talk = plain()
    assert talk.open() == b""
    assert talk.receive(b"SSH-2.0-Open") == b""
    assert talk.quiet_s is None
    assert not talk.done
    talk.receive(b"SSH\r\nmore")

    assert talk.done
    assert talk.facts == Facts(service="ssh", banner="SSH-2.0-OpenSSH")


def test_a_server_that_waits_is_asked_for_a_page() -> None:
    """After the listening window, and then it has all the time it wants."""
    talk = plain()
    assert talk.quiet_s == 0.15

    assert talk.quiet().startswith(b"GET / HTTP/1.1\r\n")
    assert talk.quiet_s is None


def test_an_http_answer_has_no_banner() -> None:
    """What a server says after it was asked is no greeting."""
    talk = asked()
    talk.receive(b"HTTP/1.1 200 OK\r\nServer: x (Debian)\r\nContent-Length: 0\r\n\r\n")

    assert talk.done
    assert (talk.facts.service, talk.facts.banner, talk.facts.os) == ("http", None, "Debian")


def test_http_that_comes_unasked_is_http() -> None:
    """A load balancer may complain before the request is there."""
    talk = plain()
    talk.receive(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")

    assert talk.done
    assert (talk.facts.service, talk.facts.banner) == ("http", None)


def test_a_late_greeting_is_known_by_its_form() -> None:
    """It crossed the request on the way."""
    talk = asked()
    talk.receive(b"220 mail.example ESMTP\r\n")

    assert talk.done
    assert (talk.facts.service, talk.facts.banner) == ("smtp", "220 mail.example ESMTP")


def test_an_unknown_answer_is_no_banner() -> None:
    """It may be a complaint about the request."""
    talk = asked()
    talk.receive(b"what do you mean, GET?\r\n")

    assert talk.done
    assert talk.facts == Facts()


def test_half_a_greeting_is_reported_when_the_time_is_over() -> None:
    """One byte a second is all that some servers say."""
    talk = plain()
    talk.receive(b"he")
    talk.end(Ending.TIMEOUT)

    assert talk.facts == Facts(banner="he")


def test_half_an_http_answer_is_reported_when_the_server_closes() -> None:
    """The status is known before the headers end."""
    talk = asked()
    talk.receive(b"HTTP/1.1 503 Busy")
    talk.end(Ending.CLOSED)

    assert talk.facts.http is not None
    assert talk.facts.http.status == 503


@pytest.mark.parametrize(
    ("greeting", "banner"),
    [
        (b"a\r\nb\r\n", "a"),
        (b"a\n", "a"),
        (b"\r\n", ""),
        (b"no end", "no end"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
        ("ü".encode() * 300 + b"\n", "ü" * 200),
    ],
)
def test_a_banner_is_the_first_line(greeting: bytes, banner: str) -> None:
    """Without its ending, at most 200 characters, always printable as UTF-8."""
    assert banner_of(greeting) == banner


def test_a_greeting_without_end_is_cut() -> None:
    """A server that never ends its line does not keep the connection."""
    talk = ListenTalk(9999)
    talk.receive(b"x" * 1000)

    assert talk.done
    assert talk.facts.banner == "x" * 200


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.service)
def test_a_question_gives_up_on_other_protocols(ask: object) -> None:
    """An HTTP server's complaint ends the talk at once."""
    talk = AskTalk(ask)  # type: ignore[arg-type]
    assert talk.open()
    talk.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert talk.done
    assert talk.facts == Facts()
