"""Entries are files; saving them loses nothing."""

import datetime as dt
import os
from pathlib import Path

import pytest

from climb.errors import SetupError, UsageError
from climb.journal import entries as journal
from climb.journal.entries import Conflict, Saved

BAD_NAMES = ["", ".", "..", ".lock", "../x", "a/b", "/etc/passwd", "a\0b", "a\nb", "x" * 300, ".drafts/x", "a\udc80"]


def by_hand(home: Path, name: str, text: str) -> Path:
    """A file that the learner writes."""
    path = home / "journal" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_new_entry_is_a_file_with_its_title_in_the_name(tmp_path: Path) -> None:
    """The name has the day and the title's words, the front matter all that was given."""
    entry = journal.create(
        tmp_path,
        title="Who *waited*, and why?",
        text="The kernel.",
        module="1.1",
        prompt_id="p",
        about=["climb:module/1.1"],
    )

    assert entry.id == f"{entry.created:%Y-%m-%d}-who-waited-and-why"
    assert journal.read(tmp_path, entry.id) == entry
    assert (entry.module, entry.prompt, entry.prompt_id, entry.about) == ("1.1", None, "p", ("climb:module/1.1",))


def test_a_second_entry_of_a_name_gets_another_one(tmp_path: Path) -> None:
    """Nothing is written over by an entry of the same day and title."""
    first, second = (journal.create(tmp_path, title="Same", text=text) for text in ("one", "two"))

    assert second.id == f"{first.id}-2"
    assert journal.read(tmp_path, first.id).text == "one"


@pytest.mark.parametrize(
    ("title", "ending"),
    [
        ("Über epoll", "-über-epoll"),
        ("../../etc", "-etc"),
        ("!?", "-entry"),
        ("word " * 40, "-word"),
        ("日本語", "-日本語"),
    ],
)
def test_any_title_makes_a_name_in_the_folder(tmp_path: Path, title: str, ending: str) -> None:
    """Whatever a title holds, its file is in the journal."""
    entry = journal.create(tmp_path, title=title, text="x")

    assert entry.id.endswith(ending)
    assert (tmp_path / "journal" / f"{entry.id}.md").is_file()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The *first*\nx", "The first"),
        ("a b c d e f g h i j", "a b c d e f g h …"),
        ("\n\nx\n=\n", "x"),
        ("- item", "item"),
    ],
)
def test_a_missing_title_comes_from_the_text(tmp_path: Path, text: str, title: str) -> None:
    """The first heading or the first words."""
    assert journal.create(tmp_path, text=text).title == title


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    """Neither read nor written."""
    with pytest.raises(UsageError):
        journal.read(tmp_path, name)
    with pytest.raises(UsageError):
        journal.save(tmp_path, name, "", "t", "x")


def test_a_link_out_of_the_journal_is_refused(tmp_path: Path) -> None:
    """It is listed among the problems, and its target is never written."""
    target = tmp_path / "elsewhere.md"
    target.write_text("secret", encoding="utf-8")
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "link.md").symlink_to(target)

    with pytest.raises(UsageError, match="not in the journal"):
        journal.save(tmp_path, "link", "", "t", "x")
    assert journal.entries(tmp_path) == []
    assert "not in the journal" in journal.problems(tmp_path)[0].reason
    assert target.read_text(encoding="utf-8") == "secret"


def test_a_link_within_the_journal_is_written_through(tmp_path: Path) -> None:
    """The learner's link stays a link."""
    by_hand(tmp_path, "real", "old")
    (tmp_path / "journal" / "link.md").symlink_to("real.md")

    journal.save(tmp_path, "link", journal.read(tmp_path, "link").revision, "", "new")

    assert (tmp_path / "journal" / "link.md").is_symlink()
    assert journal.read(tmp_path, "real").text == "new"


