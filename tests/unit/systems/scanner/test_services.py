"""Recognising services by what they say."""

from __future__ import annotations

import pytest

from climb.systems.scanner.probe import services
from climb.systems.scanner.probe.services import ASKS

MYSQL = b"\x4a\x00\x00\x00\x0a8.0.36-0ubuntu0.22.04.1\x00" + bytes(49)
MARIADB_REFUSAL = b"\x45\x00\x00\x00\xff\x6a\x04Host '192.0.2.1' is not allowed to connect to this MariaDB server"


@pytest.mark.parametrize(
    ("greeting", "port", "service"),
    [
        (b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n", 9999, "ssh"),
        (b"220 mail.example ESMTP Postfix\r\n", 9999, "smtp"),
        (b"220-vsFTPd 3.0.5\r\n", 9999, "ftp"),
        (b"220 (hello)\r\n", 21, "ftp"),
        (b"220 hello\r\n", 25, "smtp"),
        (b"220 hello\r\n", 9999, None),
        (b"+OK ready\r\n", 9999, "pop3"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", 9999, "imap"),
        (MYSQL, 9999, "mysql"),
        (MARIADB_REFUSAL, 9999, "mysql"),
        (b"RFB 003.008\n", 9999, "vnc"),
        (b'INFO {"server_id":"x"}\r\n', 9999, "nats"),
        (b"\xff\xfd\x18\xff\xfd\x20", 9999, "telnet"),
        (b"hello\r\n", 22, None),
    ],
)
def test_a_greeting_names_its_service(greeting: bytes, port: int, service: str | None) -> None:
    """Whatever the port's number; only for a bare 220 does the number decide."""
    assert services.greeting_service(greeting, port) == service


@pytest.mark.parametrize(
    ("greeting", "whole"),
    [(b"SSH-2.0-x", False), (b"SSH-2.0-x\r\n", True), (MYSQL[:30], False), (MYSQL, True)],
)
def test_a_greeting_is_whole_with_its_first_line(greeting: bytes, whole: bool) -> None:
    """MySQL's begins with a line ending of sorts, so there the packet's length counts."""
    assert services.greeting_is_whole(greeting) is whole


@pytest.mark.parametrize(
    ("answer", "service"),
    [
        (b"-ERR wrong number of arguments for 'get' command\r\n", "redis"),
        (b"-NOAUTH Authentication required.\r\n", "redis"),
        (b"AMQP\x00\x00\x09\x01", "amqp"),
        (b"ERROR\r\n", "memcached"),
        (b"RTSP/1.0 400 Bad Request\r\n", "rtsp"),
        (b"whatever\r\n", None),
    ],
)
def test_an_answer_to_http_names_other_services(answer: bytes, service: str | None) -> None:
    """Their complaints are as telling as a greeting."""
    assert services.answering_service(answer) == service


@pytest.mark.parametrize(
    ("service", "answer"),
    [
        ("postgresql", b"S"),
        ("postgresql", b"N"),
        ("postgresql", b"E\x00\x00\x00\x2aSFATAL\x00C0A000\x00Munsupported\x00\x00"),
        ("redis", b"+PONG\r\n"),
        ("redis", b"-NOAUTH Authentication required.\r\n"),
        ("kafka", b"\x00\x00\x00\x10\x00\x00\x0c\x11\x00\x00\x00\x00\x00\x01\x00\x12\x00\x00\x00\x03"),
        ("amqp", b"\x01\x00\x00\x00\x00\x01\xde\x00\x0a\x00\x0a\x00\x09"),
        ("mqtt", b"\x20\x02\x00\x05"),
        ("memcached", b"VERSION 1.6.24\r\n"),
    ],
)
def test_each_question_recognises_its_answer_and_no_other(service: str, answer: bytes) -> None:
    """A service is named only where the bytes leave no doubt."""
    assert [ask.service for ask in ASKS if ask.recognises(answer)] == [service]


@pytest.mark.parametrize(
    "answer", [b"", b"\x00", b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-x\r\n", bytes(64), b"\xff" * 64]
)
def test_no_question_recognises_what_others_say(answer: bytes) -> None:
    """Garbage is not a service."""
    assert not any(ask.recognises(answer) for ask in ASKS)


def test_a_tls_alert_is_recognised() -> None:
    """It is what a TLS server says to plain text."""
    assert services.looks_like_tls(b"\x15\x03\x03\x00\x02\x02\x46")
    assert not services.looks_like_tls(b"\x15")
    assert not services.looks_like_tls(b"HTTP")


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("nginx/1.18.0 (Ubuntu)", "Ubuntu"),
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "Debian"),
        ("10.11.6-MariaDB-0+deb12u1", "Debian"),
        ("Microsoft-IIS/10.0", "Windows"),
        ("Apache/2.4.37 (Red Hat Enterprise Linux)", "Red Hat"),
        ("nginx", None),
        (None, None),
    ],
)
def test_a_system_is_hinted_at_only_if_it_is_named(text: str | None, system: str | None) -> None:
    """No guesses from what the text leaves out."""
    assert services.os_hint(text) == system
