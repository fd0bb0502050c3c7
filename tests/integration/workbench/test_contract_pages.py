"""The page of a project's routes: there where a project has them, and complete."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import climb

PROJECTS = Path(climb.__file__).parent / "projects"
WITH_ROUTES = sorted(path.parent.name for path in PROJECTS.glob("*/openapi.yaml"))


@pytest.fixture(params=WITH_ROUTES)
def contract(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """A project with routes, and its document."""
    loaded: dict[str, Any] = yaml.safe_load((PROJECTS / request.param / "openapi.yaml").read_text())
    return request.param, loaded


def test_every_route_is_on_the_page_once(browser, contract: tuple[str, dict[str, Any]]) -> None:
    """With a link to it above."""
    slug, document = contract
    page = browser.read(f"/projects/{slug}/contract")
    wanted = [
        f"{method.upper()} {path}"
        for path, item in (document["paths"] | document.get("webhooks", {})).items()
        for method in item
        if method in {"get", "head", "post", "put", "patch", "delete"}
    ]
    titles = re.findall(
        r'<h3 id="[^"]+"><span class="method">(\w+)</span> <span class="mono">([^<]+)</span></h3>', page
    )
    places = re.findall(r'<section class="operation" id="([^"]+)"', page)

    assert sorted(" ".join(title) for title in titles) == sorted(wanted)
    assert len(places) == len(set(places)) == len(wanted)
    assert re.findall(r'<li><a href="#([^"]+)">', page) == places


def test_every_field_of_the_schemas_is_on_the_page(browser, contract: tuple[str, dict[str, Any]]) -> None:
    """Those of alternatives too."""
    slug, document = contract
    page = html.unescape(browser.read(f"/projects/{slug}/contract"))
    fields = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}

    assert [
        name for name in sorted(fields) if not re.search(rf"<code>(?:[^<]*[.\]])?{re.escape(name)}</code>", page)
    ] == []


def test_the_file_itself_is_shown(browser, contract: tuple[str, dict[str, Any]]) -> None:
    """As text, unchanged."""
    slug, _ = contract
    answer = browser.open(f"/projects/{slug}/contract/openapi.yaml")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == (PROJECTS / slug / "openapi.yaml").read_text()


@pytest.mark.parametrize("slug", ["scanner", "no-such-project"])
@pytest.mark.parametrize("file", ["", "/openapi.yaml"])
def test_without_routes_there_is_no_page(browser, slug: str, file: str) -> None:
    """It is said in our own words."""
    answer = browser.open(f"/projects/{slug}/contract{file}")

    assert answer.status_code == 404
    assert "with routes of its own" in answer.text


def test_a_project_without_routes_does_not_speak_of_them(browser) -> None:
    """Its page has no link to a page that is not there."""
    assert "/contract" not in browser.read("/projects/scanner")


@pytest.mark.parametrize("slug", WITH_ROUTES)
def test_the_page_of_a_project_leads_to_its_routes(browser, slug: str) -> None:
    """Beside the brief, which speaks of them."""
    assert f'href="/projects/{slug}/contract"' in browser.read(f"/projects/{slug}")
