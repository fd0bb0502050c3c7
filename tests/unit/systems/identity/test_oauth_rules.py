"""The rules of OAuth that need no database."""

from urllib.parse import parse_qs, urlsplit

import pytest

from climb.systems.identity.oauth import (
    OAuthError,
    challenge_is_right,
    chosen_scopes,
    redirect_uri,
    redirected,
    single,
    verifier_fits,
)

# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    "uri",
    ["https://a.example", "https://a.example/", "https://a.example:8443/x?y=z", "http://127.0.0.1:8080/back", "http://[::1]/x",
     "http://localhost", "https://a.example?x=%20"],
)  # fmt: skip
def test_addresses_that_codes_may_go_to(uri: str) -> None:
    """Those that are the client's alone."""
    assert redirect_uri(uri) == uri


@pytest.mark.parametrize(
    "uri",
    ["http://a.example/", "https://a.example/#x", "https://a.example/ x", "ftp://a.example/", "https:///x", "https://u@a.example/",
     "http://127.0.0.1.evil.example/", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "javascript:alert(1)",
     "https://a.example\\@evil.example/", "https://a.example/\n", "https://a.example/" + "x" * 2048, "//a.example/", ""],
)  # fmt: skip
def test_addresses_that_codes_may_not_go_to(uri: str) -> None:
    """Others could listen there, or it has a fragment, or it is no address."""
    with pytest.raises(ValueError, match="https"):
        redirect_uri(uri)


def test_the_verifier_of_the_specification_fits() -> None:
    """And no other one does, nor one that is too short or too long."""
    assert verifier_fits(VERIFIER, CHALLENGE)
    for other in (VERIFIER[:-1] + "x", VERIFIER[:-1], "x" * 129, "", VERIFIER + " "):
        assert not verifier_fits(other, CHALLENGE)


def test_only_hashed_challenges_are_right() -> None:
    """`plain`, by its name or by leaving the method out, is not; nor is what no hash could be."""
    assert challenge_is_right(CHALLENGE, "S256")
    for challenge, method in (
        (CHALLENGE, None),
        (CHALLENGE, "plain"),
        (None, "S256"),
        ("x" * 42, "S256"),
        (CHALLENGE + "=", "S256"),
    ):
        assert not challenge_is_right(challenge, method)


def test_scopes_are_chosen_among_those_that_are_allowed() -> None:
    """All of them without a word, each once; anything else is an error."""
    assert chosen_scopes(None, ["a", "b"]) == ["a", "b"]
    assert chosen_scopes("b a b", ["a", "b"]) == ["b", "a"]
    for asked in ("c", "a c", "a  b", " a", ""):
        with pytest.raises(OAuthError, match="invalid_scope"):
            chosen_scopes(asked, ["a", "b"])


def test_parameters_are_there_once() -> None:
    """Unknown ones are passed over, empty ones count as left out."""
    assert single([("a", "1"), ("b", ""), ("x", "1"), ("x", "2")], ["a", "b"]) == {"a": "1"}
    for pairs in ([("a", "1"), ("a", "1")], [("a", ""), ("a", "1")], [("a", "\0")]):
        with pytest.raises(OAuthError, match="invalid_request"):
            single(pairs, ["a"])


@pytest.mark.parametrize(
    "uri", ["https://a.example", "https://a.example/x?y=z", "https://a.example/x?", "https://a.example/x?y&"]
)
def test_what_is_added_can_be_read_again(uri: str) -> None:
    """Whatever the address has already stays, and the values come back as they were."""
    added = {"state": "a b&c=d#é\0", "iss": "http://id.example.org:8080"}
    location = redirected(uri, added)

    assert location.startswith(uri)
    assert location.isascii()
    assert {name: parse_qs(urlsplit(location).query)[name] for name in added} == {
        name: [value] for name, value in added.items()
    }
