"""Who may read a page, and who may start something. The workbench runs programs, so this is stricter than usual.

    Host            must name us: a foreign name that resolves to 127.0.0.1 (DNS rebinding) gets nothing
    peer            the other end of the connection must be a process of this user: others on this machine get nothing
    Origin          a request that changes something must come from our own page
    token           and must carry the token that only our pages know (checked where forms are read, in ``forms.py``)
    Sec-Fetch-Site  a foreign page may link to us, but not embed or fetch
    headers         a Content-Security-Policy without exceptions; nothing may frame, sniff or share our pages

Sources: the Fetch standard (Sec-Fetch-Site, Cross-Origin-Resource-Policy), CSP Level 3, RFC 9110 section 15.5.20 (421).
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.workbench.peer import is_ours
from climb.workbench.settings import HOST, Settings

__all__ = ["POLICY", "Guard"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_READING = {"GET", "HEAD"}
_OUR_SITES = {"none", "same-origin"}  # "same-site" is any other server of this machine


class Guard:
    """Lets a request through to ``app``, or answers it with the reason why not."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if headers.get("host") not in self._settings.hosts:
            return PlainTextResponse(f"This is the workbench of {self._settings.origin}; open that address.\n", 421)
        if not is_ours(scope.get("client"), (HOST, self._settings.port)):
            return PlainTextResponse("This workbench belongs to another user of this machine.\n", 403)
        if scope["method"] not in _READING:
            return self._refused_change(headers)
        foreign = headers.get("sec-fetch-site", "none") not in _OUR_SITES
        if foreign and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("Other pages may link to the workbench, not read it.\n", 403)
        return None

    def _refused_change(self, headers: Headers) -> PlainTextResponse | None:
        """Browsers send Origin with every form and every fetch that is not a plain read; so its absence is refused too."""
        origins = {f"http://{host}" for host in self._settings.hosts}
        if headers.get("origin") not in origins:
            return PlainTextResponse("Only the workbench's own pages may start something.\n", 403)
        return None
