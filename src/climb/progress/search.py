"""Search in everything: the course, the projects, the labs, the journal and the runs.

The index is brought up to date with each query, and holds nothing that can't be made again. What is typed is taken as words and
never as the syntax of the index: all of the words have to be there, and the last may be unfinished. If that finds nothing, the last
word is shortened a little; then the little words that a question has are left out, and then any of the others will do.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from climb.progress.history import open_index, run_summaries
from climb.progress.indexing import RUNS, bring_up_to_date
from climb.progress.searchable import Kind, plain_name, tokens

__all__ = ["MOST", "Hit", "Kind", "Piece", "near", "search"]

MOST = 30  # hits of one search
_MOST_RUNS = 10  # of them: the page of runs has them all
_RUNS_KEPT = 5  # however much else is found
_RUN_WEIGHT = 0.3  # runs are many and short, and would stand before the page that explains them

_LONGEST = 500  # characters that are looked at
_MOST_WORDS = 16
_SHORTENED = 3  # letters that the last word may lose while somebody types: "schedulin" is no beginning of the stem of "scheduling"
_SHORTEST = 3

_LITTLE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "so",
        "than",
        "that",
        "the",
        "then",
        "there",
        "this",
        "to",
        "was",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)

_BEGIN, _END = "\x02", "\x03"  # around the matched words of an excerpt; no document has them
_EXCERPT_WORDS = 24


class Piece(msgspec.Struct, frozen=True):
    """A part of an excerpt, and whether it is a word that was looked for."""

    text: str
    matched: bool


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found, the place where it is, and where in it the words stand."""

    kind: Kind
    title: str
    place: str
    excerpt: tuple[Piece, ...]


class _Found(msgspec.Struct, frozen=True):
    """A hit by its number; ``order`` sorts hits, the best first."""

    document: int
    order: tuple[bool, float]


def search(home: Path, text: str) -> list[Hit]:
    """What there is for ``text``, the best first: what is called exactly so, then what is closest to it."""
    words = [part for word in text[:_LONGEST].split() if (part := " ".join(tokens(word)))][:_MOST_WORDS]
    if not words:
        return []
    runs = run_summaries(home)
    with open_index(home) as index:
        bring_up_to_date(index, home, runs)
        for query in _queries(words):
            found = _best(index, query, plain_name(text[:_LONGEST]))
            if found:
                return [_hit(index, query, each) for each in found]
    return []


def near(home: Path, text: str) -> list[Hit]:
    """What has a name that looks like ``text``: for a search that found nothing, and whoever mistyped."""
    wanted = plain_name(text[:_LONGEST])
    with open_index(home) as index:
        rows = index.execute("SELECT names, kind, title, place FROM documents WHERE source != ?", (RUNS,)).fetchall()
    named = {name: row[1:] for row in rows for name in row[0].split("\n")}
    alike = difflib.get_close_matches(wanted, named, n=6, cutoff=0.7)
    places = {named[name][2]: named[name] for name in reversed(alike)}
    return [
        Hit(kind=Kind(kind), title=title, place=place, excerpt=())
        for kind, title, place in reversed(list(places.values()))
    ]


def _queries(words: list[str]) -> Iterator[str]:
    """What to ask for, the narrowest first. A word with a hyphen or a dot in it is a phrase."""
    *first, last = words
    yield _all([*first, last])
    for shorter in range(1, min(_SHORTENED, len(last) - _SHORTEST) + 1):
        yield _all([*first, last[:-shorter]])
    telling = [word for word in words if word.casefold() not in _LITTLE]
    if first and telling:
        yield _all(telling)
        yield _all(telling, " OR ")


def _all(words: list[str], between: str = " ") -> str:
    """The words as the index's syntax has them; they are letters, digits and spaces, so nothing in one could end its quotation."""
    return between.join(f'"{word}"' for word in words) + "*"


def _best(index: sqlite3.Connection, query: str, name: str) -> list[_Found]:
    """The best hits; some places are kept for runs, and no more than some are given to them."""
    others = _matching(index, query, name, "source != ?", MOST, weight=1.0)
    runs = _matching(index, query, name, "source = ?", _MOST_RUNS, weight=_RUN_WEIGHT)
    kept = others[: MOST - min(len(runs), _RUNS_KEPT)]
    return sorted(kept + runs[: MOST - len(kept)], key=lambda found: found.order)


def _matching(
    index: sqlite3.Connection, query: str, name: str, condition: str, most: int, *, weight: float
) -> list[_Found]:
    rows = index.execute(
        "SELECT documents.id, instr(char(10) || documents.names || char(10), ?) > 0 AS exact, rank FROM words "  # noqa: S608 - both conditions stand above
        f"JOIN documents ON documents.id = words.rowid WHERE words MATCH ? AND {condition} "
        "ORDER BY exact DESC, rank, place DESC LIMIT ?",
        (f"\n{name}\n", query, RUNS, most),
    )
    return [_Found(document, (not exact, rank * weight)) for document, exact, rank in rows]


def _hit(index: sqlite3.Connection, query: str, found: _Found) -> Hit:
    kind, title, place, excerpt = index.execute(
        "SELECT kind, documents.title, place, snippet(words, 2, ?, ?, '…', ?) FROM words "
        "JOIN documents ON documents.id = words.rowid WHERE words MATCH ? AND words.rowid = ?",
        (_BEGIN, _END, _EXCERPT_WORDS, query, found.document),
    ).fetchone()
    return Hit(kind=Kind(kind), title=title, place=place, excerpt=tuple(_pieces(excerpt)))


def _pieces(excerpt: str) -> Iterator[Piece]:
    for number, part in enumerate(excerpt.split(_BEGIN)):
        matched, end, rest = part.rpartition(_END) if number else ("", "", part)
        if end and matched:
            yield Piece(matched, matched=True)
        if rest:
            yield Piece(rest, matched=False)
