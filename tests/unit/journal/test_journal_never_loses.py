"""Whatever windows, editors and merges do in turn, each text that was kept is still somewhere."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from climb.journal import entries as journal
from climb.journal.entries import Conflict, Saved


class Journal(RuleBasedStateMachine):
    """One entry, several windows. A text leaves ``kept`` only when someone who has read it writes another in its place."""

    windows = Bundle("windows")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.count = 0
        self.kept: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.name = journal.create(self.home, title="T", text=self.new_text()).id

    @rule(target=windows)
    def open_window(self) -> tuple[str, str]:
        """A window has read the entry."""
        entry = journal.read(self.home, self.name)
        return entry.revision, entry.text

    @rule(window=consumes(windows))
    def save(self, window: tuple[str, str]) -> None:
        """It is saved over what was read, or kept beside what was not."""
        revision, seen = window
        before = journal.read(self.home, self.name)
        outcome = journal.save(self.home, self.name, revision, "T", self.new_text())
        assert isinstance(outcome, Saved if before.revision == revision else Conflict)
        if isinstance(outcome, Saved):
            self.kept.discard(seen)

    @rule()
    def edit_by_hand(self) -> None:
        """An editor reads and writes at once."""
        entry = journal.read(self.home, self.name)
        path = self.home / "journal" / f"{self.name}.md"
        path.write_text(path.read_text(encoding="utf-8").replace(entry.text, self.new_text()), encoding="utf-8")
        self.kept.discard(entry.text)

    @rule(window=consumes(windows), which=st.integers(0, 3))
    def merge(self, window: tuple[str, str], which: int) -> None:
        """The merged text takes the place of both, or joins them."""
        revision, seen = window
        others = journal.others(self.home, self.name)
        if not others:
            return
        other = others[which % len(others)]
        outcome = journal.resolve(self.home, self.name, other.id, revision, self.new_text())
        if isinstance(outcome, Saved):
            self.kept -= {seen, other.text}

    @invariant()
    def nothing_is_lost(self) -> None:
        if self.count:
            entry = journal.read(self.home, self.name)
            there = {entry.text} | {other.text for other in journal.others(self.home, self.name)}

            assert there == self.kept

    def new_text(self) -> str:
        self.count += 1
        text = f"text number {self.count}"
        self.kept.add(text)
        return text

    def teardown(self) -> None:
        shutil.rmtree(self.home)


Journal.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestJournal = Journal.TestCase
