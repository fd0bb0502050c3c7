"""A course of one track, one module and two concepts, written into a folder, to be broken by tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

Break = Callable[[str, str, str], Path]

_FILES = {
    "tracks/short.toml": """\
title = "Short"
summary = "One module."
modules = ["1.1"]
""",
    "modules/1.1.md": """\
+++
title = "First"
summary = "The only one."
projects = ["echo"]

[[topics]]
title = "Ideas"
concepts = ["queue", "stack"]

[[readings]]
work = "book"
part = "chapter 1"
+++

## Overview

Two ideas.

## Why it is important

Everything waits somewhere.
""",
    "concepts/stack.md": """\
+++
title = "Stack"
summary = "The last in is the first out."
also = ["lifo"]
+++
""",
    "concepts/queue.md": """\
+++
title = "Queue"
summary = "The first in is the first out."
also = ["fifo"]
needs = ["stack"]

[[sources]]
work = "book"

[question]
kind = "choice"
ask = "Who leaves first?"

[[question.choices]]
text = "The first."
because = "That is what a queue is."
right = true

[[question.choices]]
text = "The last."
because = "That would be a stack."
+++

A line of people.

![Three people in a line](line.svg)
""",
    "pages/help.md": """\
+++
title = "Help"
summary = "How to ask."
+++

Ask.
""",
    "works.toml": """\
[other]
kind = "paper"
title = "Another"
note = "Good for nothing here."

[book]
kind = "book"
title = "A Book"
note = "Good for everything here."
""",
    "projects.toml": """\
[echo]
title = "Echo"
summary = "Sends back what it gets."
""",
    "drawings/line.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"/>\n',
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder that holds a small course without a mistake."""
    for name, text in _FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def broken(good: Path) -> Break:
    """Replaces a text in a file of the good course, which must be there once, and returns the course's folder."""

    def change(name: str, old: str, new: str) -> Path:
        path = good / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is in {name} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return good

    return change
