"""The page that lists a folder."""

from __future__ import annotations

import os
from pathlib import Path

from http_requests import head

from climb.systems.http.files import files_resource
from climb.systems.http.folder import Folder
from climb.systems.http.head import read_head
from climb.systems.http.listing import listing
from climb.systems.http.resource import IGNORED, Request


def _page(root: Path, target: bytes) -> str:
    folder = Folder(root)
    try:
        resource = files_resource(folder, below=b"", listing=listing)
        request = Request(read_head(head(b"GET " + target + b" HTTP/1.1")), IGNORED, [])
        assert resource.in_thread is not None
        answer = resource.in_thread(request)
        assert isinstance(answer.content, bytes)
        return answer.content.decode() if answer.status == 200 else str(answer.status)
    finally:
        folder.close()


def _links(page: str) -> list[str]:
    _, _, rows = page.partition("<tbody>")
    return [part.partition('"')[0] for part in rows.split('href="')[1:]]


def test_the_page_of_a_folder(tmp_path: Path) -> None:
    """It names folders first, by name, escapes what they are called, and leaves out what is not served."""
    root = tmp_path / "root"
    (root / "sub" / "deeper").mkdir(parents=True)
    for name in ("b", "a", "<script>", "a&b #?%", os.fsdecode(b"\xff")):
        (root / name).write_text("12345")
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to("a")
    os.mkfifo(root / "pipe")
    page = _page(root, b"/")

    assert _links(page) == ["sub/", "%3Cscript%3E", "a", "a%26b%20%23%3F%25", "b", "in", "%FF"]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "1 folder, 6 files, 30 B" in page
    assert _links(_page(root, b"/sub/")) == ["../", "deeper/"]
    assert "Nothing is in this folder." in _page(root, b"/sub/deeper/")
    assert '<a href="../../">/</a><a href="../">sub/</a><span>deeper/</span>' in _page(root, b"/sub/deeper/")
    assert _page(root, b"/sub/../") == _page(root, b"/%2e%2e/") == _page(root, b"//etc/") == "404"


def test_the_page_of_a_folder_is_sorted_as_asked(tmp_path: Path) -> None:
    """By name, size or time, and backwards; folders come first even so, and what is no order is ignored."""
    (tmp_path / "sub").mkdir()
    for name, size, changed_s in (("B", 3_000, 2), ("a", 20, 3), ("c", 1_000_000, 1)):
        (tmp_path / name).write_bytes(b"x" * size)
        os.utime(tmp_path / name, (changed_s, changed_s))
    orders = (
        "",
        "?sort=name",
        "?sort=-name",
        "?sort=size",
        "?sort=-size",
        "?sort=changed",
        "?sort=-changed",
        "?sort=x",
    )
    pages = {order: _page(tmp_path, b"/" + order.encode()) for order in orders}

    assert ["".join(_links(page)) for page in pages.values()] == [
        "sub/aBc", "sub/aBc", "sub/cBa", "sub/aBc", "sub/cBa", "sub/cBa", "sub/aBc", "sub/aBc",
    ]  # fmt: skip
    assert 'aria-sort="descending"><a href="?sort=size">Size' in pages["?sort=-size"]
    assert [size in pages[""] for size in (">20 B<", ">3.0 kB<", ">1.0 MB<")] == [True] * 3
