"""Which talks are had with a port, in which order."""

from __future__ import annotations

import pytest

from climb.systems.scanner.probe.inspection import Inspection, ascii_name, host_header
from climb.systems.scanner.probe.plain import AskTalk, ListenTalk, PlainTalk
from climb.systems.scanner.probe.services import ASKS
from climb.systems.scanner.probe.talk import Ending, Talk
from climb.systems.scanner.probe.tls import TlsTalk


def inspection(port: int = 9999) -> Inspection:
    return Inspection(port, address="192.0.2.7", name=None, window_s=0.1)


def plain_from(visit: Inspection) -> PlainTalk:
    talk = visit.next()
    assert isinstance(talk, PlainTalk)
    talk.open()
    return talk


def hang_up(visit: Inspection, talk: Talk, ending: Ending = Ending.CLOSED) -> None:
    talk.end(ending)
    visit.settle(talk)


def test_a_web_server_takes_one_connection() -> None:
    """HTTP is recognised by the first talk, and nothing follows."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    talk.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    visit.settle(talk)

    assert visit.sure
    assert visit.next() is None
    assert visit.facts.service == "http"


@pytest.mark.parametrize("port", [443, 8443])
def test_the_usual_tls_ports_are_tried_with_tls_first(port: int) -> None:
    """And as plain text after that: a port is what it speaks."""
    visit = inspection(port)

    assert isinstance(visit.next(), TlsTalk)
    assert isinstance(visit.next(), PlainTalk)
    assert visit.next() is None


def test_a_database_port_is_asked_its_own_question_first() -> None:
    """Then it is treated like any other."""
    visit = inspection(5432)

    assert [type(visit.next()) for _ in range(3)] == [AskTalk, PlainTalk, TlsTalk]


@pytest.mark.parametrize(
    "answer", [b"\x15\x03\x01\x00\x02\x02\x46", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"]
)
def test_a_complaint_about_plain_text_leads_to_tls(answer: bytes) -> None:
    """Be it an alert or a 400."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    talk.receive(answer)
    visit.settle(talk)

    assert not visit.sure
    assert isinstance(visit.next(), TlsTalk)


def test_a_400_that_is_not_about_tls_is_an_answer() -> None:
    """When TLS fails, what was said in plain text stands."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    talk.receive(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    visit.settle(talk)
    tls = visit.next()
    assert tls is not None
    hang_up(visit, tls)

    assert visit.next() is None
    assert visit.facts.service == "http"


def test_an_unknown_answer_leads_to_listening() -> None:
    """It is a banner only if the server says it unasked."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    talk.receive(b"hello\r\n")
    visit.settle(talk)
    listening = visit.next()
    assert isinstance(listening, ListenTalk)
    listening.receive(b"hello\r\n")
    visit.settle(listening)

    assert visit.facts.banner == "hello"
    assert visit.next() is None


def test_a_server_that_hangs_up_on_http_is_asked_for_its_protocol() -> None:
    """After TLS, each question once, in one connection each."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    hang_up(visit, talk)
    kinds = []
    while (following := visit.next()) is not None:
        kinds.append(type(following))
        hang_up(visit, following)

    assert kinds == [TlsTalk] + [AskTalk] * len(ASKS)


def test_a_server_that_hangs_up_before_it_is_asked_is_left_alone() -> None:
    """It would do the same whatever the question."""
    visit = inspection()
    hang_up(visit, plain_from(visit), Ending.RESET)

    assert visit.next() is None


def test_a_server_that_says_nothing_gets_two_connections() -> None:
    """One for plain text and one for TLS."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    hang_up(visit, talk, Ending.TIMEOUT)
    tls = visit.next()
    assert isinstance(tls, TlsTalk)
    hang_up(visit, tls, Ending.TIMEOUT)

    assert visit.next() is None
    assert not visit.sure


def test_a_known_answer_ends_the_questions() -> None:
    """PostgreSQL hangs up on HTTP and says N to an SSLRequest."""
    visit = inspection()
    talk = plain_from(visit)
    talk.quiet()
    hang_up(visit, talk)
    tls, ask = visit.next(), visit.next()
    assert tls is not None
    assert isinstance(ask, AskTalk)
    hang_up(visit, tls)
    ask.receive(b"N")
    visit.settle(ask)

    assert visit.facts.service == "postgresql"
    assert visit.next() is None


@pytest.mark.parametrize(
    ("host", "port", "header"),
    [("a.example", 80, "a.example"), ("a.example", 81, "a.example:81"), ("::1", 8080, "[::1]:8080")],
)
def test_the_host_header_names_unusual_ports(host: str, port: int, header: str) -> None:
    """IPv6 addresses stand in brackets (RFC 9112, 3.2)."""
    assert host_header(host, port, 80) == header


def test_names_go_out_in_ascii() -> None:
    """Without the dot that ends an absolute name."""
    assert ascii_name("bücher.example.") == "xn--bcher-kva.example"
