"""What is in a folder, as a page: for people, and no part of the contract."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from climb.systems.http.answer import Answer, with_fields
from climb.systems.http.folder import Opened
from climb.systems.http.resource import Request

__all__ = ["listing"]

_FIELDS = with_fields(
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'",
    ),  # names are escaped; this is for the day they are not
    ("Cache-Control", "no-cache"),
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
  body {{ margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
  h1 {{ font-size: 1.25rem; overflow-wrap: anywhere }}
  table {{ border-collapse: collapse; width: 100% }}
  td, th {{ padding: .125rem 1rem .125rem 0; text-align: left; overflow-wrap: anywhere }}
  .number {{ font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap }}
</style>
<h1>{title}</h1>
<table>
<tr><th scope="col">Name<th scope="col" class="number">Bytes<th scope="col" class="number">Changed (UTC)
{rows}
</table>
</html>
"""
_ROW = '<tr><td><a href="{link}">{name}</a><td class="number">{size}<td class="number">{changed}'


class _Entry(NamedTuple):
    comes_behind_folders: bool
    name: str
    size: int
    changed_s: float


def listing(folder: Opened, request: Request, leads_out: Callable[[bytes], bool]) -> Answer:
    """Return the page of a folder: folders first, then files, by name; without links that lead out."""
    rows = [_row(entry) for entry in sorted(_entries(folder.descriptor, leads_out))]
    if request.head.raw_path != b"/":
        rows.insert(0, '<tr><td><a href="../">../</a><td><td>')
    title = html.escape(_shown(request.head.path))
    return Answer(200, _PAGE.format(title=title, rows="\n".join(rows)).encode(), _FIELDS)


def _entries(descriptor: int, leads_out: Callable[[bytes], bool]) -> Iterator[_Entry]:
    with os.scandir(descriptor) as found:
        for each in found:
            if each.is_symlink() and leads_out(os.fsencode(each.name)):
                continue
            try:
                status, is_folder = each.stat(), each.is_dir()
            except OSError:
                continue  # a link to nowhere
            if is_folder or each.is_file():
                yield _Entry(not is_folder, each.name, status.st_size, status.st_mtime)


def _row(entry: _Entry) -> str:
    end = "" if entry.comes_behind_folders else "/"
    return _ROW.format(
        link=quote(os.fsencode(entry.name), safe="") + end,
        name=html.escape(_shown(entry.name)) + end,
        size=f"{entry.size:,}" if entry.comes_behind_folders else "",
        changed=time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry.changed_s)),
    )


def _shown(name: str) -> str:
    """Return a name that may be shown, also if its bytes are no text."""
    return os.fsencode(name).decode("utf-8", errors="replace")
