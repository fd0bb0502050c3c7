"""One port in nmap's words: its state, its service, and what nmap's scripts would have said of it.

Readers of nmap's XML look for script ids that they know, so title, server, banner and certificate go by the ids and in
the shape of nmap's own scripts. What none of those can hold is in ``climb-http`` and ``climb-tls``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from climb.systems.scanner.model import Http, State, Tls
from climb.systems.scanner.output.xml_element import element, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.systems.scanner.model import Found

__all__ = ["port_element", "reason"]

_REASONS = {State.OPEN: "syn-ack", State.CLOSED: "conn-refused", State.FILTERED: "no-response"}
_NMAP_REASONS = {  # ours: nmap's
    "rst": "reset",
    "host-unreachable": "host-unreach",
    "net-unreachable": "net-unreach",
}

# nmap names what is spoken inside the tunnel, and the tunnel beside it.
_INSIDE_TLS = {
    "https": "http", "imaps": "imap", "pop3s": "pop3", "smtps": "smtp", "ldaps": "ldap", "ftps": "ftp",
    "tls": "unknown", "ssl": "unknown", None: "unknown",
}  # fmt: skip

# "nginx/1.24.0 (Ubuntu)": one product, perhaps a version, perhaps a comment. Longer lists stay whole.
_PRODUCT = re.compile(r"([^/()\s]+)(?:/(\S+))?(?: \(([^()]*)\))?")


def port_element(found: Found) -> str:
    """The ``port`` element of one result."""
    children = [_state(found), *_service(found), *_scripts(found)]
    return element("port", {"protocol": "tcp", "portid": found.port}, children)


def reason(found: Found) -> str:
    """Why the port has its state, in the word that nmap uses for it."""
    given = found.reason or _REASONS[found.state]
    return _NMAP_REASONS.get(given, given)


def _state(found: Found) -> str:
    # The attribute is required; nmap too writes 0 where it did not see the packet, as after connect().
    return element("state", {"state": found.state, "reason": reason(found), "reason_ttl": 0})


def _service(found: Found) -> Iterator[str]:
    if found.service is None and found.tls is None:
        return
    name = _INSIDE_TLS.get(found.service, found.service) if found.tls else found.service
    product = _product(found.http.server) if found.http and found.http.server else {}
    tunnel = "ssl" if found.tls else None
    yield element("service", {"name": name, **product, "tunnel": tunnel, "method": "probed", "conf": 10})


def _product(server: str) -> dict[str, str | None]:
    match = _PRODUCT.fullmatch(server)
    product, version, extra = match.groups() if match else (server, None, None)
    return {"product": product, "version": version, "extrainfo": extra}


def _scripts(found: Found) -> Iterator[str]:
    if found.banner is not None:
        yield _script("banner", found.banner)
    if found.http:
        yield from _http_scripts(found.http)
    if found.tls:
        yield from _tls_scripts(found.tls)


def _http_scripts(http: Http) -> Iterator[str]:
    redirect = f"Did not follow redirect to {http.location}" if http.location else None
    if lines := [line for line in (http.title, redirect) if line]:
        yield _script("http-title", "\n".join(lines), _elems(title=http.title, redirect_url=http.location))
    if http.server:
        yield _script("http-server-header", http.server, _elem(None, http.server))
    if http.status is not None:
        yield _script("climb-http", f"status {http.status}", _elems(status=str(http.status)))


def _tls_scripts(tls: Tls) -> Iterator[str]:
    until = tls.not_after.removesuffix("Z") if tls.not_after else None  # nmap writes UTC without saying so
    told = {
        "Subject: commonName=": tls.subject,
        "Issuer: commonName=": tls.issuer,
        "Not valid after:  ": until,
    }
    if lines := [label + value for label, value in told.items() if value]:
        tables = _table("subject", commonName=tls.subject) + _table("issuer", commonName=tls.issuer)
        yield _script("ssl-cert", "\n".join(lines), tables + _table("validity", notAfter=until))
    if lines := [value for value in (tls.version, tls.alpn) if value]:
        yield _script("climb-tls", ", ".join(lines), _elems(version=tls.version, alpn=tls.alpn))


def _script(name: str, output: str, content: str = "") -> str:
    return element("script", {"id": name, "output": output}, [content])


def _table(key: str, **values: str | None) -> str:
    content = _elems(**values)
    return element("table", {"key": key}, [content]) if content else ""


def _elems(**values: str | None) -> str:
    return "".join(_elem(key, value) for key, value in values.items() if value)


def _elem(key: str | None, value: str) -> str:
    return element("elem", {"key": key}, [escaped(value)])