def test_a_file_by_hand_is_an_entry(tmp_path: Path) -> None:
    """Without front matter the heading is the title and the name has the day."""
    by_hand(tmp_path, "2025-12-24-quiet", "# On waiting\n\nText\n")

    (entry,) = journal.entries(tmp_path)

    assert (entry.title, entry.text) == ("On waiting", "# On waiting\n\nText")
    assert (entry.created.year, entry.created.month, entry.created.day) == (2025, 12, 24)


def test_a_file_without_heading_is_called_by_its_name(tmp_path: Path) -> None:
    """The day is no part of the title."""
    by_hand(tmp_path, "2025-12-24-quiet-day", "Text\n")
    by_hand(tmp_path, "some notes 2025-12-24", "Text\n")

    assert {entry.title for entry in journal.entries(tmp_path)} == {"quiet day", "some notes 2025 12 24"}


@pytest.mark.parametrize(
    "created", ["2025-12-24", "2025-12-24T08:00:00Z", '"2025-12-24T08:00:00+00:00"', "2025-12-24T08:00:00"]
)
def test_created_may_be_any_date_of_toml(tmp_path: Path, created: str) -> None:
    """A day, a time with or without a zone, or a text."""
    by_hand(tmp_path, "x", f"+++\ncreated = {created}\n+++\n")

    entry = journal.read(tmp_path, "x")

    assert entry.created.astimezone(dt.UTC).date() - dt.date(2025, 12, 24) <= dt.timedelta(days=1)
    assert entry.created.tzinfo is not None


def test_the_newest_entry_comes_first(tmp_path: Path) -> None:
    """By the day they were begun."""
    for name in ("2025-01-02-b", "2025-01-03-a", "2025-01-01-c"):
        by_hand(tmp_path, name, "x")

    assert [entry.id[-1] for entry in journal.entries(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+++\ntitle = 3\n+++\n", "Expected `str`, got `int`"),
        ("+++\n", "never closed"),
        ('+++\ncreated = "soon"\n+++\n', "'soon'"),
        ("+++\ncreated = 0001-01-01T00:00:00+14:00\n+++\n", "no date"),
        ("+++\na = \n+++\n", "at line 2"),
    ],
)
def test_what_can_not_be_read_is_named_and_left_alone(tmp_path: Path, text: str, reason: str) -> None:
    """It is no entry, but a problem with its reason; the other entries are there."""
    path = by_hand(tmp_path, "broken", text)
    by_hand(tmp_path, "good", "x")

    (problem,) = journal.problems(tmp_path)

    assert [entry.id for entry in journal.entries(tmp_path)] == ["good"]
    assert reason in problem.reason
    assert path.read_text(encoding="utf-8") == text


