"""Targets that are none, targets that are fine, and the ways to write the service's own address."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["ALLOWED", "NAMES_OF_THIS_MACHINE", "NO_TARGETS", "OTHER_NAMES", "own_addresses"]

NAMES_OF_THIS_MACHINE = (
    "localhost",
    "LOCALHOST",
    "LocalHost",
    "localhost.",
    "WORD.localhost",
    "a.WORD.Localhost",
    "WORD.LOCALHOST.",
)
OTHER_NAMES = ("localhost.example.org", "WORDlocalhost", "localhost-WORD", "WORD.local.example", "localhost.WORD")

_SCHEME = "It is no http or https address. A browser would do something else with it than open a page."
_FORM = "It is not absolute, or has no host: from it alone nobody knows where to go."
_USER = "What stands before the @ is a user name (RFC 3986, 3.2.1): it makes a link look as if it led to where it does not, and is a secret that would be sent to everybody."
_HOST = "The brief has letters, digits, -, _ and . in a host, or an IPv6 address in brackets. Clients read other characters in different ways, and what is checked must be what is opened."
_NUMBER = "Its last part is a number, so it is an IPv4 address or wrong (WHATWG URL, 3.5); and it is none."
_CHARACTERS = "A url is printable ASCII without spaces; other characters are percent-encoded. In a Location a line end would begin a new field."
# WORD stands for a random word.
NO_TARGETS = (
    ("ftp://example.org/WORD", _SCHEME),
    ("javascript:alert(1)//WORD", _SCHEME),
    ("data:text/html,WORD", _SCHEME),
    ("file:///etc/WORD", _SCHEME),
    ("mailto:WORD@example.org", _SCHEME),
    ("httpx://example.org/", _SCHEME),
    ("//example.org/WORD", _FORM),
    ("/WORD", _FORM),
    ("WORD", _FORM),
    ("example.org/WORD", _FORM),
    ("", _FORM),
    ("http:", _FORM),
    ("http://", _FORM),
    ("https:///WORD", _FORM),
    ("http:/example.org/WORD", _FORM),
    ("http:example.org", _FORM),
    ("http://:80/WORD", _FORM),
    ("https://?WORD", _FORM),
    ("http://WORD@example.org/", _USER),
    ("http://WORD:secret@example.org/", _USER),
    ("http://@example.org/", _USER),
    ("https://example.com@example.org/WORD", _USER),
    ("http://example.org\\@example.com/", _HOST),
    ("http://example.org\\WORD", _HOST),
    ("http://ex%61mple.org/", _HOST),
    ("http://exa,mple.org/", _HOST),
    ("http://[example.org]/", _HOST),
    ("http://[2606:4700::1111/", _HOST),
    ("http://2606:4700:4700::1111/", _HOST),
    ("http://[2606:4700::1::2]/", _HOST),
    ("http://[12345::1]/", _HOST),
    ("http://example.org:WORD/", _HOST),
    ("http://example.org:80:80/", _HOST),
    ("http://1.2.3.4.5/", _NUMBER),
    ("http://256.1.1.1/", _NUMBER),
    ("http://1.1.1.256/", _NUMBER),
    ("http://WORD.10/", _NUMBER),
    ("http://WORD.0xa/", _NUMBER),
    ("http://4294967296/", _NUMBER),
    ("http://WORD.09/", _NUMBER),
    ("http://example.org/a b", _CHARACTERS),
    (" http://example.org/WORD", _CHARACTERS),
    ("http://example.org/WORD ", _CHARACTERS),
    ("http://example.org/WORD\n", _CHARACTERS),
    ("http://example.org/\r\nSet-Cookie: a=WORD", _CHARACTERS),
    ("ht\ttp://example.org/", _CHARACTERS),
    ("http://example.org/caf\u00e9", _CHARACTERS),
    ("http://b\u00fccher.example/WORD", _CHARACTERS),
    ("http://example.org/\u7f51", _CHARACTERS),
    ("http://example.org/\x7f", _CHARACTERS),
)
ALLOWED = (
    "http://example.org",
    "https://example.org/",
    "https://example.org?a=b",
    "https://example.org#part",
    "HTTPS://EXAMPLE.ORG/Path",
    "http://example.org./",
    "http://a-b_c.example.org:65535/",
    "http://10.example.org/",
    "http://0xa.example.org/",
    "http://127.0.0.1.example.org/",
    "http://1e9.example/",
    "https://xn--bcher-kva.example/caf%C3%A9",
    "https://example.org/a//b/../c/./%2e%2E/",
    "https://example.org/?next=http://127.0.0.1/&at=a@b",
    "https://example.org/@user",
    "https://example.org/%zz%",
    "https://example.org/a\\b|c^d`e{f}<g>\"h'",
    "https://example.org/?q=[]#a#b?c",
)


def own_addresses(public_url: str) -> tuple[list[str], list[str]]:
    """Ways to write the host and port of this address, which has a name as its host, and addresses that are others."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    scheme = parts.scheme
    usual = 443 if scheme == "https" else 80
    port = parts.port or usual
    hosts = (host, host.upper(), host.title(), f"{host}.")
    own = [f"{scheme}://{name}:{port}" for name in hosts] + [
        f"{_other(scheme)}://{host}:{port}",
        f"{scheme}://{host}:0{port}",
    ]
    for each, default in (("http", 80), ("https", 443)):
        if port == default:
            own += [f"{each}://{name}" for name in hosts] + [f"{each.upper()}://{host}:"]
    others = [
        f"{scheme}://{host}:{port + 1}",
        f"{scheme}://www.{host}:{port}",
        f"{scheme}://{host}.example.org:{port}",
        f"{scheme}://x{host}:{port}",
    ]
    return own, others


def _other(scheme: str) -> str:
    return "http" if scheme == "https" else "https"
