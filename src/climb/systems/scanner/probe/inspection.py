"""Which talks to have with an open port, and in which order.

The aim is few connections for the usual cases and an end for all of them. A port is first asked what its number suggests
(TLS on 443, PostgreSQL on 5432), because that is right most of the time; whatever it says then, only its answer counts.

    plain        listen for a moment, then GET /           finds greetings and HTTP: one connection for most ports
    tls          after a TLS alert, a 400, a hang-up, or too long a silence
    listen       after an answer that is neither HTTP nor known: would it have said that unasked?
    own question after a hang-up on both, which is how most binary protocols answer GET

A port that never says a word gets two connections; one that hangs up before it is asked gets one.
"""

from __future__ import annotations

from collections import deque

from climb.systems.scanner.model import NOTHING, Facts
from climb.systems.scanner.probe.plain import AskTalk, ListenTalk, PlainTalk
from climb.systems.scanner.probe.services import ASKS, TLS_PORTS, Ask, looks_like_tls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.probe.talk import Talk
    from climb.systems.scanner.probe.tls import TlsTalk

__all__ = ["Inspection"]

BAD_REQUEST = 400  # what TLS servers that notice say to plain text, in plain text


class Inspection:
    """The talks with one port: ``next`` gives them one by one, ``settle`` takes them back, ``facts`` sums them up."""

    def __init__(self, port: int, *, address: str, name: str | None, window_s: float) -> None:
        self.facts: Facts = NOTHING
        self.sure = False  # the port has been recognised: talks still under way are of no more use
        self._port = port
        self._name = ascii_name(name) if name else None
        self._host = self._name or address
        self._window_s = window_s
        self._waiting: deque[str | Ask] = deque(_first_guesses(port))
        self._tried: set[str | Ask] = set()

    @property
    def has_more(self) -> bool:
        """Whether there is another talk to be had."""
        return bool(self._waiting)

    def next(self) -> Talk | None:
        """The next talk to have, or None."""
        if not self._waiting:
            return None
        kind = self._waiting.popleft()
        self._tried.add(kind)
        return self._talk(kind)

    def settle(self, talk: Talk) -> None:
        """*talk* is over: keep what it told, and decide what follows from it."""
        if isinstance(talk, PlainTalk):
            self._settle_plain(talk)
        elif isinstance(talk, (ListenTalk, AskTalk)):
            self._keep(talk.facts)
        else:
            assert "tls" in self._tried
            self._settle_tls(talk)  # type: ignore[arg-type]  # to compare its class would import OpenSSL for every scan

    def _settle_plain(self, talk: PlainTalk) -> None:
        facts = talk.facts
        if facts.http is not None and facts.http.status == BAD_REQUEST:
            self._keep(facts, sure=False)
            self._then("tls")
        elif facts.service is not None or facts.banner is not None:
            self._keep(facts)
        elif looks_like_tls(talk.answer):
            self._then("tls")
        elif talk.heard:
            self._then("listen")
        elif talk.ending is not None and talk.ending.hung_up:
            self._settle_hang_up(asked=talk.asked)

    def _settle_hang_up(self, *, asked: bool) -> None:
        if asked:
            self._waiting.extend(ask for ask in ASKS if ask not in self._tried)
        else:
            self._waiting.clear()  # it would hang up on any question

    def _settle_tls(self, talk: TlsTalk) -> None:
        facts = talk.facts
        if self.facts.tls is not None:  # the second connection, for the sake of a page
            self.facts = self.facts._replace(http=facts.http, os=facts.os)
        elif facts.tls is not None:
            self.facts = NOTHING  # what the port said to plain text was a complaint
            self._keep(facts)
            if talk.alpn == "h2":
                self._waiting.append("tls without h2")
        elif facts.service is not None and self.facts.service is None:
            self._keep(facts)

    def _keep(self, facts: Facts, *, sure: bool = True) -> None:
        """*facts* tell what the port is, if they tell anything."""
        if facts.service is not None or facts.banner is not None:
            self.facts = facts
            self.sure = sure
            self._waiting.clear()

    def _then(self, kind: str) -> None:
        """Nothing but *kind* is worth trying now, if it has not been tried."""
        self._waiting.clear()
        if kind not in self._tried:
            self._waiting.append(kind)

    def _talk(self, kind: str | Ask) -> Talk:
        if isinstance(kind, Ask):
            return AskTalk(kind)
        if kind == "listen":
            return ListenTalk(self._port)
        usual = 80 if kind == "plain" else 443
        plain = PlainTalk(self._port, host_header(self._host, self._port, usual), self._window_s)
        if kind == "plain":
            return plain
        from climb.systems.scanner.probe.tls import OFFERED, TlsTalk  # needs OpenSSL: most ports do without

        return TlsTalk(plain, server_name=self._name, offered=OFFERED if kind == "tls" else ("http/1.1",))


def _first_guesses(port: int) -> list[str | Ask]:
    if port in TLS_PORTS:
        return ["tls", "plain"]
    return [*(ask for ask in ASKS if port in ask.ports), "plain", "tls"]


def ascii_name(name: str) -> str:
    """A host name as it stands in requests and certificates."""
    if name.isascii():
        return name.rstrip(".")
    return name.rstrip(".").encode("idna").decode("ascii")


def host_header(host: str, port: int, usual: int) -> str:
    """The ``Host`` of a request: IPv6 in brackets, the port unless it is the usual one."""
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == usual else f"{bracketed}:{port}"
