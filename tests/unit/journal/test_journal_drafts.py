"""Drafts keep what a window has typed until it is saved."""

from pathlib import Path

import pytest

from climb.errors import UsageError
from climb.journal import drafts, entries as journal


def test_a_draft_is_found_again_with_all_that_was_given(tmp_path: Path) -> None:
    """A new window finds what the old one had."""
    drafts.keep(
        tmp_path, "w1", title="T", text="half a", module="1.1", prompt="P", prompt_id="p", about=["climb:module/1.1"]
    )

    (draft,) = drafts.drafts(tmp_path)

    assert (draft.entry, draft.window, draft.title, draft.text) == (None, "w1", "T", "half a")
    assert (draft.module, draft.prompt, draft.prompt_id, draft.about) == ("1.1", "P", "p", ("climb:module/1.1",))


def test_a_window_has_one_draft_of_an_entry(tmp_path: Path) -> None:
    """What it typed last is what is kept, beside those of other windows."""
    entry = journal.create(tmp_path, title="T", text="x")
    for window, text in (("w1", "a"), ("w2", "b"), ("w1", "a c")):
        drafts.keep(tmp_path, window, entry=entry.id, base_revision=entry.revision, title="T", text=text)

    found = {draft.window: draft for draft in drafts.drafts(tmp_path)}

    assert {window: draft.text for window, draft in found.items()} == {"w1": "a c", "w2": "b"}
    assert found["w1"].base_revision == entry.revision
    assert found["w1"].entry == entry.id


def test_creating_the_entry_drops_the_draft(tmp_path: Path) -> None:
    """Its text is kept now."""
    drafts.keep(tmp_path, "w1", text="half a")

    journal.create(tmp_path, title="T", text="half a sentence", window="w1")

    assert drafts.all_drafts(tmp_path) == []


@pytest.mark.parametrize("base", ["right", "stale"])
def test_saving_the_entry_drops_the_draft(tmp_path: Path, base: str) -> None:
    """In the entry or beside it, the text is kept."""
    entry = journal.create(tmp_path, title="T", text="x")
    drafts.keep(tmp_path, "w1", entry=entry.id, base_revision=entry.revision, text="half a")
    revision = entry.revision if base == "right" else "stale"

    journal.save(tmp_path, entry.id, revision, "T", "half a sentence", window="w1")

    assert drafts.all_drafts(tmp_path) == []


def test_a_draft_sent_once_more_after_saving_is_not_offered(tmp_path: Path) -> None:
    """A window may send what it typed later than its save."""
    entry = journal.create(tmp_path, title="T", text="sentence")
    drafts.keep(tmp_path, "w1", title="T", text="sentence")
    drafts.keep(tmp_path, "w2", entry=entry.id, title="T", text="sentence")
    drafts.keep(tmp_path, "w3", entry=entry.id, title="T", text="another")

    assert [draft.window for draft in drafts.drafts(tmp_path)] == ["w3"]


def test_a_draft_of_the_terminal_has_no_comment_in_its_text(tmp_path: Path) -> None:
    """What stands above the place to write is not the learner's; a changed comment is."""
    comment = drafts.comment_for("Why --all --> none?")
    drafts.keep(tmp_path, "w1", prompt="Why --all --> none?", text=f"{comment}\n\n    code")
    drafts.keep(tmp_path, "w2", prompt="P", text=comment)
    drafts.keep(tmp_path, "w3", prompt="Why --all --> none?", text=comment)

    assert {draft.window: draft.text for draft in drafts.all_drafts(tmp_path)} == {
        "w1": "    code",
        "w2": comment,
        "w3": "",
    }
    assert {draft.window for draft in drafts.drafts(tmp_path)} == {"w1", "w2"}


def test_a_discarded_draft_is_gone(tmp_path: Path) -> None:
    """Discarding what is not there is nothing."""
    drafts.keep(tmp_path, "w1", text="x")

    drafts.discard(tmp_path, "w1")
    drafts.discard(tmp_path, "w1")

    assert drafts.all_drafts(tmp_path) == []


@pytest.mark.parametrize(("window", "entry"), [("../x", None), ("", None), ("a.b", None), ("w", "../x"), ("w", ".x")])
def test_names_that_could_lead_elsewhere_are_refused_for_drafts(tmp_path: Path, window: str, entry: str | None) -> None:
    """Neither the window nor the entry leads out of the folder."""
    with pytest.raises(UsageError):
        drafts.keep(tmp_path, window, entry=entry, text="x")
    assert not (tmp_path / "journal").exists()


def test_a_broken_draft_is_a_problem_and_stays(tmp_path: Path) -> None:
    """It is named, not thrown away."""
    path = drafts.keep(tmp_path, "w1", text="x")
    path.write_text("+++\nbroken", encoding="utf-8")

    assert drafts.all_drafts(tmp_path) == []
    assert [problem.path for problem in journal.problems(tmp_path)] == [path]
    assert path.read_text(encoding="utf-8") == "+++\nbroken"


def test_git_does_not_see_drafts(tmp_path: Path) -> None:
    """A journal may be a repository."""
    drafts.keep(tmp_path, "w1", text="x")

    assert (tmp_path / "journal" / ".drafts" / ".gitignore").read_text(encoding="utf-8") == "*\n"
