"""What services say: greetings, answers to a question they did not expect, answers to their own kind of question.

Three tables. A signature names a service only where the bytes leave no doubt; a number on a port never does.
"""

from __future__ import annotations

import re
import struct

from climb.systems.scanner.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ASKS",
    "TLS_PORTS",
    "Ask",
    "answering_service",
    "greeting_is_whole",
    "greeting_service",
    "looks_like_tls",
    "os_hint",
]

# Where TLS is usual, it is tried first: one connection less. A wrong guess costs one connection more.
TLS_PORTS = frozenset(
    {443, 465, 636, 853, 989, 990, 993, 995, 2376, 4433, 4443, 5061, 5671, 6443, 8443, 8883, 9443, 10443}
)

# The tables hold patterns as text: ``re`` compiles and keeps one when it is first needed, and most never are.

# Greetings of servers that speak first. "220" is said by mail, file transfer and dictionaries: the words after it decide.
_GREETINGS = (
    ("ssh", rb"SSH-\d"),
    ("ftp", rb"(?i)220[ -][^\r\n]*ftp|220[ -][^\r\n]*filezilla"),
    ("smtp", rb"(?i)(?:220|421|554)[ -][^\r\n]*(?:smtp|postfix|exim|sendmail|mail)"),
    ("dict", rb"(?i)220 [^\r\n]*dictd"),
    ("pop3", rb"\+OK\b"),
    ("imap", rb"\* (?:OK|PREAUTH|BYE)\b"),
    ("nntp", rb"(?i)20[01] [^\r\n]*(?:nntp|news|innd)"),
    ("mysql", rb"(?s)..\x00\x00(?:\x0a\d[\x20-\x7e]{2,}\x00|\xff..(?:#.{5})?Host )"),
    ("vnc", rb"RFB \d{3}\.\d{3}\n"),
    ("rsync", rb"@RSYNCD: \d"),
    ("nats", rb"INFO \{"),
    ("telnet", rb"\xff[\xfb-\xfe]"),
)

# What servers of other kinds say to "GET / HTTP/1.1".
_ANSWERS = (
    ("redis", rb"(?i)-ERR (?:wrong number of arguments for 'get'|unknown command)|-NOAUTH |-DENIED Redis"),
    ("amqp", rb"AMQP[\x00-\x03]"),
    ("rtsp", rb"RTSP/\d\.\d \d{3}"),
    ("sip", rb"SIP/\d\.\d \d{3}"),
    ("memcached", rb"ERROR\r\n\Z"),
)

_USUAL_220 = {21: "ftp", 2121: "ftp", 25: "smtp", 465: "smtp", 587: "smtp", 2525: "smtp"}

_SYSTEMS = (
    ("Ubuntu", "ubuntu"),
    ("Raspbian", "raspbian"),
    ("Debian", "debian|[+~]deb\\d+u\\d"),
    ("Red Hat", "red ?hat|rhel|\\.el\\d"),
    ("CentOS", "centos"),
    ("Fedora", "fedora"),
    ("AlmaLinux", "almalinux"),
    ("Rocky Linux", "rocky"),
    ("Amazon Linux", "amazon linux"),
    ("SUSE", "suse"),
    ("Alpine", "alpine"),
    ("FreeBSD", "freebsd"),
    ("OpenBSD", "openbsd"),
    ("NetBSD", "netbsd"),
    ("macOS", "macos|darwin"),
    ("Windows", "windows|win32|win64|microsoft-"),
    ("Unix", "\\(unix\\)"),
)


def greeting_service(greeting: bytes, port: int) -> str | None:
    """The service that greets so; on its usual port a bare ``220`` is enough."""
    for service, pattern in _GREETINGS:
        if re.match(pattern, greeting):
            return service
    return _USUAL_220.get(port) if greeting.startswith((b"220 ", b"220-")) else None


