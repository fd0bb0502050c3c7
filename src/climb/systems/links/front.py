"""The way of a request: followings are answered here, most of them from memory and at once; all others go to the application.

A click is counted before its answer is written. Both happen in the same turn of the loop, so counting must be quick and can't wait.
"""

from __future__ import annotations

import logging
from time import monotonic, time

from climb.stack.away import Away
from climb.systems.http.answer import Answer, prepared
from climb.systems.http.head import Head
from climb.systems.http.resource import Request, Resource
from climb.systems.links.asgi import problem_answer
from climb.systems.links.clicks.journal import Journal
from climb.systems.links.codes import code_like
from climb.systems.links.entries import NOWHERE
from climb.systems.links.followed import Followed
from climb.systems.links.following import Lookup
from climb.systems.links.imports import IMPORT_PATH
from climb.systems.links.known import Known, Remembered
from climb.systems.links.shared_cache import KEPT_S

__all__ = ["Front"]

_REFRESH_S = KEPT_S / 2
_NOT_THERE = prepared(problem_answer(404))
_GONE = prepared(problem_answer(410, "the link was deleted or has expired"))
_AWAY = problem_answer(503, "the link can't be looked up now")
_UNCOUNTED = problem_answer(503, "clicks can't be counted now")
_METHODS = ("GET", "HEAD")
_IMPORT = IMPORT_PATH.encode()

_log = logging.getLogger(__name__)


class Front:
    """Finds what answers a request."""

    def __init__(
        self, known: Known, lookup: Lookup, journal: Journal, followed: Followed, app: Resource, imports: Resource
    ) -> None:
        self._known, self._lookup, self._journal, self._followed = known, lookup, journal, followed
        self._paths = known.paths
        self._app, self._imports = app, imports
        self._follow = Resource(methods=_METHODS, answer=self._at_once, in_loop=self._later)

    def find(self, head: Head) -> Resource:
        """What answers a request with that head."""
        path = head.raw_path
        if path in self._paths or (path.count(b"/") == 1 and code_like(path[1:].decode("ascii"))):
            if head.method in _METHODS:
                return self._follow
        elif path == _IMPORT:
            return self._imports
        return self._app

    def at_once(self, path: bytes, method: str = "GET") -> Answer | None:
        """The answer from what is remembered, None if there is nothing or it can't be believed."""
        remembered = self._paths.get(path)
        if remembered is None:
            return None
        now = monotonic()
        if now >= remembered.good_until and not self._known.is_good(remembered, now):
            return None
        followed = self._followed
        followed.hits += 1
        answer = self._said(remembered, method, now)
        followed.add(method, answer.status, monotonic() - now)
        return answer

    def _at_once(self, request: Request) -> Answer | None:
        return self.at_once(request.head.raw_path, request.head.method)

    async def _later(self, request: Request) -> Answer:
        """The answer when others were asked."""
        began = monotonic()
        method = request.head.method
        answer = await self.follow(request.head.raw_path[1:].decode("ascii"), method)
        self._followed.add(method, answer.status, monotonic() - began)
        return answer

    async def follow(self, code: str, method: str) -> Answer:
        """Where a name leads; others are asked if what is remembered can't be believed."""
        remembered = self._known.find(code)
        if remembered is None or not self._known.is_good(remembered, monotonic()):
            try:
                remembered = await self._lookup.find(code)
            except Away:
                return _AWAY
        return self._said(remembered, method, monotonic())

    def _said(self, remembered: Remembered, method: str, now: float) -> Answer:
        answer = remembered.answer
        if answer is None:
            answer = remembered.answer = _answer(remembered)
        if answer.status != 302:
            return answer
        if remembered.ends_s and time() >= remembered.ends_s:
            return _GONE
        remembered.used_at = now
        if now - remembered.told_at > _REFRESH_S:
            self._lookup.refresh(remembered, now)
        if method == "GET":
            try:
                remembered.slot = self._journal.count(remembered.entry.code, remembered.slot)
            except OSError:
                _log.exception("click_not_counted")
                return _UNCOUNTED
        return answer


def _answer(remembered: Remembered) -> Answer:
    entry = remembered.entry
    if entry.version == NOWHERE:
        return _NOT_THERE
    if not entry.url:
        return _GONE
    return prepared(Answer(302, b"", b"Location: %b\r\nCache-Control: no-store\r\n" % entry.url.encode("ascii")))
