"""What is in a folder, as a page: for people, and no part of the contract. It works without scripts, by keyboard and on a phone."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote_to_bytes

from climb.systems.http.answer import Answer, with_fields
from climb.systems.http.folder import Opened
from climb.systems.http.resource import Request

__all__ = ["listing"]

_FIELDS = with_fields(
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'",
    ),  # names are escaped; this is for the day they are not
    ("Cache-Control", "no-cache"),
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
  body {{ margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem }}
  h1 {{ font-size: 1.25rem; overflow-wrap: anywhere }}
  table {{ border-collapse: collapse; width: 100% }}
  td, th {{ border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); padding: 0; text-align: left; vertical-align: top }}
  td, th + th {{ padding-left: 1rem }}
  td:first-child {{ overflow-wrap: anywhere; padding-left: 0 }}
  td, th a, td a {{ padding-bottom: .375rem; padding-top: .375rem }}
  td:first-child, th {{ padding-bottom: 0; padding-top: 0 }}
  td a, th a {{ display: block }}
  th a {{ color: inherit }}
  tbody tr:hover {{ background: color-mix(in srgb, currentColor 6%, transparent) }}
  .number {{ font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap }}
  footer {{ margin-top: 1rem; opacity: .8 }}
  @media (max-width: 36rem) {{ time span {{ display: none }} }}
</style>
<h1>{path}</h1>
<table>
<thead><tr>{columns}</thead>
<tbody>
{rows}
</tbody>
</table>
<footer>{total}</footer>
</html>
"""
_ROW = '<tr><td><a href="{link}">{name}</a><td class="number"{exactly}>{size}<td class="number">{changed}'
_UP = '<tr><td><a href="../">../</a><td><td>'
_UNITS = ("kB", "MB", "GB", "TB", "PB")


class _Entry(NamedTuple):
    is_folder: bool
    name: str
    size: int
    changed_s: float


class _Order(NamedTuple):
    column: str
    backwards: bool


_COLUMNS: dict[str, Callable[[_Entry], float | str]] = {
    "name": lambda entry: entry.name.casefold(),
    "size": lambda entry: 0 if entry.is_folder else entry.size,
    "changed": lambda entry: entry.changed_s,
}


def listing(folder: Opened, request: Request, leads_out: Callable[[bytes], bool]) -> Answer:
    """Return the page of a folder: folders first, then files, in the order that is asked for; without links that lead out."""
    order = _order(request.head.query)
    entries = _sorted(_entries(folder.descriptor, leads_out), order)
    segments = [unquote_to_bytes(each) for each in request.head.raw_path.split(b"/")[1:-1]]
    page = _PAGE.format(
        title=html.escape(_shown(request.head.path)),
        path=_path(segments),
        columns="".join(_heading(column, order) for column in _COLUMNS),
        rows="\n".join([*([_UP] if segments else []), *map(_row, entries)]),
        total=_total(entries),
    )
    return Answer(200, page.encode(), _FIELDS)


def _order(query: bytes) -> _Order:
    """Return the order that ``?sort=size`` asks for, or backwards ``?sort=-size``."""
    asked = parse_qs(query.decode("ascii")).get("sort", [""])[0]
    column = asked.removeprefix("-")
    return _Order(column, asked.startswith("-")) if column in _COLUMNS else _Order("name", backwards=False)


def _sorted(entries: Iterator[_Entry], order: _Order) -> list[_Entry]:
    by_name = sorted(entries, key=lambda entry: (entry.name.casefold(), entry.name))
    in_order = sorted(by_name, key=_COLUMNS[order.column], reverse=order.backwards)
    return sorted(in_order, key=lambda entry: not entry.is_folder)


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
                yield _Entry(is_folder, each.name, status.st_size, status.st_mtime)


def _path(segments: Sequence[bytes]) -> str:
    """Return the way to this folder, each step of it a link but the last."""
    steps = []
    for count, segment in enumerate([b"", *segments]):
        shown = html.escape(segment.decode("utf-8", errors="replace")) + "/"
        link = "../" * (len(segments) - count)
        steps.append(f'<a href="{link}">{shown}</a>' if link else f"<span>{shown}</span>")
    return "".join(steps)


def _heading(column: str, order: _Order) -> str:
    """Return a column's heading: a link that sorts by it, or the other way round."""
    sorts, style = "", "" if column == "name" else ' class="number"'
    to, sign = column, ""
    if column == order.column:
        sorts = f' aria-sort="{"descending" if order.backwards else "ascending"}"'
        to, sign = column if order.backwards else f"-{column}", " ↓" if order.backwards else " ↑"
    return f'<th scope="col"{style}{sorts}><a href="?sort={to}">{column.capitalize()}{sign}</a>'


def _row(entry: _Entry) -> str:
    end = "/" if entry.is_folder else ""
    return _ROW.format(
        link=quote(os.fsencode(entry.name), safe="") + end,
        name=html.escape(_shown(entry.name)) + end,
        exactly="" if entry.is_folder else f' title="{entry.size:,} bytes"',
        size="" if entry.is_folder else _short(entry.size),
        changed=_time(entry.changed_s),
    )


def _time(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""  # no year that has a name
    return (
        f'<time datetime="{moment.isoformat(timespec="seconds")}">{moment:%Y-%m-%d}<span> {moment:%H:%M}</span></time>'
    )


def _short(size: int) -> str:
    """Return a size in the unit that takes the fewest digits."""
    if size < 1000:
        return f"{size} B"
    number = float(size)
    for unit in _UNITS:
        number /= 1000
        if number < 999.5 or unit == _UNITS[-1]:
            break
    return f"{number:.1f} {unit}" if number < 99.95 else f"{number:,.0f} {unit}"


def _total(entries: Sequence[_Entry]) -> str:
    folders = sum(entry.is_folder for entry in entries)
    files = len(entries) - folders
    if not entries:
        return "Nothing is in this folder."
    counts = [_count(folders, "folder")] * bool(folders) + [_count(files, "file")] * bool(files)
    sizes = [_short(sum(entry.size for entry in entries if not entry.is_folder))] * bool(files)
    return ", ".join(counts + sizes)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shown(name: str) -> str:
    """Return a name that may be shown, also if its bytes are no text."""
    return os.fsencode(name).decode("utf-8", errors="replace")
