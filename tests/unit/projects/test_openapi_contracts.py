"""The contracts as documents for tools: right in themselves, and about the same routes as the briefs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import jwt
import pytest
import schemathesis
import yaml
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from climb.stack.http.reading_page import reading_page

PROJECTS = Path(__file__).resolve().parents[3] / "src/climb/projects"
METHODS = ("get", "head", "post", "put", "patch", "delete")
SPOKEN = re.compile(r"`(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^ `?]*)")
EXAMPLE_CODE = re.compile(r"/spring\b")
"""The briefs speak of one link, the documents of any."""


def document(slug: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECTS / slug / "openapi.yaml").read_text())
    return loaded


def operations(slug: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document(slug)["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def resolved(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        found: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def holders(part: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All that has a schema and an example of it: bodies, parameters, headers."""
    if isinstance(part, dict):
        if "schema" in part and ("example" in part or "examples" in part):
            yield where, part
        for name, inner in part.items():
            yield from holders(inner, f"{where}/{name}")
    elif isinstance(part, list):
        for number, inner in enumerate(part):
            yield from holders(inner, f"{where}/{number}")


def examples(holder: dict[str, Any]) -> list[Any]:
    return [holder["example"]] if "example" in holder else [one["value"] for one in holder["examples"].values()]


def mistakes(whole: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What the schema, with all that it refers to, finds wrong with the value."""
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": whole["components"]}, validate_formats=True)
    return [error.message for error in validator.iter_errors(value)]


def told(slug: str) -> set[str]:
    """The routes of a brief, as the document writes them."""
    brief = (PROJECTS / slug / "brief.md").read_text()
    routes = {f"{method} {EXAMPLE_CODE.sub('/{code}', path)}" for method, path in SPOKEN.findall(brief)}
    bare = {f"GET {path}" for path in re.findall(r"`(/(?:healthz|readyz|metrics))`", brief)}
    return routes | bare


both = pytest.mark.parametrize("slug", ["identity", "links"])


@both
def test_the_document_is_openapi(slug: str) -> None:
    """It is what OpenAPI 3.1 says, and a tool can make requests for each of its operations."""
    whole = document(slug)

    loaded = schemathesis.openapi.from_dict(whole)

    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(whole)] == []
    assert {result.ok().label for result in loaded.get_all_operations()} == {route for route, _ in operations(slug)}


@both
def test_brief_and_document_name_the_same_routes(slug: str) -> None:
    """Neither has a route that the other does not have; that HEAD is like GET is said in the brief in words."""
    documented = {route for route, _ in operations(slug) if not route.startswith("HEAD")}

    assert told(slug) == documented


@both
def test_examples_are_right(slug: str) -> None:
    """Each example keeps to its schema."""
    whole = document(slug)
    found = list(holders(whole))

    wrong = {
        f"{where}: {value!r}": said
        for where, holder in found
        for value in examples(holder)
        if (said := mistakes(whole, holder["schema"], value))
    }

    assert len(found) > 20
    assert wrong == {}


@both
def test_every_part_is_used_and_there(slug: str) -> None:
    """All references lead somewhere, and nothing stands among the components that no route needs."""
    whole = document(slug)
    text = (PROJECTS / slug / "openapi.yaml").read_text()
    used = set(re.findall(r'\$ref: "#/components/([a-zA-Z]+/[a-zA-Z0-9]+)"', text))
    there = {f"{kind}/{name}" for kind, parts in whole["components"].items() for name in parts}
    by_name = {f"securitySchemes/{name}" for name in whole["components"]["securitySchemes"]}
    in_words = {"schemas/ImportedLine"} if slug == "links" else set()

    assert used <= there
    assert there - used == by_name | in_words


@both
def test_errors_are_problems(slug: str) -> None:
    """Whatever is not 2xx or 3xx is a problem with that status, but where OAuth has a form of its own or there is no body."""
    whole = document(slug)
    for route, operation in operations(slug):
        for status, given in operation["responses"].items():
            answer = resolved(whole, given)
            if int(status) < 400 or route.startswith("HEAD"):
                continue
            if route.startswith("POST /oauth/") and status in {"400", "401"}:
                assert set(answer["content"]) == {"application/json"}, (route, status)
                continue
            assert set(answer["content"]) == {"application/problem+json"}, (route, status)
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema["$ref"] == f"#/components/schemas/Problem{status}", (route, status)


@both
def test_headers_stand_where_they_are_needed(slug: str) -> None:
    """401 has a challenge, 429 and 503 say when to try again, 302 and 303 say where to."""
    whole = document(slug)
    needed = {
        "302": "Location",
        "303": "Location",
        "304": "ETag",
        "401": "WWW-Authenticate",
        "429": "Retry-After",
        "503": "Retry-After",
    }

    lacking = [
        (route, status)
        for route, operation in operations(slug)
        for status, given in operation["responses"].items()
        if status in needed
        and not resolved(whole, resolved(whole, given).get("headers", {}).get(needed[status], {})).get("required")
    ]

    assert lacking == []


@both
def test_bodies_are_bounded_and_strict(slug: str) -> None:
    """A request with a body can be too large or of another type; a JSON one can also be unreadable or have wrong fields, unknown ones too."""
    whole = document(slug)
    for route, operation in operations(slug):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            assert {"413", "415"} <= operation["responses"].keys(), route
            if media_type == "application/json":
                assert {"400", "422"} <= operation["responses"].keys(), route
                assert resolved(whole, content["schema"])["additionalProperties"] is False, route


@both
def test_who_needs_a_token_can_be_refused(slug: str) -> None:
    """A route has 401 if it wants a token; of those without one, only where somebody logs in by other means."""
    whole = document(slug)
    others = {"POST /v1/sessions", "POST /v1/sessions/refresh"}

    for route, operation in operations(slug):
        wants = bool(operation.get("security", whole["security"]))
        assert ("401" in operation["responses"]) == (wants or route in others), route


@both
def test_pages_can_be_made(slug: str) -> None:
    """/docs shows each operation."""
    page = html.unescape(reading_page((PROJECTS / slug / "openapi.yaml").read_text()))

    assert [operation["summary"] for _, operation in operations(slug) if operation["summary"] not in page] == []


def test_every_answer_of_identity_has_a_request_id() -> None:
    """The brief says so of each."""
    whole = document("identity")

    lacking = [
        (route, status)
        for route, operation in operations("identity")
        for status, given in operation["responses"].items()
        if "X-Request-Id" not in resolved(whole, given)["headers"]
    ]

    assert lacking == []


def test_answers_with_secrets_are_not_stored() -> None:
    """Wherever identity gives out a token, a code or a secret, its answer is no-store."""
    whole = document("identity")
    secret = {
        ("POST /v1/sessions", "200"),
        ("POST /v1/sessions/refresh", "200"),
        ("POST /v1/clients", "201"),
        ("GET /oauth/authorize", "303"),
        ("POST /oauth/token", "200"),
    }

    stored = {
        (route, status)
        for route, operation in operations("identity")
        for status, given in operation["responses"].items()
        if status < "400" and "Cache-Control" in resolved(whole, given)["headers"]
    }

    assert stored == secret


def test_the_access_token_is_a_real_one() -> None:
    """The example is signed by the key of the example, with the claims that the brief lists."""
    whole = document("identity")
    keys = whole["paths"]["/.well-known/jwks.json"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    token = whole["components"]["responses"]["SessionTokens"]["content"]["application/json"]["example"]["access_token"]

    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, algorithms=["ES256"], audience="http://127.0.0.1:8080", options={"verify_exp": False}
    )

    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert claims["exp"] - claims["iat"] == 300
    assert {"iss", "sub", "aud", "iat", "exp", "jti", "client_id", "scope", "roles"} <= claims.keys()


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ("GivenEmail", [" A@b.example ", "a+b@c-d.e"], ["a@b", "a@@b.c", "a b@c.d", "@b.c", "a@b.", f"{'a' * 251}@b.c"]),
        ("NewPassword", ["a" * 10, "\u00e4" * 256], ["a" * 9, "a" * 257, "password123", "0123456789\0"]),
        ("Moment", ["2026-03-01T12:00:00Z"], ["2026-03-01T12:00:00", "2026-03-01T12:00:00+00:00"]),
        ("RedirectUri", ["https://a.example/b?c=d", "http://[::1]:80/"], ["https://a.example/#b", "http://a.example/", "javascript:x"]),
        ("Key", [], [{"kty": "OKP", "alg": "EdDSA", "crv": "Ed25519", "x": "a" * 43, "d": "a" * 43, "kid": "a", "use": "sig"}]),
        ("Message", [{"to": "a@b.c", "kind": "exists"}], [{"to": "a@b.c", "kind": "confirm"}, {"to": "a@b.c", "kind": "exists", "token": "a" * 43}]),
        ("NewClient", [], [{"name": "a", "redirect_uris": [], "grants": ["authorization_code"], "scopes": [], "confidential": True}]),
        ("NewClient", [], [{"name": "a", "redirect_uris": [], "grants": ["client_credentials"], "scopes": [], "confidential": False}]),
    ],
)  # fmt: skip
def test_identity_draws_the_line_where_the_brief_does(schema: str, good: list[Any], bad: list[Any]) -> None:
    """What is right by the brief is right by the document, and what is wrong is wrong."""
    drawn = document("identity")

    assert [value for value in good if mistakes(drawn, drawn["components"]["schemas"][schema], value)] == []
    assert [value for value in bad if not mistakes(drawn, drawn["components"]["schemas"][schema], value)] == []


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ("Target", ["HTTP://a", "https://a.b:8080?c", "http://[::1]/"], ["ftp://a", "//a", "http://", "http://u@a", "http:a", "http://a\\@b", "http://a b", f"http://a/{'b' * 2040}"]),
        ("ChosenCode", ["abc", "A_-9" * 8], ["ab", "a" * 33, "a.b", "docs", "metrics"]),
        ("GivenMoment", ["2027-01-01T00:00:00.5Z"], ["2027-01-01T00:00:00+01:00", "2027-02-30T00:00:00Z", "2027-01-01"]),
        ("Hour", ["2027-01-01T05:00:00Z"], ["2027-01-01T05:30:00Z"]),
        ("LinkChange", [{"expires_at": None}], [{}, {"code": "abc"}, {"url": None}]),
        ("ImportedLine", [{"line": 1, "code": "abc"}], [{"line": 1}, {"line": 0, "code": "abc"}]),
    ],
)  # fmt: skip
def test_links_draws_the_line_where_the_brief_does(schema: str, good: list[Any], bad: list[Any]) -> None:
    """What is right by the brief is right by the document, and what is wrong is wrong."""
    drawn = document("links")

    assert [value for value in good if mistakes(drawn, drawn["components"]["schemas"][schema], value)] == []
    assert [value for value in bad if not mistakes(drawn, drawn["components"]["schemas"][schema], value)] == []


@pytest.mark.parametrize(
    ("slug", "begins", "ends", "place"),
    [
        ("identity", "`event` is one of ", ". `?event=`", ("Event", "enum")),
        ("identity", "that must contain ", "; it is not otherwise", ("NewPassword", "not", "enum")),
        ("links", "upper and lower case differ; ", " are none", ("ChosenCode", "not", "enum")),
    ],
)
def test_lists_of_words_are_the_same(slug: str, begins: str, ends: str, place: tuple[str, ...]) -> None:
    """What the brief lists word by word, the document lists too."""
    brief = (PROJECTS / slug / "brief.md").read_text()
    said = re.findall(r"`([^`]+)`", brief.partition(begins)[2].partition(ends)[0])
    listed: Any = document(slug)["components"]["schemas"]
    for step in place:
        listed = listed[step]

    assert sorted(said) == sorted(listed)
