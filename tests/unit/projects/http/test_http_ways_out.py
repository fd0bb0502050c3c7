"""The folder that must not be left: where its links lead, and where the targets would if they were believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from climb.projects.http.driver.server import write
from climb.projects.http.rules.targets import read_target
from climb.projects.http.stages.ways_out import SECRET, links, ways_out


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ROOT with links, and a secret beside it."""
    folder = tmp_path / "root"
    write(folder, "a/b/inside.txt", b"inside")
    write(folder, "name.txt", b"inside")
    write(tmp_path, "secret.txt", SECRET)
    links(folder, "name")
    return folder


@pytest.mark.parametrize("link", ["to-file-name", "to-folder-name/inside.txt", "a/up-name.txt"])
def test_some_links_stay_inside(root: Path, link: str) -> None:
    """They lead to a file below ROOT."""
    assert (root / link).read_bytes() == b"inside"
    assert (root / link).resolve().is_relative_to(root)


@pytest.mark.parametrize("link", ["out-name", "chain-name", "beside-name/secret.txt", "trap/index.html"])
def test_some_links_lead_outside(root: Path, link: str) -> None:
    """They lead to the secret, so a server that follows them serves it."""
    assert (root / link).read_bytes() == SECRET
    assert not (root / link).resolve().is_relative_to(root)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_secret_is_where_dots_lead(root: Path, depth: int) -> None:
    """A server that joins decoded paths to ROOT and lets the system walk them finds the secret by several of the targets."""
    for folder in range(1, depth + 1):
        (root / "/".join("a" * folder)).mkdir(parents=True, exist_ok=True)

    found = [
        target
        for target in ways_out(root.parent / "secret.txt", "name", depth)
        if "\0" not in (path := read_target(target).path)
        and (file := root / path.removeprefix("/files/")).is_file()
        and file.read_bytes() == SECRET
    ]

    assert {"/files/../secret.txt", "/files/%2e%2e/secret.txt", "/files/..%2fsecret.txt", "/files/out-name"} <= set(
        found
    )
    assert any(target.startswith("/files/a") for target in found)