def test_there_is_no_journal_yet(tmp_path: Path) -> None:
    """Reading makes no folder."""
    assert journal.entries(tmp_path) == []
    assert journal.problems(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_saving_over_what_was_read_replaces_it(tmp_path: Path) -> None:
    """The title and the text are the new ones, all else stays."""
    before = journal.create(tmp_path, title="T", text="old", module="1.1", prompt="P", about=["climb:module/1.1"])

    outcome = journal.save(tmp_path, before.id, before.revision, "U", "new")

    assert isinstance(outcome, Saved)
    after = outcome.entry
    assert (after.title, after.text, after.module, after.prompt) == ("U", "new", "1.1", "P")
    assert (after.about, after.created) == (before.about, before.created)
    assert after.revision != before.revision


def test_saving_what_is_there_already_changes_no_byte(tmp_path: Path) -> None:
    """The file is not even touched."""
    path = by_hand(tmp_path, "x", "# Heading\r\n\r\ntext  ")
    os.utime(path, (1, 1))
    entry = journal.read(tmp_path, "x")

    journal.save(tmp_path, "x", entry.revision, entry.title, "# Heading\n\ntext")

    assert path.read_bytes() == b"# Heading\r\n\r\ntext  "
    assert path.stat().st_mtime == 1


def test_a_file_without_front_matter_gets_none_for_its_text(tmp_path: Path) -> None:
    """The title that was derived stays derived."""
    path = by_hand(tmp_path, "x", "# Heading\n")
    entry = journal.read(tmp_path, "x")

    journal.save(tmp_path, "x", entry.revision, entry.title, "# Another\n")

    assert path.read_text(encoding="utf-8") == "# Another\n"


def test_the_file_keeps_its_mode(tmp_path: Path) -> None:
    """What the learner shut away stays shut."""
    path = by_hand(tmp_path, "x", "old")
    path.chmod(0o600)

    journal.save(tmp_path, "x", journal.read(tmp_path, "x").revision, "", "new")

    assert path.stat().st_mode & 0o777 == 0o600


def test_saving_over_what_was_not_read_keeps_both(tmp_path: Path) -> None:
    """The entry stays, the new text is kept beside it."""
    entry = journal.create(tmp_path, title="T", text="first")
    journal.save(tmp_path, entry.id, entry.revision, "T", "second")

    outcome = journal.save(tmp_path, entry.id, entry.revision, "Mine", "third")

    assert isinstance(outcome, Conflict)
    assert outcome.current is not None
    assert (outcome.current.text, outcome.other.text) == ("second", "third")
    assert outcome.other.id == f"{entry.id}.other-1"
    assert journal.others(tmp_path, entry.id) == [outcome.other]
    assert [each.id for each in journal.entries(tmp_path)] == [entry.id]


def test_the_same_text_is_kept_once(tmp_path: Path) -> None:
    """A form that is sent twice makes one text beside the entry, and one that agrees makes none."""
    entry = journal.create(tmp_path, title="T", text="first")
    journal.save(tmp_path, entry.id, entry.revision, "T", "second")
    for _ in range(2):
        journal.save(tmp_path, entry.id, entry.revision, "T", "third")
    agreed = journal.save(tmp_path, entry.id, entry.revision, "T", "second")

    assert len(journal.others(tmp_path, entry.id)) == 1
    assert isinstance(agreed, Saved)


def test_an_entry_that_can_not_be_read_any_more_is_left_as_it_is(tmp_path: Path) -> None:
    """Even if it is the revision that was named; the text is kept beside it."""
    entry = journal.create(tmp_path, title="T", text="first")
    path = by_hand(tmp_path, entry.id, "+++\nbroken\n+++\n")
    _, revision = journal.source(tmp_path, entry.id)

    outcome = journal.save(tmp_path, entry.id, revision, "T", "second")

    assert isinstance(outcome, Conflict)
    assert (outcome.current, outcome.other.text) == (None, "second")
    assert path.read_text(encoding="utf-8") == "+++\nbroken\n+++\n"


def test_a_removed_entry_is_written_anew(tmp_path: Path) -> None:
    """There is nothing to write over, so the text goes where it was meant to."""
    entry = journal.create(tmp_path, title="T", text="first")
    (tmp_path / "journal" / f"{entry.id}.md").unlink()

    outcome = journal.save(tmp_path, entry.id, entry.revision, "T", "second")

    assert isinstance(outcome, Saved)
    assert journal.read(tmp_path, entry.id).text == "second"


def test_a_text_beside_a_removed_entry_is_an_entry(tmp_path: Path) -> None:
    """It is all that there is."""
    by_hand(tmp_path, "gone.other-1", "text")

    assert [entry.id for entry in journal.entries(tmp_path)] == ["gone.other-1"]


def test_a_change_at_the_last_moment_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that writes while we prepare our file is not written over."""
    entry = journal.create(tmp_path, title="T", text="first")
    fsync = os.fsync

    def editor_first(descriptor: int) -> None:
        fsync(descriptor)
        monkeypatch.setattr(os, "fsync", fsync)
        by_hand(tmp_path, entry.id, "by hand")

    monkeypatch.setattr(os, "fsync", editor_first)
    outcome = journal.save(tmp_path, entry.id, entry.revision, "T", "second")

    assert isinstance(outcome, Conflict)
    assert journal.read(tmp_path, entry.id).text == "by hand"
    assert outcome.other.text == "second"


def test_merging_removes_the_text_beside(tmp_path: Path) -> None:
    """The merged text is in the entry, and nothing is left to merge."""
    entry = journal.create(tmp_path, title="T", text="first")
    journal.save(tmp_path, entry.id, "stale", "T", "second")
    (other,) = journal.others(tmp_path, entry.id)

    outcome = journal.resolve(tmp_path, entry.id, other.id, entry.revision, "first and second")

    assert isinstance(outcome, Saved)
    assert journal.read(tmp_path, entry.id).text == "first and second"
    assert journal.others(tmp_path, entry.id) == []


def test_merging_over_another_change_removes_nothing(tmp_path: Path) -> None:
    """The merged text joins the one that was kept."""
    entry = journal.create(tmp_path, title="T", text="first")
    journal.save(tmp_path, entry.id, "stale", "T", "second")
    journal.save(tmp_path, entry.id, entry.revision, "T", "third")

    outcome = journal.resolve(tmp_path, entry.id, f"{entry.id}.other-1", entry.revision, "first and second")

    assert isinstance(outcome, Conflict)
    assert [other.text for other in journal.others(tmp_path, entry.id)] == ["second", "first and second"]


@pytest.mark.parametrize("other", ["x", "x.other-2", "../x.other-1", "y.other-1"])
def test_only_a_text_beside_the_entry_is_merged(tmp_path: Path, other: str) -> None:
    """Nothing else is removed, and nothing is saved."""
    by_hand(tmp_path, "x", "first")
    by_hand(tmp_path, "y", "second")
    by_hand(tmp_path, "y.other-1", "third")

    with pytest.raises(UsageError):
        journal.resolve(tmp_path, "x", other, journal.read(tmp_path, "x").revision, "merged")
    assert journal.read(tmp_path, "x").text == "first"


def test_a_whole_file_is_replaced_under_the_same_rules(tmp_path: Path) -> None:
    """What would be no entry is refused."""
    by_hand(tmp_path, "x", "first")
    _, revision = journal.source(tmp_path, "x")

    with pytest.raises(UsageError, match="no entry"):
        journal.replace(tmp_path, "x", revision, b"+++\nbroken\n+++\n")
    assert isinstance(journal.replace(tmp_path, "x", "stale", b"second"), Conflict)
    assert isinstance(journal.replace(tmp_path, "x", revision, b"third"), Saved)
    assert journal.source(tmp_path, "x")[0] == b"third"


def test_a_home_that_refuses_is_told(tmp_path: Path) -> None:
    """The message names what is wrong."""
    (tmp_path / "journal").write_text("a file in its place", encoding="utf-8")

    with pytest.raises(SetupError, match="can't be written"):
        journal.create(tmp_path, title="T", text="x")


def test_a_full_disk_leaves_the_old_text_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is as it was, and the half-written file is gone."""
    entry = journal.create(tmp_path, title="T", text="first")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SetupError, match="No space left"):
        journal.save(tmp_path, entry.id, entry.revision, "T", "second")
    monkeypatch.undo()

    assert journal.read(tmp_path, entry.id) == entry
    assert sorted(path.name for path in (tmp_path / "journal").iterdir()) == [".lock", f"{entry.id}.md"]


def test_without_hard_links_a_name_is_still_used_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems have none."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    first, second = (journal.create(tmp_path, title="Same", text=text) for text in ("one", "two"))

    assert [journal.read(tmp_path, each.id).text for each in (first, second)] == ["one", "two"]


def test_a_journal_that_may_not_be_looked_at_is_an_error_of_ours(tmp_path: Path) -> None:
    """To show no entry would say that there is none. Too long a name is refused as a folder of another user is."""
    with pytest.raises(SetupError, match="the journal can't be read"):
        journal.entries(tmp_path / ("x" * 300))
