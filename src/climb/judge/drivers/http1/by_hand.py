"""What was sent, as a line for a shell: with curl if it can say the same, else with printf and nc. ``$PORT`` stands for the port."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import msgspec

__all__ = ["Sent", "Spoken", "by_hand"]

_LONGEST = 400  # characters of a line that anyone would paste
_KEPT = 512 * 1024  # bytes of a piece: long heads are a letter many times, which is short in a line
_MOST_PIECES = 6
_ANSWERED_S = 0.5  # the pause where an answer was waited for
_RUN = re.compile(rb"([A-Za-z0-9])\1{63,}")
_PLAIN = re.compile(r"[A-Za-z0-9/_.,:;@%+=~-]*")  # what a shell takes as it is
_REQUEST = re.compile(rb"([A-Z]+) (/[\x21-\x22\x24-\x7e]*) HTTP/1\.([01])\r\n((?:[^\r\n]+\r\n)*)\r\n", re.DOTALL)
_FIELD = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?((?<=: )[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|)\r\n"
)  # one space before a value and none behind it: curl sends no other, and it may be what matters


class Sent(msgspec.Struct, frozen=True):
    """Bytes that were sent at once, and the pause behind them in seconds."""

    data: bytes
    pause_s: float = 0.0


class Spoken:
    """What was sent over one connection, kept as long as it is short enough for a line."""

    def __init__(self, port: str) -> None:
        self.half_closed = False
        self._port = port
        self._sent: list[Sent] = []
        self._whole = True
        self._came = 0

    def add(self, data: bytes, pause_s: float, came: int) -> None:
        """These bytes were sent, with a pause behind them, when ``came`` answers had come."""
        if not self._whole or len(self._sent) == _MOST_PIECES or len(data) > _KEPT:
            self._whole = False
            self._sent.clear()
            return
        if self._sent and came > self._came:
            self._sent[-1] = Sent(self._sent[-1].data, max(self._sent[-1].pause_s, _ANSWERED_S))
        self._came = came
        self._sent.append(Sent(data, pause_s))

    def by_hand(self) -> str:
        """The line; empty if there is none."""
        return by_hand(self._sent, port=self._port, half_closed=self.half_closed) if self._whole else ""


def by_hand(sent: Sequence[Sent], *, port: str = "PORT", half_closed: bool = False) -> str:
    """The line; empty if nobody would paste it, since it is too long or was sent in too many pieces."""
    if not sent or len(sent) > _MOST_PIECES or sum(len(_RUN.sub(b"", piece.data)) for piece in sent) > _LONGEST:
        return ""
    whole = len(sent) == 1 and not half_closed
    line = (whole and len(sent[0].data) <= _LONGEST and _curl(sent[0].data, port)) or _netcat(
        sent, port, half_closed=half_closed
    )
    return line if len(line) <= _LONGEST else ""


def _netcat(sent: Sequence[Sent], port: str, *, half_closed: bool) -> str:
    words: list[str] = []
    for number, piece in enumerate(sent):
        words += [f"sleep {max(sent[number - 1].pause_s, 0.1):g}"] if number else []
        words += _printed(piece.data)
    program = words[0] if len(words) == 1 else "{ " + "; ".join(words) + "; }"
    return f"{program} | nc {'-N ' if half_closed else ''}127.0.0.1 ${port}"


def _printed(data: bytes) -> list[str]:
    """Commands that write these bytes; a long run of one letter is one of its own."""
    words, at = [], 0
    for run in _RUN.finditer(data):
        if run.start() > at:
            words.append(f"printf '{_format(data[at : run.start()])}'")
        words.append(f"head -c {len(run.group())} /dev/zero | tr '\\0' {run[1].decode()}")
        at = run.end()
    return [*words, f"printf '{_format(data[at:])}'"] if at < len(data) or not words else words


def _format(data: bytes) -> str:
    """Bytes as a format of printf between single quotes (POSIX: octal digits, and a percent sign twice)."""
    text = "".join(_WRITTEN.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in data)
    return f"\\055{text[1:]}" if text.startswith("-") else text  # which some shells take for an option


_WRITTEN = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x25: "%%", 0x5C: "\\\\", 0x27: "'\\''"}


def _curl(data: bytes, port: str) -> str:
    """The request as curl would send it, beside fields that curl adds itself; empty if it can't."""
    head = _REQUEST.match(data)
    if head is None:
        return ""
    method, target, minor = head[1].decode(), head[2].decode(), head[3]
    fields = [(name.decode(), value.decode()) for name, value in _FIELD.findall(head[4])]
    if len(fields) != head[4].count(b"\r\n"):
        return ""
    body = data[head.end() :]
    given = _options(fields, body)
    if given is None or not _sayable(method, body, fields):
        return ""
    words = ["curl", "-si", *_method(method, body), *(["--http1.0"] if minor == b"0" else []), *given]
    if re.search(r"[][{}]", target):
        words.append("-g")  # curl would make several requests of it
    if re.search(r"/\.\.?(?:[/?]|$)", target):
        words.append("--path-as-is")
    return " ".join([*words, _address(target, port)])


def _sayable(method: str, body: bytes, fields: list[tuple[str, str]]) -> bool:
    """Whether curl sends the same: a length if and only if there is a body, and one Host."""
    names = [name.lower() for name, _ in fields]
    lengths = [value for name, value in fields if name.lower() == "content-length"]
    if names.count("host") != 1 or "transfer-encoding" in names or (method == "HEAD" and body):
        return False
    return lengths == ([str(len(body))] if body else [])


def _options(fields: list[tuple[str, str]], body: bytes) -> list[str] | None:
    words = []
    for name, value in fields:
        if name.lower() == "content-length" or (name.lower() == "host" and value.startswith("127.0.0.1:")):
            continue
        words += ["-H", _quoted(f"{name}: {value}" if value else f"{name};")]
    if body:
        if not all(0x20 <= byte < 0x7F for byte in body) or body.startswith(b"@"):
            return None
        if not any(name.lower() == "content-type" for name, _ in fields):
            words += ["-H", "Content-Type:"]
        words += ["--data-binary", _quoted(body.decode())]
    return words


def _method(method: str, body: bytes) -> list[str]:
    if method == "HEAD":
        return ["-I"]
    return [] if method == ("POST" if body else "GET") else ["-X", method]


def _address(target: str, port: str) -> str:
    plain = bool(_PLAIN.fullmatch(target))
    return f"http://127.0.0.1:${port}{target}" if plain else f'"http://127.0.0.1:${port}"{_quoted(target)}'


def _quoted(text: str) -> str:
    return shlex.quote(text)
