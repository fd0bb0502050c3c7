"""The journal as one Markdown document that needs no workbench: each reference becomes a note that says what it showed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from climb.course.model import Course
from climb.errors import ClimbError
from climb.journal.entries import Entry, entries
from climb.journal.evidence import explained_or_none, lab_words
from climb.journal.quotes import lab_in_words, run_in_words
from climb.journal.references import Kind, Reference, escaped, parse_reference, quoted
from climb.journal.titles import without_title
from climb.journal.words import day
from climb.labs.store import find_result
from climb.progress.history import run_summaries
from climb.progress.summaries import RunSummary

__all__ = ["HEAD", "export"]

HEAD = "<!-- Written by climb reflect --export. The entries themselves are in the journal folder. -->\n"
_MISSING_PAGE = "This page is missing: the course has none of this name."
_LEVELS = 2  # by which an entry's headings go below the document's title and its own


def export(home: Path, course: Course) -> str:
    """The whole journal, the oldest entry first."""
    writer = _Writer(home, course)
    written = [writer.entry(entry) for entry in reversed(entries(home))]
    return "\n".join([HEAD, "# Journal\n", *written, *writer.notes()]).rstrip("\n") + "\n"


class _Writer:
    """Writes entries and numbers the notes, one for each reference, as they are met."""

    def __init__(self, home: Path, course: Course) -> None:
        self._home = home
        self._course = course
        self._runs = {summary.run: summary for summary in run_summaries(home)}
        self._numbers: dict[Reference, int] = {}

    def entry(self, entry: Entry) -> str:
        """An entry with its title, date and prompt."""
        module = f" · module {escaped(entry.module)}" if entry.module else ""
        parts = [f"## {escaped(entry.title)}", f"{day(entry.created)}{module}"]
        if entry.prompt:
            parts.append("\n".join(f"> {escaped(line)}" for line in entry.prompt.splitlines() if line.strip()))
        text = _closed(_lowered(self._noted(without_title(entry.text, entry.title))))
        parts += [text] if text else []
        parts += self._about(entry)
        return "\n\n".join(parts) + "\n"

    def notes(self) -> list[str]:
        """The notes, in the order of their numbers."""
        return [f"[^e{number}]: {self._note(reference)}\n" for reference, number in self._numbers.items()]

    def _noted(self, text: str) -> str:
        """The text in which each reference is its link's words and the mark of a note."""
        pieces, at = [], 0
        for each in quoted(text):
            pieces += [text[at : each.start], " ".join(each.label.split()), self._mark(each.reference)]
            at = each.end
        return "".join([*pieces, text[at:]])

    def _about(self, entry: Entry) -> list[str]:
        """What the entry is about and does not speak of in its text."""
        said = {each.reference for each in quoted(entry.text)}
        named = (parse_reference(address) for address in entry.about)
        more = [reference for reference in named if reference is not None and reference not in said]
        return ["About: " + ", ".join(_short(each) + self._mark(each) for each in dict.fromkeys(more))] if more else []

    def _mark(self, reference: Reference) -> str:
        return f"[^e{self._numbers.setdefault(reference, len(self._numbers) + 1)}]"

    def _note(self, reference: Reference) -> str:
        return f"{self._in_words(reference)} `{reference.address}`"

    def _in_words(self, reference: Reference) -> str:
        match reference.kind:
            case Kind.RUN:
                return self._run(self._runs.get(reference.name), reference.part)
            case Kind.LAB:
                return self._lab(reference)
            case Kind.MODULE:
                module = self._course.modules.get(reference.name)
                return f"Module {module.id} of the course: {escaped(module.title)}." if module else _MISSING_PAGE
            case Kind.CONCEPT:
                concept = self._course.concept(reference.name)
                return f"Concept of the course: {escaped(concept.title)}." if concept else _MISSING_PAGE

    def _run(self, summary: RunSummary | None, part: str) -> str:
        if summary is None:
            return "This run is missing: its folder was removed, or moved to where it is not known."
        return run_in_words(summary, part)

    def _lab(self, reference: Reference) -> str:
        try:
            result = find_result(self._home, reference.name, reference.part)
        except ClimbError:
            if not reference.part:
                return f"The lab “{escaped(lab_words(reference.name).title)}” of the course."
            return "This result of a lab is missing: its file was removed."
        return lab_in_words(result, explained_or_none(result))


def _short(reference: Reference) -> str:
    """A reference that has no words of the learner's."""
    kind = {Kind.RUN: "run", Kind.LAB: "lab", Kind.MODULE: "module", Kind.CONCEPT: "concept"}[reference.kind]
    part = f", {reference.part}" if reference.kind is Kind.RUN and reference.part else ""
    return f"{kind} {escaped(reference.name)}{part}"


def _lowered(text: str) -> str:
    """The text with its headings below the entry's own."""
    tokens, lines = _engine().parse(text), text.split("\n")
    for opened, inline in reversed(list(pairwise(tokens))):
        if opened.type == "heading_open" and opened.level == 0 and opened.map is not None:
            first, end = opened.map
            level = min(int(opened.tag[1]) + _LEVELS, 6)
            lines[first:end] = [f"{'#' * level} {' '.join(inline.content.split())}".rstrip()]
    return "\n".join(lines).strip("\n")


def _closed(text: str) -> str:
    """The text, with a code block or comment closed that its author left open: what follows is not theirs."""
    last = _engine().parse(f"{text}\n\nend")[-1]
    if last.type == "html_block" and last.content.lstrip().startswith("<!--"):
        return f"{text}\n-->"
    return f"{text}\n{last.markup}" if last.type == "fence" else text


@cache
def _engine() -> MarkdownIt:
    return MarkdownIt("commonmark")