def greeting_is_whole(greeting: bytes) -> bool:
    """Whether enough of a greeting is there: its first line, or, for MySQL, whose line ends early, the packet."""
    if greeting[3:5] == b"\x00\n":
        return len(greeting) >= 4 + int.from_bytes(greeting[:3], "little")
    return b"\n" in greeting


def answering_service(answer: bytes) -> str | None:
    """The service that says *answer* when it is sent ``GET / HTTP/1.1``."""
    for service, pattern in _ANSWERS:
        if re.match(pattern, answer):
            return service
    return None


def looks_like_tls(answer: bytes) -> bool:
    """Whether *answer* is a TLS record: an alert is what a TLS server says to plain text."""
    return len(answer) >= 2 and answer[0] in (0x15, 0x16) and answer[1] == 3


def os_hint(*texts: str | None) -> str | None:
    """The operating system that a banner or a header boasts of. A hint: anybody can write anything there."""
    for text in texts:
        for name, words in _SYSTEMS:
            if text and re.search(rf"(?i)(?<![a-z])(?:{words})", text):
                return name
    return None


class Ask(NamedTuple):
    """A question in a service's own protocol, harmless to all others, and how its answer is recognised."""

    service: str
    ports: frozenset[int]
    question: bytes
    recognises: Callable[[bytes], bool]


def _is_postgresql(answer: bytes) -> bool:
    """'S' or 'N' to an SSLRequest, alone; or an ErrorResponse."""
    return answer in (b"S", b"N") or (answer[:2] == b"E\x00" and b"SFATAL\x00" in answer)


def _is_redis(answer: bytes) -> bool:
    return answer.startswith((b"+PONG", b"-NOAUTH", b"-DENIED Redis", b"-LOADING", b"-ERR max number of clients"))


_KAFKA_CORRELATION = 0x0C11
_KAFKA_ID = b"climb"
_KAFKA_BODY = struct.pack(">hhih", 18, 0, _KAFKA_CORRELATION, len(_KAFKA_ID)) + _KAFKA_ID


def _is_kafka(answer: bytes) -> bool:
    """An ApiVersions response: its size, our correlation id, an error code, a list of (key, lowest, highest)."""
    if len(answer) < 14:
        return False
    size, correlation, _, keys = struct.unpack(">iihi", answer[:14])
    return bool(correlation == _KAFKA_CORRELATION and 0 <= keys < 1000 and size >= 10 + 6 * keys)


def _is_amqp(answer: bytes) -> bool:
    """Connection.Start, method 10 of class 10 on channel 0; or the version the server would rather speak."""
    return answer.startswith(b"AMQP") or (answer[:3] == b"\x01\x00\x00" and answer[7:11] == b"\x00\x0a\x00\x0a")


_MQTT_ID = b"climb-scan"
_MQTT_CONNECT = b"\x00\x04MQTT\x04\x02\x00\x0a" + struct.pack(">H", len(_MQTT_ID)) + _MQTT_ID


def _is_mqtt(answer: bytes) -> bool:
    return answer[:2] == b"\x20\x02" and len(answer) >= 4 and answer[3] <= 5


ASKS = (
    Ask("postgresql", frozenset({5432, 5433, 6432}), b"\x00\x00\x00\x08\x04\xd2\x16\x2f", _is_postgresql),
    Ask("redis", frozenset({6379, 6380, 7000}), b"PING\r\n", _is_redis),
    Ask("kafka", frozenset({9092, 9093, 9094, 29092}), struct.pack(">i", len(_KAFKA_BODY)) + _KAFKA_BODY, _is_kafka),
    Ask("amqp", frozenset({5672}), b"AMQP\x00\x00\x09\x01", _is_amqp),
    Ask("mqtt", frozenset({1883}), b"\x10" + bytes([len(_MQTT_CONNECT)]) + _MQTT_CONNECT, _is_mqtt),
    Ask("memcached", frozenset({11211}), b"version\r\n", lambda answer: answer.startswith(b"VERSION ")),
)
