"""Talks without encryption: listen for a greeting, ask for a page, or ask a service's own question."""

from __future__ import annotations

from climb.systems.scanner.model import NOTHING, Facts
from climb.systems.scanner.probe import services
from climb.systems.scanner.probe.http import HttpReader, request
from climb.systems.scanner.probe.talk import Ending, Talk

__all__ = ["AskTalk", "ListenTalk", "PlainTalk", "banner_of"]

LONGEST_BANNER = 200  # characters
ENOUGH_FOR_BANNER = 4 * LONGEST_BANNER + 4  # bytes that hold as many characters whatever they are
ENOUGH_FOR_ANSWER = 512


def banner_of(greeting: bytes) -> str:
    """The first line without its ending, at most 200 characters; what is not UTF-8 becomes U+FFFD."""
    line = greeting.partition(b"\n")[0].removesuffix(b"\r")
    return line.decode("utf-8", "replace")[:LONGEST_BANNER]


class ListenTalk(Talk):
    """Says nothing and keeps what the server says first."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._greeting = bytearray()

    def receive(self, data: bytes) -> bytes:
        self.heard = True
        self._greeting += data
        self.done = services.greeting_is_whole(bytes(self._greeting)) or len(self._greeting) >= ENOUGH_FOR_BANNER
        return b""

    @property
    def facts(self) -> Facts:
        """The banner, and the service if the banner tells."""
        greeting = bytes(self._greeting)
        if not greeting:
            return NOTHING
        banner = banner_of(greeting)
        texts = greeting.decode("latin-1")  # MySQL's version stands behind the first line ending
        return Facts(service=services.greeting_service(greeting, self._port), banner=banner, os=services.os_hint(texts))


class PlainTalk(ListenTalk):
    """Listens for a moment; to a server that waits to be asked it sends ``GET /``."""

    def __init__(self, port: int, host_header: str, window_s: float) -> None:
        super().__init__(port)
        self.quiet_s = window_s
        self.asked = False
        self.answer = b""  # the start of an answer that isn't HTTP
        self.reader = HttpReader()
        self._host_header = host_header

    def receive(self, data: bytes) -> bytes:
        self.quiet_s = None
        self.heard = True
        if not self.asked and not self._unasked_http(data):
            return super().receive(data)
        self._read_answer(data)
        return b""

    def quiet(self) -> bytes:
        self.quiet_s = None
        self.asked = True
        return request(self._host_header)

    def end(self, ending: Ending) -> None:
        if self.asked:
            self.reader.end()
        super().end(ending)

    @property
    def facts(self) -> Facts:
        http = self.reader.http
        if http is not None:
            return Facts(service="http", http=http, os=services.os_hint(http.server))
        if not self.asked:
            return super().facts
        # A server that speaks first may be slow to do so: its greeting is known by its form.
        service = services.greeting_service(self.answer, 0)
        if service is not None:
            return Facts(
                service=service, banner=banner_of(self.answer), os=services.os_hint(self.answer.decode("latin-1"))
            )
        return Facts(service=services.answering_service(self.answer))

    def _unasked_http(self, data: bytes) -> bool:
        """Some servers complain in HTTP before they were asked; that is an answer, not a banner."""
        self.asked = not self._greeting and data.startswith(b"HTTP/")
        return self.asked

    def _read_answer(self, data: bytes) -> None:
        self.reader.feed(data)
        self.done = self.reader.done
        if self.reader.is_http is False:
            self.answer += data
            self.done = (
                services.looks_like_tls(self.answer)
                or services.greeting_is_whole(self.answer)
                or len(self.answer) >= ENOUGH_FOR_ANSWER
            )


class AskTalk(Talk):
    """One question in a service's own protocol."""

    def __init__(self, ask: services.Ask) -> None:
        self._ask = ask
        self._answer = bytearray()

    def open(self) -> bytes:
        return self._ask.question

    def receive(self, data: bytes) -> bytes:
        self.heard = True
        self._answer += data
        other = self._answer.startswith(b"HTTP/") or len(self._answer) >= ENOUGH_FOR_ANSWER
        self.done = other or self._recognised
        return b""

    @property
    def facts(self) -> Facts:
        return Facts(service=self._ask.service if self._recognised else None)

    @property
    def _recognised(self) -> bool:
        return self._ask.recognises(bytes(self._answer))
