"""Clients that must not be made: each is wrong in fields that the answer has to name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["wrong_clients"]


def wrong_clients(draw: Draws) -> Iterator[tuple[dict[str, Any], set[str], str]]:
    """Each with the fields that are wrong, and why they are."""
    right = {
        "name": draw.word(),
        "redirect_uris": [f"https://{draw.word()}.example/back"],
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["read"],
        "confidential": True,
    }

    def changed(why: str, **changes: Any) -> tuple[dict[str, Any], set[str], str]:
        return {**right, **changes}, set(changes), why

    why = "A redirect_uri is an https address, or an http one of 127.0.0.1, [::1] or localhost, without a fragment. Codes go there."
    for address in (
        f"http://{draw.word()}.example/back",
        "https://app.example/back#top",
        "javascript:alert(1)",
        "/back",
        "http://localhost.example.com/",
        "http://127.0.0.1@evil.example/",
        "",
    ):
        yield changed(f"{why} This one is {address!r}.", redirect_uris=[address])
    yield changed("A client with authorization_code has at least one address.", redirect_uris=[])
    yield changed("There is no such grant.", grants=["authorization_code", "password"])
    yield changed("A scope has no space in it: spaces stand between scopes (RFC 6749, 3.3).", scopes=["read write"])
    yield changed("The name is a text.", name=7)
    yield changed("These two are wrong, and all that is wrong is named at once.", name="", scopes="read")
    own = {**right, "grants": ["client_credentials"], "redirect_uris": [], "confidential": False}
    yield own, {"confidential"}, "A client with client_credentials has to keep a secret, so it is confidential."
    yield {**right, "owner": "me"}, {"owner"}, "A field that is unknown is wrong."
    without = {name: value for name, value in right.items() if name != "scopes"}
    yield without, {"scopes"}, "A field is missing."
