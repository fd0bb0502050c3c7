"""The journal as one document."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from climb.course.model import Course
from climb.journal import entries as journal
from climb.journal.export import HEAD, export
from climb.labs import store
from climb.labs.lab import Lab

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The runs that are known; filled by the test."""
    found: list[Any] = []
    monkeypatch.setattr("climb.journal.export.run_summaries", lambda _home: found)
    return found


def write(home: Path, name: str, text: str) -> None:
    """An entry by hand."""
    (home / "journal").mkdir(exist_ok=True)
    (home / "journal" / f"{name}.md").write_text(text, encoding="utf-8")


def test_entries_come_with_title_date_and_prompt(tmp_path: Path, course: Course) -> None:
    """The oldest first."""
    write(tmp_path, "2026-01-02-b", "# Later\n\nText b.\n")
    write(tmp_path, "2026-01-01-a", '+++\ntitle = "A [title]"\nmodule = "1.1"\nprompt = "Why?\\nHow?"\n+++\nText a.\n')

    assert export(tmp_path, course) == (
        f"{HEAD}\n# Journal\n\n"
        "## A \\[title\\]\n\n1 January 2026 · module 1.1\n\n> Why?\n> How?\n\nText a.\n\n"
        "## Later\n\n2 January 2026\n\nText b.\n"
    )


def test_references_become_notes(tmp_path: Path, course: Course, runs: list[Any], run: Make) -> None:
    """Each is told once, in words, and all its places point to it."""
    runs.append(run(7, "+x"))
    address = "climb:run/20260314T120700-0007#2.1"
    write(tmp_path, "2026-01-01-a", f"It [failed]({address}), `[code]({address})`.\n\n> Again [*so*]({address}).\n")

    document = export(tmp_path, course)

    assert f"It failed[^e1], `[code]({address})`.\n\n> Again *so*[^e1].\n" in document
    assert document.count("[^e1]: ") == 1
    assert document.endswith(
        "[^e1]: Run of scanner in rust, seed 0007, 14 March 2026, check 2.1 (stage 2 “Title 2”): failed: "
        f"“Claim 1 of stage 2”; 1 of 2 stages held. `{address}`\n"
    )


def test_a_lab_becomes_a_note(tmp_path: Path, course: Course, result: Make, handshake: Lab) -> None:
    """With the question, or with the word that its result is not understood any more."""
    made, _ = result(3.0, 5.1, 4.8, 5.5)
    store.save(tmp_path, made)
    write(tmp_path, "x", f"[5.1 ×](climb:lab/handshake/{made.id}) and [all](climb:lab/handshake)")

    document = export(tmp_path, course)

    assert (
        f"[^e1]: Lab “{handshake.title}”, 14 March 2026. {handshake.question} What was measured can no longer"
        in document
    )
    assert f"[^e2]: The lab “{handshake.title}” of the course." in document


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("climb:run/20260314T120700-0007", "This run is missing"),
        ("climb:lab/handshake/20260314T120700", "This result of a lab is missing"),
        ("climb:module/9.9", "This page is missing"),
        ("climb:concept/none", "This page is missing"),
    ],
)
def test_missing_evidence_is_said_to_be_missing(tmp_path: Path, course: Course, address: str, said: str) -> None:
    """The words that the learner wrote stay."""
    write(tmp_path, "x", f"Look [here]({address}).")

    document = export(tmp_path, course)

    assert "Look here[^e1]." in document
    assert f"[^e1]: {said}" in document


def test_what_an_entry_is_about_is_named(tmp_path: Path, course: Course) -> None:
    """Unless its text speaks of it anyway."""
    journal.create(
        tmp_path, title="T", text="[x](climb:module/1.1)", about=["climb:module/1.1", "climb:module/1.2", "else"]
    )

    document = export(tmp_path, course)

    assert "\nAbout: module 1.2[^e2]\n" in document
    assert "[^e2]: Module 1.2 of the course: Title of 1.2. `climb:module/1.2`" in document


def test_headings_go_below_the_title(tmp_path: Path, course: Course) -> None:
    """In both of Markdown's forms, and not in code."""
    write(tmp_path, "x", "# One\n\nTwo\nlines\n---\n\n###### Six\n\n```\n# code\n```\n\n> # quoted\n")

    document = export(tmp_path, course)

    assert "## One\n" in document
    assert "#### Two lines\n\n###### Six\n\n```\n# code\n```\n\n> # quoted\n" in document


@pytest.mark.parametrize(
    ("left_open", "closed"), [("```\ncode", "code\n```"), ("~~~~\ncode", "code\n~~~~"), ("<!-- x", "<!-- x\n-->")]
)
def test_what_is_left_open_ends_with_its_entry(tmp_path: Path, course: Course, left_open: str, closed: str) -> None:
    """The next entry is not swallowed."""
    write(tmp_path, "2026-01-01-a", left_open)
    write(tmp_path, "2026-01-02-b", "Next")

    assert f"{closed}\n\n## b\n" in export(tmp_path, course)


def test_an_empty_journal_is_a_heading(tmp_path: Path, course: Course) -> None:
    """Nothing else."""
    assert export(tmp_path, course) == f"{HEAD}\n# Journal\n"
